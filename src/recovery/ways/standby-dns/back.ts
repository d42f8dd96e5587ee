// The way back of a switch of name servers: a person leads the zone to Cloudflare again, after both zones were compared.
import { BugError, UserError } from '../../../errors.ts'
import type { DelegationAction, StandbyDnsAction } from '../../standby-action.ts'
import { inTime, stepOf, undoActions } from '../../draft.ts'
import type { Context, Draft } from '../../draft.ts'
import { begunBy } from '../../failback.ts'
import { saysText } from '../../kinds/delegation.ts'
import type { DelegationSeen } from '../../kinds/delegation.ts'
import { contentIn } from '../../kinds/standby-dns.ts'
import type { Debt, Proposal, Run, Step } from '../../run.ts'
import { findings, isOverridden, refuseUnsafe, targetHealthy } from '../../safety.ts'
import type { Verdict } from '../../safety.ts'
import { compare, contentText, isEqual, reversed } from '../../standby/compare.ts'
import { readCloudflare } from '../../standby/sync.ts'
import { absolute, translate } from '../../standby/translate.ts'
import type { WantedSet } from '../../standby/translate.ts'
import { noDsAtParent, parentAnswers, standbyChangesCarried } from './safety.ts'
import { digestNow, expectedSwitch, followWithin, lookAtDelegation, nameServerCheck } from './parts.ts'
import { switchByHand, unshieldedId, unshieldedNames, watchStep } from './parts.ts'
import { together } from '../../../together.ts'

/**
 * Looks at both zones and at the parent; a run whose switch never happened only has its record sets set back. After an
 * earlier way back that watched the parent, the parent may be home already: then only that is made sure of.
 */
export async function draftSwitchBack(context: Context, run: Run, earlier: readonly Run[]): Promise<Draft> {
  const { calls } = context
  const watched = run.steps.map(({ action }) => action).find((action) => action.provider === 'delegation')
  if (!watched) throw new BugError(`${run.id} has no step that watches a delegation`)
  const [zone, seen] = await together([
    calls.readers.dns.zone(watched.zone, calls.limit()),
    lookAtDelegation(context, watched),
  ])
  const home = zone.nameServers.map((name) => name.toLowerCase()).toSorted()
  const copies = undoActions(run).filter((action) => action.provider === 'standby-dns')
  const isHome = seen.says.length === 1 && seen.says.every((one) => one.join() === home.join())
  const led = begunBy(earlier).some(({ action }) => action.provider === 'delegation')
  if (isHome && copies.length > 0 && !led) return draftCopyBack(context, run, copies)
  const back = { ...watched, before: seen.says[0] ?? watched.after, after: home }
  return draftLeadBack(context, { run, back, seen, isHome })
}

interface Back {
  readonly run: Run
  readonly back: DelegationAction
  readonly seen: DelegationSeen
  /** The parent leads to Cloudflare: somebody has switched it. */
  readonly isHome: boolean
}

async function draftLeadBack(context: Context, { run, back, seen, isHome }: Back): Promise<Draft> {
  const { ask } = context
  const { zone, registrar } = back
  const { answered, differences } = await lookAtZones(context, run, back)
  const verdicts: readonly Verdict[] = [
    ...(answered ? [targetHealthy([{ where: "Cloudflare's name servers", ...answered }])] : []),
    standbyChangesCarried(differences),
    parentAnswers(seen),
    noDsAtParent(zone, seen, registrar),
  ]
  const list = findings(verdicts, ask.overrides)
  refuseUnsafe(list, `failback ${ask.system}`, [])
  const askFirst = answered && !isOverridden(list, 'target-healthy') ? [answered.step] : []
  const steps: readonly Step[] = [...askFirst, watchStep(back)]
  const expected = expectedSwitch(context, {
    system: ask.system,
    direction: 'failback',
    recovery: run.recovery,
  })
  const within = followWithin(seen)
  return {
    recovery: run.recovery,
    undoes: run.id,
    ...(isHome ? { nothingLeft: true } : {}),
    steps,
    proposal: {
      ...commonOf(context, run),
      ...inTime((is) => {
        const byHand = `; a person ${is('switches', 'switched')} its name servers at the registrar`
        return `${zone} ${is('will be answered by', 'was led to')} Cloudflare again${isHome ? '' : byHand}`
      }),
      changes: [
        { what: `${zone} NS at the parent`, before: saysText(seen.says), after: back.after.join(', ') },
      ],
      ...(isHome ? {} : { byHand: switchByHand(back, seen) }),
      findings: list,
      expected,
      effectWithin: within,
      cost: { text: 'No data is lost; until resolvers have followed, both zones answer.' },
      debts: exposedSince(run, zone, isHome),
      digest: await digestNow(context, steps),
      warnings: [
        ...(answered
          ? []
          : ["No record of the zone could be compared: Cloudflare's name servers were not asked"]),
        `Afterwards the standby is brought in step with Cloudflare again: changes made at Azure DNS are overwritten then`,
      ],
    },
  }
}

/** Whoever noted the origins' addresses while the zone was led to the standby can go around the shield from now on. */
function exposedSince(
  { id, steps, proposal, paid = [] }: Run,
  zone: string,
  isHome: boolean,
): readonly Debt[] {
  const wasLed = steps.some(({ action, phase }) => action.provider === 'delegation' && phase === 'done')
  const shield = proposal.debts.find((debt) => debt.id === unshieldedId(zone))
  const isPaid = paid.some(({ debt }) => debt === shield?.id)
  if (shield === undefined || isPaid || (isHome && !wasLed)) return []
  return [
    {
      id: `exposed:${zone}`,
      text: `${unshieldedNames(shield)}: origin addresses were public in DNS since ${id}`,
      remedy: "Give the origins other addresses, or let in only Cloudflare's addresses",
    },
  ]
}

interface Zones {
  readonly answered: { readonly step: Step; readonly ok: boolean; readonly reason: string } | undefined
  /** In what the standby differs, apart from what the run itself has led elsewhere. */
  readonly differences: readonly string[]
}

async function lookAtZones(
  { calls, plan }: Context,
  run: Run,
  { zone, after }: DelegationAction,
): Promise<Zones> {
  const recovery = plan.systems.dns?.recoveries.find(({ name }) => name === run.recovery)
  const resourceGroup = recovery?.standby_dns?.resource_group
  const records = await readCloudflare(calls, zone)
  const { sets } = translate(zone, records, undefined)
  const proxied = new Set(records.filter((one) => one.proxied).map(({ name }) => name))
  const flattened = records.some(({ name, type }) => name === zone && type === 'CNAME')
  const open = sets.filter(({ name }) => !proxied.has(absolute(zone, name)) && !(flattened && name === '@'))
  const check = nameServerCheck(zone, after, open)
  const ok = check === undefined || (await calls.observe(check))['ok'] === true
  const reason = ok
    ? `answer for ${zone} as its records say`
    : `do not all answer for ${zone} as its records say`
  const answered = check && {
    step: stepOf(`Ask Cloudflare's name servers until all answer for ${zone}`, check),
    ok,
    reason,
  }
  if (resourceGroup === undefined) return { answered, differences: [] }
  const standby = await calls.readers.standbyDns.zone({ resourceGroup, zone }, calls.limit())
  return { answered, differences: differencesOf(run, zone, sets, standby.sets) }
}

type StandbySets = Parameters<typeof compare>[2]

function differencesOf(
  run: Run,
  zone: string,
  sets: readonly WantedSet[],
  have: StandbySets,
): readonly string[] {
  const { changes, byHand } = compare(zone, sets, have)
  const own = run.steps.flatMap(({ action }) => (action.provider === 'standby-dns' ? action.changes : []))
  const others = changes.filter(
    ({ name, type, before }) =>
      !own.some(
        (one) => one.name === name && one.type === type && contentText(one.after) === contentText(before),
      ),
  )
  const texts = others.map(
    ({ name, type, before, after }) =>
      `${absolute(zone, name)} ${type} is ${contentText(before)} at the standby and ${contentText(after)} at Cloudflare`,
  )
  return [...byHand, ...texts]
}

/** The parent leads to Cloudflare: only the standby's record sets are as the run left them, as far as they still are. */
async function draftCopyBack(context: Context, run: Run, all: readonly StandbyDnsAction[]): Promise<Draft> {
  const { ask } = context
  const left = await stillToSet(context, all)
  const undos = left.length > 0 ? left : all
  const steps = undos.map((action) =>
    stepOf(`Set ${action.changes.length} record sets of ${action.zone} at Azure DNS back`, action, {
      ...action,
      changes: reversed(action.changes),
    }),
  )
  const [first] = undos
  if (!first) throw new UserError('nothing-to-undo', `Nothing of ${run.id} is to be undone.`)
  const { zone } = first
  const rows = undos.flatMap(({ changes }) =>
    changes.map(({ name, type, before, after }) => ({
      what: `${absolute(zone, name)} ${type} at the standby`,
      before: contentText(before),
      after: contentText(after),
    })),
  )
  return {
    recovery: run.recovery,
    undoes: run.id,
    ...(left.length > 0 ? {} : { nothingLeft: true }),
    steps,
    proposal: {
      ...commonOf(context, run),
      ...inTime(
        (is) =>
          `The standby of ${zone} ${is('becomes', 'became')} as it was before ${run.id}; the parent ${is('leads', 'led')} to Cloudflare already`,
      ),
      changes: rows,
      findings: findings([], ask.overrides),
      expected: expectedSwitch(context, {
        system: ask.system,
        direction: 'failback',
        recovery: run.recovery,
      }),
      cost: { text: 'No data is lost; nobody asks the standby now.' },
      debts: exposedSince(run, zone, true),
      digest: await digestNow(context, steps),
      warnings: [],
    },
  }
}

/** Without the record sets that an earlier way back, or the job that keeps the copy in step, has set back already. */
async function stillToSet(
  { calls }: Context,
  undos: readonly StandbyDnsAction[],
): Promise<readonly StandbyDnsAction[]> {
  const left = await together(
    undos.map(async (action) => {
      const facts = await calls.observe(action)
      const changes = action.changes.filter(
        ({ name, type, after }) => !isEqual(contentIn(facts, name, type), after),
      )
      return { ...action, changes }
    }),
  )
  return left.filter(({ changes }) => changes.length > 0)
}

function commonOf(
  { ask, objectiveAt }: Context,
  run: Run,
): Pick<Proposal, 'targets' | 'typed' | 'risk' | 'objectiveAt'> {
  return {
    targets: run.proposal.targets,
    typed: ask.system,
    risk: run.proposal.risk,
    ...(objectiveAt === undefined ? {} : { objectiveAt }),
  }
}
