// What the schema refuses, turned into errors that name the place, what was found, and what to write.
import { closest, distance } from 'fastest-levenshtein'
import { z } from 'zod'
import { DrPlan } from './schema.ts'
import { describe, printPath } from './source.ts'
import type { PlanPath, PlanProblem, Source } from './source.ts'

type Issue = z.core.$ZodIssue

/** One error for each thing that the schema refuses; what only echoes another error is left out. */
export function problemsOf(issues: readonly Issue[], source: Source, file: string): readonly PlanProblem[] {
  const problems = issues.flatMap((issue) => {
    const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part))
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => unknownKey([...path, key], source, file))
    }
    return [{ path, problem: refused(issue, path, source, file) }]
  })
  return problems
    .filter(({ path }) => !problems.some((other) => echoes(path, other)))
    .map(({ problem }) => problem)
}

interface Located {
  readonly path: PlanPath
  readonly problem: PlanProblem
  /** The key that is right, when one is near. */
  readonly meant?: PlanPath
}

/** A list is wrong because something in it is; a key is missing because it is misspelt. */
function echoes(path: PlanPath, other: Located): boolean {
  const inside = other.path.length > path.length && path.every((part, index) => part === other.path[index])
  return inside || (other.meant !== undefined && printPath(other.meant) === printPath(path))
}

function unknownKey(path: PlanPath, source: Source, file: string): Located {
  const key = String(path.at(-1))
  const parent = path.slice(0, -1)
  const allowed = keysAt(parent)
  const near = nearest(key, allowed)
  const problem = {
    file,
    ...source.locate(path, 'key'),
    path: printPath(path),
    found: `the key ${describe(key)} is unknown here`,
    write: nearestOf(key, allowed),
  }
  return { path, problem, ...(near === undefined ? {} : { meant: [...parent, near] }) }
}

/** `Write "rto"` when something is near; otherwise what there is. */
export function nearestOf(word: string, allowed: readonly string[]): string {
  const near = nearest(word, allowed)
  if (near !== undefined) return `Write "${near}"`
  const names = [...new Set(allowed)]
  if (names.length === 0) return 'Remove it'
  return `Write one of: ${names.slice(0, namesShown).join(', ')}${names.length > namesShown ? ', ...' : ''}`
}

const namesShown = 12

function nearest(word: string, allowed: readonly string[]): string | undefined {
  if (allowed.length === 0) return undefined
  const near = closest(word, [...allowed])
  const mistakes = distance(word.toLowerCase(), near.toLowerCase())
  return mistakes <= Math.ceil(near.length / 4) ? near : undefined
}

function refused(issue: Issue, path: PlanPath, source: Source, file: string): PlanProblem {
  const { exists, value } = valueAt(source.value, path)
  const name = String(path.at(-1) ?? '')
  if (issue.code === 'invalid_key') {
    const found = `found the name ${describe(name)}`
    return {
      file,
      ...source.locate(path, 'key'),
      path: printPath(path),
      found,
      write: `Write ${issue.issues[0]?.message ?? issue.message}`,
    }
  }
  if (!exists && path.length > 0) {
    const write = `Write ${typeof path.at(-1) === 'string' ? `"${name}" here: ` : ''}${issue.message}`
    return {
      file,
      ...source.locate(path, 'key'),
      path: printPath(path),
      found: `"${name}" is missing`,
      write,
    }
  }
  const near =
    issue.code === 'invalid_value' && typeof value === 'string'
      ? nearestValue(value, issue.values)
      : undefined
  return {
    file,
    ...source.locate(path),
    path: printPath(path),
    found: `found ${describe(value)}`,
    write: near ?? `Write ${issue.message}`,
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
function keysAt(path: PlanPath): readonly string[] {
  let node = z.toJSONSchema(DrPlan, { io: 'input', unrepresentable: 'any' }) as JsonSchema | undefined
  for (const step of path) {
    if (typeof step === 'number') node = node?.items
    else if (node?.properties) node = node.properties[step]
    else node = typeof node?.additionalProperties === 'object' ? node.additionalProperties : undefined
  }
  return Object.keys(node?.properties ?? {})
}
