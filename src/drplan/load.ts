// Reads dr-plan.yml: a checked plan with its warnings, or every error with its place and its remedy.
import { problemsOf } from './issues.ts'
import { lint } from './lint.ts'
import { checkReferences } from './references.ts'
import { DrPlan } from './schema.ts'
import { printPath, readSource } from './source.ts'
import type { Complaint, Locate, PlanProblem } from './source.ts'

/** A plan that can be used. `locate` finds the line of a path such as `['systems', 'lb']`. */
export interface LoadedPlan {
  readonly plan: DrPlan
  readonly file: string
  /** What is allowed and doubtful. What depends on the date is found by `checkReport`. */
  readonly warnings: readonly PlanProblem[]
  readonly locate: Locate
}
export type LoadResult = LoadedPlan | { readonly errors: readonly PlanProblem[] }

/** More errors than anybody mends at a time. */
const errorLimit = 100

/** Checks the text of a plan. `file` is only the name shown in errors. Never throws for anything in the text. */
export function loadPlan(text: string, file: string): LoadResult {
  const source = readSource(text, file)
  if ('errors' in source) return source
  const parsed = DrPlan.safeParse(source.value)
  if (!parsed.success) return { errors: inOrder(problemsOf(parsed.error.issues, source, file)) }
  const plan = parsed.data
  const errors = checkReferences(plan)
    .slice(0, errorLimit)
    .map((complaint) => placed(complaint, file, source.locate))
  if (errors.length > 0) return { errors: inOrder(errors) }
  const warnings = lint(plan).map((complaint) => placed(complaint, file, source.locate))
  return { plan, file, warnings: inOrder(warnings), locate: source.locate }
}

/** Gives a complaint its place in the file. */
export function placed(complaint: Complaint, file: string, locate: Locate): PlanProblem {
  const { path, part, found, write } = complaint
  return { file, ...locate(path, part), path: printPath(path), found, write }
}

function inOrder(problems: readonly PlanProblem[]): readonly PlanProblem[] {
  return problems.toSorted((a, b) => a.line - b.line || a.column - b.column)
}
