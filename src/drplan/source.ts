// The text of a DR plan as a tree with positions: where each value stands, and what YAML itself refuses.
import { LineCounter, isAlias, isMap, isScalar, isSeq, parseDocument, visit } from 'yaml'
import type { Alias, Document, YAMLError, YAMLMap } from 'yaml'
import { reasonOf } from '../errors.ts'

/** What is wrong (or doubtful) in a plan, where, and what to write instead. Lines and columns count from 1. */
export interface PlanProblem {
  readonly file: string
  readonly line: number
  readonly column: number
  /** Such as `systems.lb.alerts[1].host`; empty for the whole file. */
  readonly path: string
  /** What was found: a clause without a full stop. */
  readonly found: string
  /** What to do about it: a sentence with an example. */
  readonly write: string
}

export type PlanPath = readonly (string | number)[]
export interface Position {
  readonly line: number
  readonly column: number
}
/** Where a path stands: its value, or its key. A path that is not there stands where its nearest parent does. */
export type Locate = (path: PlanPath, part?: 'key' | 'value') => Position

/** An error or a warning before it has its place. `part` says whether the key or the value is to be shown. */
export type Complaint = Pick<PlanProblem, 'found' | 'write'> & {
  readonly path: PlanPath
  readonly part?: 'key' | 'value'
}

/** The plan's text, read as YAML: plain values and their places. */
export interface Source {
  readonly value: unknown
  readonly locate: Locate
}

/** The largest plan that is read, in characters. */
const sizeLimit = 1_000_000
/** More aliases than any plan needs; what they expand to is limited by the parser as well. */
const aliasLimit = 100

/** Reads YAML into plain values; refuses what is too large, not text, nested without end, or not YAML. */
export function readSource(text: string, file: string): Source | { readonly errors: readonly PlanProblem[] } {
  const refused = refusal(text)
  if (refused) return { errors: [{ file, line: 1, column: 1, path: '', ...refused }] }
  const lines = new LineCounter()
  try {
    // The parser's own search for doubled keys takes the square of their number; misfits() finds them in one pass.
    const document = parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      logLevel: 'error',
      uniqueKeys: false,
    })
    const broken = [...document.errors, ...document.warnings].filter(isNoEcho)
    if (broken.length > 0) return { errors: broken.map((error) => syntaxProblem(error, lines, file)) }
    const refusals = misfits(document)
    if (refusals.length > 0) {
      return {
        errors: refusals.map(({ at, ...said }) => ({ file, ...position(lines, at), path: '', ...said })),
      }
    }
    return { value: document.toJS({ maxAliasCount: aliasLimit }), locate: locator(document, lines) }
  } catch (error) {
    return { errors: [{ file, line: 1, column: 1, path: '', ...unreadable(error) }] }
  }
}

/** After the first syntax error most others are its echo; these are not. */
function isNoEcho(error: YAMLError, index: number): boolean {
  return index === 0 || error.code === 'TAG_RESOLVE_FAILED'
}

type Misfit = Pick<PlanProblem, 'found' | 'write'> & { readonly at: number }

/** What the parser lets pass: doubled keys, aliases that lead nowhere (mostly *lb without quotes), far too many of them. */
function misfits(document: Document): readonly Misfit[] {
  const aliases: Alias[] = []
  const keys: Misfit[] = []
  visit(document, {
    Alias: (_, node) => {
      aliases.push(node)
    },
    Map: (_, node) => {
      keys.push(...badKeys(node))
    },
  })
  const [first] = aliases
  if (first && aliases.length > aliasLimit) return [{ at: start(first, 0), ...tooManyAliases }]
  const loose = aliases.filter((alias) => alias.resolve(document) === undefined)
  return [
    ...keys,
    ...loose.map((alias) => ({
      at: start(alias, 0),
      found: `found *${alias.source.slice(0, 60)} without quotes`,
      write: `Write "*${alias.source.slice(0, 60)}": text that begins with * goes in quotes`,
    })),
  ]
}

function badKeys(map: YAMLMap): readonly Misfit[] {
  const seen = new Set<unknown>()
  return map.items.flatMap(({ key }) => {
    if (!isScalar(key)) return []
    const at = start(key, 0)
    // zod leaves this one out without a word.
    if (key.value === '__proto__')
      return [{ at, found: 'found the key "__proto__"', write: 'Write another name' }]
    if (!seen.has(key.value)) {
      seen.add(key.value)
      return []
    }
    const found = `the key ${describe(key.value)} is there twice`
    return [{ at, found, write: 'Keep one of the two, or give them different names' }]
  })
}

const tooManyAliases = {
  found: 'found aliases (*name) that expand to too much',
  write: 'Write the values out instead of repeating them through aliases',
}

/** `systems.lb.alerts[1].host`. */
export function printPath(path: PlanPath): string {
  return path
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : index === 0 ? part : `.${part}`))
    .join('')
}

/** A value as it is shown in an error: short, on one line. */
export function describe(value: unknown): string {
  if (value === undefined || value === null) return 'nothing'
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}...` : value)
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list'
  if (typeof value === 'object') return 'a map of keys'
  return `the ${typeof value} ${JSON.stringify(value).slice(0, 60)}`
}

function refusal(text: string): Pick<PlanProblem, 'found' | 'write'> | undefined {
  if (text.length > sizeLimit) {
    return {
      found: `found ${text.length} characters`,
      write: `A DR plan has at most ${sizeLimit}; give the path of dr-plan.yml`,
    }
  }
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u0008\u000E-\u001F\uFFFD]/.test(text)) {
    return {
      found: 'found bytes that are not UTF-8 text',
      write: 'Save the file as UTF-8 text, or give the path of dr-plan.yml',
    }
  }
  return undefined
}

const tooDeep = {
  found: 'found too many levels of nesting',
  write: 'Write the plan with less nesting; see dr-plan.example.yml',
}

/** What the parser throws for a text that would exhaust it; anything else is a bug and goes on. */
function unreadable(error: unknown): Pick<PlanProblem, 'found' | 'write'> {
  if (error instanceof ReferenceError && /alias count/i.test(error.message)) return tooManyAliases
  if (error instanceof RangeError) return tooDeep
  throw error
}

const remedies: Partial<Record<YAMLError['code'], string>> = {
  TAB_AS_INDENT: 'Indent with spaces',
  MULTIPLE_DOCS: 'Keep one document in the file: remove the line ---',
  TAG_RESOLVE_FAILED: 'Put text that begins with ! in quotes',
  RESOURCE_EXHAUSTION: tooDeep.write,
}

function syntaxProblem(error: YAMLError, lines: LineCounter, file: string): PlanProblem {
  return {
    file,
    ...position(lines, error.pos[0]),
    path: '',
    found: syntaxFound(error),
    write: syntaxRemedy(error),
  }
}

function syntaxRemedy({ code, message }: YAMLError): string {
  if (/block scalar header/i.test(message))
    return 'Put the value in quotes, such as ">= 1": without them one that begins with > or | is a block of text'
  return (
    remedies[code] ??
    'Fix the indentation, brackets or quotes at this place; text with ": ", " #" or a leading * & ! @ > | goes in quotes'
  )
}

function syntaxFound(error: YAMLError): string {
  if (error.code === 'MULTIPLE_DOCS') return 'found a second document in the file'
  return error.code === 'RESOURCE_EXHAUSTION' ? tooDeep.found : `not valid YAML: ${reasonOf(error)}`
}

function locator(document: Document, lines: LineCounter): Locate {
  return (path, part = 'value') => {
    let node: unknown = document.contents
    let at = 0
    let key = 0
    for (const step of path) {
      const next = child(isAlias(node) ? node.resolve(document) : node, step)
      if (!next) return position(lines, key)
      node = next.value
      key = next.keyAt
      at = next.valueAt
    }
    return position(lines, part === 'key' ? key : at)
  }
}

function child(
  node: unknown,
  step: string | number,
): { readonly value: unknown; readonly keyAt: number; readonly valueAt: number } | undefined {
  if (isSeq(node)) {
    const value = node.items[Number(step)]
    return value === undefined ? undefined : { value, keyAt: start(value, 0), valueAt: start(value, 0) }
  }
  if (!isMap(node)) return undefined
  const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(step))
  if (!pair) return undefined
  const keyAt = start(pair.key, 0)
  const empty = isScalar(pair.value) && pair.value.value === null
  return { value: pair.value, keyAt, valueAt: empty ? keyAt : start(pair.value, keyAt) }
}

function start(node: unknown, otherwise: number): number {
  if (!isScalar(node) && !isMap(node) && !isSeq(node) && !isAlias(node)) return otherwise
  return node.range?.[0] ?? otherwise
}

function position(lines: LineCounter, offset: number): Position {
  const { line, col } = lines.linePos(offset)
  return { line: Math.max(line, 1), column: Math.max(col, 1) }
}
