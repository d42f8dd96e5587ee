// What the schema refuses, turned into errors that name the place, what was found, and what to write.
import { closest, distance } from 'fastest-levenshtein'
import { z } from 'zod'
import { DrPlan } from './schema.ts'
import { describe, printPath } from './source.ts'
import type { Locate, PlanPath, PlanProblem, Source } from './source.ts'

type Issue = z.core.$ZodIssue

/** More errors than anybody mends at a time. */
const problemLimit = 100

/** One error for each thing that the schema refuses; what only echoes another error is left out. At most 100. */
export function problemsOf(issues: readonly Issue[], source: Source, file: string): readonly PlanProblem[] {
  const misspelt = issues.some((issue) => issue.code === 'unrecognized_keys')
  const schema: JsonSchema = misspelt
    ? (z.toJSONSchema(DrPlan, { io: 'input', unrepresentable: 'any' }) as JsonSchema)
    : {}
  const problems = issues.slice(0, problemLimit).flatMap((issue) => {
    const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part))
    if (issue.code !== 'unrecognized_keys') return [refused(issue, path, source, file)]
    const allowed = keysAt(schema, path)
    return issue.keys
      .slice(0, problemLimit)
      .map((key) => unknownKey([...path, key], allowed, source.locate, file))
  })
  const shown = problems.slice(0, problemLimit)
  return shown
    .filter((problem) => !shown.some((other) => echoes(problem, other)))
    .map(({ problem }) => problem)
}

interface Located {
  readonly path: PlanPath
  readonly problem: PlanProblem
  readonly missing?: boolean
  /** The key that is right, when one is near. */
  readonly meant?: PlanPath
}

/** A list is wrong because something in it is; a key is missing because it is misspelt. */
function echoes({ path, missing }: Located, other: Located): boolean {
  const inside = other.path.length > path.length && path.every((part, index) => part === other.path[index])
  return (
    inside || (missing === true && other.meant !== undefined && printPath(other.meant) === printPath(path))
  )
}

function unknownKey(path: PlanPath, allowed: readonly string[], locate: Locate, file: string): Located {
  const key = String(path.at(-1))
  const near = nearest(key, allowed)
  const problem = {
    file,
    ...locate(path, 'key'),
    path: printPath(path),
    found: `the key ${describe(key)} is unknown here`,
    write: nearestOf(key, allowed),
  }
  return { path, problem, ...(near === undefined ? {} : { meant: [...path.slice(0, -1), near] }) }
}

/** `Write "rto"` when something is near; otherwise what there is. */
export function nearestOf(word: string, allowed: readonly string[]): string {
  const near = nearest(word, allowed)
  if (near !== undefined) return `Write "${near}"`
  const names = [...new Set(allowed)]
  return names.length === 0 ? 'Remove it' : `Write one of: ${listed(names)}`
}

/** What to write in place of an unknown person: whose name is near is a guess, and nobody wants the wrong one paged. */
export function meantPerson(person: string, people: readonly string[]): string {
  const near = nearest(person, people)
  return `${near === undefined ? '' : `Did you mean "${near}"? `}Known: ${listed(people)}`
}

const namesShown = 12

function listed(names: readonly string[]): string {
  return `${names.slice(0, namesShown).join(', ')}${names.length > namesShown ? ', ...' : ''}`
}

function nearest(word: string, allowed: readonly string[]): string | undefined {
  if (allowed.length === 0) return undefined
  const near = closest(word, [...allowed])
  const mistakes = distance(word.toLowerCase(), near.toLowerCase())
  return mistakes <= Math.ceil(near.length / 4) ? near : undefined
}

function refused(issue: Issue, path: PlanPath, source: Source, file: string): Located {
  const { exists, value } = valueAt(source.value, path)
  const name = String(path.at(-1) ?? '')
  const place = { file, path: printPath(path) }
  const write = `Write ${issue.message}`
  if (issue.code === 'invalid_key') {
    const found = `found the name ${describe(name)}`
    const wanted = `Write ${issue.issues[0]?.message ?? issue.message}`
    return { path, problem: { ...place, ...source.locate(path, 'key'), found, write: wanted } }
  }
  if (!exists && path.length > 0) {
    const found = `"${name}" is missing`
    const wanted = `Write "${name}" here: ${issue.message}`
    return { path, missing: true, problem: { ...place, ...source.locate(path, 'key'), found, write: wanted } }
  }
  const near =
    issue.code === 'invalid_value' && typeof value === 'string' ? nearestValue(value, issue.values) : write
  return {
    path,
    problem: { ...place, ...source.locate(path), found: `found ${describe(value)}`, write: near },
  }
}

function nearestValue(value: string, values: readonly unknown[]): string {
  return nearestOf(value, values.map(String))
}

function valueAt(root: unknown, path: PlanPath): { readonly exists: boolean; readonly value: unknown } {
  let value = root
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step))
      return { exists: false, value: undefined }
    value = (value as Record<string | number, unknown>)[step]
  }
  return { exists: true, value }
}

interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly additionalProperties?: JsonSchema | boolean
  readonly items?: JsonSchema
}

/** The keys that the schema knows at a path. */
function keysAt(schema: JsonSchema, path: PlanPath): readonly string[] {
  let node: JsonSchema | undefined = schema
  for (const step of path) {
    if (typeof step === 'number') node = node?.items
    else if (node?.properties) node = node.properties[step]
    else node = typeof node?.additionalProperties === 'object' ? node.additionalProperties : undefined
  }
  return Object.keys(node?.properties ?? {})
}
