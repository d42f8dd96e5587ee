// VM scale sets of the simulated subscription: capacity, instances that need time to come, quota and allocation.
import { z } from 'zod'
import { createCoreQuota, type CoreQuota } from './core-quota.ts'
import { ArmError, resourceNotFound, type ArmAnswer } from './envelope.ts'
import type { Begun, Outcome } from './operations.ts'
import { namedIn } from './routes.ts'
import type { ArmContext, ArmRoute } from './routes.ts'

/** One scale set as it is at its start. Cores count against the quota of all scale sets. */
export interface ScaleSetInput {
  readonly group: string
  readonly name: string
  readonly instances: number
  readonly size?: string
  readonly family?: string
  readonly coresEach?: number
}

export interface ScaleSets {
  readonly routes: readonly ArmRoute[]
  readonly capacity: (name: string) => number
  /** Instances that run. */
  readonly running: (name: string) => number
  /** Changes the capacity behind the bot's back, as a person in the portal or an autoscale setting does. */
  readonly set: (name: string, capacity: number) => void
  /** Cores that the subscription may use in the region; of one family of sizes, when it is named. */
  readonly quota: (cores: number, family?: string) => void
  /** How many instances of a scale set the region has machines for. */
  readonly room: (instances: number) => void
  /** True: operations begin and never end. */
  readonly stuck: (stuck: boolean) => void
}

export interface ScaleSetsOptions {
  readonly all: readonly ScaleSetInput[]
  readonly subscription: string
  readonly now: () => number
  /** Milliseconds until new instances run, and until surplus ones are gone. */
  readonly bootTime: number
}

interface ScaleSet extends Required<ScaleSetInput> {
  /** Instances that run. */
  up: number
  capacity: number
  change: { readonly to: number; readonly endsAt: number; readonly short: boolean } | undefined
  failed: boolean
  /** Counts changes: an operation is of one of them. */
  turn: number
}

const apiVersions = ['2024-07-01', '2024-11-01', '2025-04-01', '2026-04-01']
const type = 'Microsoft.Compute/virtualMachineScaleSets'
const path = `${type}/{name}`
const location = 'westeurope'
const noRoom = {
  code: 'AllocationFailed',
  message:
    'Allocation failed. We do not have sufficient capacity for the requested VM size in this region. Read more about improving likelihood of allocation success at http://aka.ms/allocation-guidance',
}

const Patch = z.strictObject({
  sku: z.strictObject({
    name: z.string().optional(),
    tier: z.string().optional(),
    capacity: z.int().min(0).max(1_000),
  }),
})

interface State {
  readonly all: readonly ScaleSet[]
  readonly options: ScaleSetsOptions
  readonly quota: CoreQuota
  room: number
  stuck: boolean
}

/** The scale sets, and what can be asked of them. */
export function createScaleSets(options: ScaleSetsOptions): ScaleSets {
  const all = options.all.map((input): ScaleSet => ({
    size: 'Standard_D4s_v5',
    family: 'standardDSv5Family',
    coresEach: 4,
    ...input,
    up: input.instances,
    capacity: input.instances,
    change: undefined,
    failed: false,
    turn: 0,
  }))
  const quota = createCoreQuota(() => all)
  const state: State = { all, options, quota, room: Infinity, stuck: false }
  const named = (name: string): ScaleSet => {
    const set = all.find((one) => one.name === name)
    if (!set) throw new Error(`the simulator has no scale set ${name}`)
    return settle(state, set)
  }
  return {
    routes: [...routesOf(state), ...quota.routes],
    capacity: (name) => named(name).capacity,
    running: (name) => named(name).up,
    set: (name, capacity) => Object.assign(named(name), { capacity, up: capacity, change: undefined }),
    quota: quota.allow,
    room: (instances) => {
      state.room = instances
    },
    stuck: (stuck) => {
      state.stuck = stuck
    },
  }
}

function routesOf(state: State): readonly ArmRoute[] {
  return [
    {
      method: 'GET',
      path,
      action: `${type}/read`,
      apiVersions,
      answer: (context) => ({ status: 200, body: bodyOf(state, demand(state, context)) }),
    },
    {
      method: 'PATCH',
      path,
      action: `${type}/write`,
      apiVersions,
      answer: (context) => patch(state, context),
    },
    {
      method: 'GET',
      path: `${path}/instanceView`,
      action: `${type}/instanceView/read`,
      apiVersions,
      answer: (context) => ({ status: 200, body: viewOf(demand(state, context)) }),
    },
  ]
}

function demand(state: State, context: ArmContext): ScaleSet {
  const found = namedIn(state.all, context)
  if (found) return settle(state, found)
  throw resourceNotFound(type, context.params['name'] ?? '', context.group)
}

/** Brings it to what time has made of it. */
function settle({ options, stuck }: State, set: ScaleSet): ScaleSet {
  const { change } = set
  if (!change || stuck || change.endsAt > options.now()) return set
  set.up = change.to
  set.capacity = change.to
  set.failed = change.short
  set.change = undefined
  return set
}

function patch(state: State, context: ArmContext): ArmAnswer {
  const set = demand(state, context)
  const parsed = Patch.safeParse(context.body)
  if (!parsed.success) {
    const { path: where, message } = parsed.error.issues[0] ?? { path: [], message: '' }
    throw new ArmError(
      400,
      'InvalidParameter',
      `The value of parameter ${where.join('.')} is invalid: ${message}`,
    )
  }
  const { capacity } = parsed.data.sku
  state.quota.refuseOver(set, capacity - set.capacity)
  const to = Math.min(capacity, Math.max(state.room, set.up))
  const endsAt = context.now + state.options.bootTime
  set.turn += 1
  set.capacity = capacity
  set.failed = false
  set.change = { to, endsAt, short: to < capacity }
  const { turn, change } = set
  const begun: Begun = {
    namespace: 'Microsoft.Compute',
    location,
    apiVersion: '2026-04-01',
    outcome: () => outcomeOf(state, { set, turn, change }),
    result: () => bodyOf(state, settle(state, set)),
  }
  return { status: 200, body: bodyOf(state, set), headers: context.operations.begin(begun) }
}

function outcomeOf(
  state: State,
  {
    set,
    turn,
    change,
  }: { readonly set: ScaleSet; readonly turn: number; readonly change: NonNullable<ScaleSet['change']> },
): Outcome | undefined {
  if (state.stuck) return undefined
  settle(state, set)
  if (set.turn === turn)
    return change.short
      ? { endsAt: change.endsAt, status: 'Failed', error: noRoom }
      : { endsAt: change.endsAt, status: 'Succeeded' }
  const error = {
    code: 'OperationPreempted',
    message: 'The operation has been preempted by a more recent operation.',
  }
  return { endsAt: state.options.now(), status: 'Canceled', error }
}

function bodyOf({ options }: State, set: ScaleSet): object {
  return {
    name: set.name,
    id: `/subscriptions/${options.subscription}/resourceGroups/${set.group}/providers/${type}/${set.name}`,
    type,
    location,
    sku: { name: set.size, tier: 'Standard', capacity: set.capacity },
    properties: {
      orchestrationMode: 'Uniform',
      singlePlacementGroup: false,
      provisioningState: set.change ? 'Updating' : set.failed ? 'Failed' : 'Succeeded',
    },
  }
}

function viewOf(set: ScaleSet): object {
  const gone = Math.max(0, set.up - set.capacity)
  const coming = Math.max(0, set.capacity - set.up)
  const counts = [
    { code: 'ProvisioningState/succeeded', count: set.up - gone },
    { code: 'ProvisioningState/creating', count: coming },
    { code: 'ProvisioningState/deleting', count: gone },
  ]
  return {
    virtualMachine: { statusesSummary: counts.filter(({ count }) => count > 0) },
    statuses: [statusOf(set)],
  }
}

function statusOf({ change, failed }: ScaleSet): object {
  if (change) return { code: 'ProvisioningState/updating', level: 'Info' }
  if (!failed) return { code: 'ProvisioningState/succeeded', level: 'Info' }
  return { code: `ProvisioningState/failed/${noRoom.code}`, level: 'Error', message: noRoom.message }
}
