// The import rules and house rules as pure functions over sources, so that each can be shown to find what breaks it.

/** A file: its path from the project's root, with forward slashes, and its text. */
export interface Source {
  readonly path: string
  readonly text: string
}

/** One rule: `find` names what breaks it in one file. */
export interface Rule {
  readonly name: string
  readonly find: (source: Source) => readonly string[]
}

/** Pure folders of src/, and which of the others each may know. Types count: what is not known cannot be leaned on. */
const stages: Readonly<Record<string, readonly string[]>> = {
  intake: [],
  drplan: ['incident', 'intake', 'oncall', 'recovery', 'triage'],
  oncall: ['drplan', 'incident'],
  recovery: ['drplan', 'incident', 'timeline'],
  timeline: ['drplan', 'incident', 'oncall', 'recovery'],
  incident: ['drplan', 'intake', 'oncall', 'recovery', 'timeline'],
  triage: ['drplan', 'incident', 'intake', 'timeline'],
  deadlines: ['incident', 'recovery'],
  command: ['drplan', 'incident', 'intake', 'oncall', 'recovery', 'timeline', 'commands'],
  commands: ['command', 'drplan', 'incident', 'oncall', 'recovery', 'timeline'],
}

/** Folders of src/ that talk to the outside, and which other edges each may use. */
const edges: Readonly<Record<string, readonly string[]>> = {
  chat: [],
  pagers: [],
  providers: [],
  store: [],
  queue: ['store'],
  web: ['chat'],
}

/** The words of the program: what everybody may import. */
const shared = [
  'src/ahead.ts',
  'src/bounded.ts',
  'src/commit.ts',
  'src/effect.ts',
  'src/errors.ts',
  'src/escape.ts',
  'src/ids.ts',
  'src/limit.ts',
  'src/lines.ts',
  'src/loopback.ts',
  'src/message.ts',
  'src/moment.ts',
  'src/ports.ts',
  'src/readers.ts',
  'src/unseen.ts',
  'src/together.ts',
  'src/told.ts',
]
/** Those of them that ask the machine: for its addresses, and for how long something takes. */
const onMachine = ['src/loopback.ts', 'src/limit.ts']
/** Where ports and edges are joined. */
const roots = ['src/app.ts', 'src/chats.ts', 'src/providers.ts', 'src/main.ts', 'src/cli.ts']
/** Packages that only compute; with node:crypto (hashes) and node:net (isIP) all that a stage may load. */
const computing = ['zod', 'yaml', 'fastest-levenshtein', 'node:crypto', 'node:net']
/** Each SDK has a home; nobody else in src/ imports it. */
const homes: Readonly<Record<string, readonly string[]>> = {
  '@azure/app-configuration': ['providers'],
  '@azure/arm-compute': ['providers'],
  '@azure/arm-dns': ['providers'],
  '@azure/arm-monitor': ['providers'],
  '@azure/arm-sql': ['providers'],
  '@azure/arm-storage': ['providers'],
  '@azure/identity': ['chat', 'providers'],
  '@azure/keyvault-secrets': ['providers'],
  '@azure/storage-queue': ['providers'],
  '@resvg/resvg-wasm': ['chat'],
  '@slack/bolt': ['chat'],
  '@slack/socket-mode': ['chat'],
  '@slack/web-api': ['chat'],
  botbuilder: ['chat'],
  bullmq: ['queue'],
  cloudflare: ['providers'],
  fastify: ['web'],
  ioredis: ['store', 'queue'],
  jose: ['chat'],
  nodemailer: ['pagers'],
  pino: ['src/log.ts'],
  'prom-client': ['web'],
  tedious: ['providers'],
  undici: ['chat'],
}

/** `incident` for src/incident/decide.ts, `commands` for commands/ack.ts, the path itself for src/ids.ts. */
function partOf(path: string): string {
  const [top = '', next = '', ...rest] = path.split('/')
  if (top !== 'src') return top
  return rest.length > 0 ? next : path
}

const importPattern =
  /(?:^|[\n;])\s*(?:import|export)\b[^'";]*?\bfrom\s*'([^']+)'|(?:^|[\n;])\s*import\s*'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/g

/** What a file imports: paths from the root for its own files, names for packages. Types and lazy imports too. */
export function importsOf(source: Source): readonly string[] {
  return [...source.text.matchAll(importPattern)].map((match) => {
    const name = match[1] ?? match[2] ?? match[3] ?? ''
    return name.startsWith('.') ? resolve(source.path, name) : name
  })
}

function resolve(from: string, relative: string): string {
  const parts = from.split('/').slice(0, -1)
  for (const part of relative.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '.') parts.push(part)
  }
  return parts.join('/')
}

function isOwn(name: string): boolean {
  return /^(?:src|commands|sim|demo|bench|test)\//.test(name)
}

/** The code without comments and quoted texts, so that prose about `Date` is not a use of it. */
function codeOf(source: Source): string {
  return source.text.replaceAll(
    /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g,
    (found) => (found.startsWith('/') ? '' : "''"),
  )
}

function isPure(path: string): boolean {
  return partOf(path) in stages || (shared.includes(path) && !onMachine.includes(path))
}

function isProduct(path: string): boolean {
  return path.startsWith('src/') || path.startsWith('commands/')
}

/** A rule about what may be imported; `refuses` answers with the reason. */
function importRule(
  name: string,
  applies: (path: string) => boolean,
  refuses: (imported: string, path: string) => boolean,
): Rule {
  return {
    name,
    find: (source) =>
      applies(source.path)
        ? importsOf(source)
            .filter((imported) => refuses(imported, source.path))
            .map((imported) => `imports ${imported}`)
        : [],
  }
}

/** A rule about what must not be written. */
function wordRule(name: string, applies: (path: string) => boolean, pattern: RegExp): Rule {
  return {
    name,
    find: (source) =>
      applies(source.path)
        ? [...codeOf(source).matchAll(pattern)].map((match) => `says ${match[0].trim()}`)
        : [],
  }
}

/** Why a stage or an edge must not know `imported`, by the tables above. */
function isStranger(imported: string, path: string): boolean {
  const from = partOf(path)
  const to = partOf(imported)
  if (!isOwn(imported) || from === to || shared.includes(imported)) return false
  if (from in stages) return !(stages[from] ?? []).includes(to)
  return to in edges ? !(edges[from] ?? []).includes(to) : !(to in stages)
}

export const rules: readonly Rule[] = [
  importRule(
    'a stage loads no SDK and nothing that reaches outside',
    isPure,
    (imported) => !isOwn(imported) && !computing.includes(imported),
  ),
  importRule(
    'a stage knows only the stages it is meant to know, and no edge',
    (path) => partOf(path) in stages,
    isStranger,
  ),
  importRule(
    'an edge knows stages, and no other edge but what the table says',
    (path) => partOf(path) in edges,
    isStranger,
  ),
  importRule(
    'only the roots and tests import edges',
    (path) => isProduct(path) && !roots.includes(path) && !(partOf(path) in edges),
    (imported) => isOwn(imported) && partOf(imported) in edges,
  ),
  importRule(
    'an SDK is imported in its home only',
    (path) => path.startsWith('src/'),
    (imported, path) => {
      const home = homes[imported] ?? (imported.startsWith('@fastify/') ? ['web'] : undefined)
      return home !== undefined && !home.includes(partOf(path))
    },
  ),
  importRule('the program does not lean on simulators, demo, benchmarks or tests', isProduct, (imported) =>
    /^(?:sim|demo|bench|test)\//.test(imported),
  ),
  wordRule(
    'only src/config.ts reads the environment',
    (path) => isProduct(path) && path !== 'src/config.ts',
    /\bprocess\s*(?:\.|\?\.)\s*env\b|\benv\b[^\n]*from ''|\bloadEnvFile\b/g,
  ),
  wordRule(
    'a stage knows neither the clock nor the dice of the machine',
    isPure,
    /\bnew Date\b|\bDate\.\w+|\bset(?:Timeout|Interval|Immediate)\b|\bMath\.random\b|\bperformance\.|\bTemporal\.Now\b|\brandom(?:Bytes|UUID|Int)\b|\bprocess\.(?:hrtime|uptime)\b/g,
  ),
  wordRule('no module is mocked', () => true, /\bvi\s*\.\s*(?:mock|doMock|hoisted|stubGlobal)\b/g),
  wordRule(
    'no test is left out',
    (path) => path.startsWith('test/'),
    /\b(?:test|it|describe)(?:\.\w+)*\.(?:skip|only|todo|fails|skipIf|runIf)\b/g,
  ),
  wordRule('nothing changes at the top of a module', isProduct, /^(?:export )?(?:let|var) \w+/gm),
  wordRule('only errors are classes', isProduct, /\bclass \w+(?! extends \w*Error\b)(?=\s)[^{]*/g),
  wordRule('no barrel: a file that exports all of another one', () => true, /^export \*[^\n]*/gm),
  {
    name: 'no barrel: a file that only hands on',
    find: (source) => {
      const left = source.text
        .replaceAll(/^export (?:type )?\{[^}]*\} from '[^']+'$/gm, '')
        .replaceAll(/^(?:\/\/.*|import [^'"]*'[^']+')$/gm, '')
        .trim()
      return left === '' && source.path !== 'commands/index.ts' ? ['only re-exports'] : []
    },
  },
  {
    name: 'a file begins with one sentence that says what it is for',
    find: (source) => {
      const first = source.text.replace(/^#![^\n]*\n/, '').split('\n')[0] ?? ''
      return /^\/\/ \S[^\n]{10,}[.?]$/.test(first)
        ? []
        : [`begins with ${JSON.stringify(first.slice(0, 60))}`]
    },
  },
  {
    name: 'a file can be read in one go',
    find: (source) => {
      const lines = source.text.trimEnd().split('\n').length
      const limit = isProduct(source.path) ? 300 : 480
      return lines > limit ? [`has ${lines} lines, more than ${limit}`] : []
    },
  },
  {
    name: 'no drawer for leftovers',
    find: (source) =>
      /(?:^|\/)(?:utils?|helpers?|common|misc|manager|service)(?:\/|\.ts$)/.test(source.path)
        ? ['needs a noun of the domain']
        : [],
  },
]

/** All violations as lines: path, rule, what was found. */
export function violations(sources: readonly Source[]): readonly string[] {
  return sources.flatMap((source) =>
    rules.flatMap((rule) => rule.find(source).map((found) => `${source.path}: ${rule.name}: ${found}`)),
  )
}
