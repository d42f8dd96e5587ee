// Autoscale settings of the simulated subscription: they are read and changed, and act on scale sets as the real ones do.
import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import { ArmError, resourceNotFound, type ArmAnswer } from './envelope.ts'
import type { ArmContext, ArmRoute } from './routes.ts'
import type { ScaleSets } from './scale-sets.ts'

export interface AutoscaleInput {
  readonly group: string
  readonly name: string
  /** The name of the scale set. */
  readonly target: string
  readonly enabled: boolean
  readonly minimum: number
  readonly maximum: number
  /** Profiles beside the one that these numbers are of, as Azure has them. */
  readonly profiles?: readonly object[]
  readonly predictive?: 'Enabled' | 'ForecastOnly'
}

export interface Autoscale {
  readonly routes: readonly ArmRoute[]
  /** Puts these settings in place of those there are. */
  readonly set: (settings: readonly AutoscaleInput[]) => void
  /** A setting's properties as Azure has them now. */
  readonly properties: (name: string) => object
  /** Does what the settings that are on do by and by: scale in to their minimum when idle, out to their maximum. */
  readonly act: (load: 'idle' | 'busy') => void
}

interface Setting {
  readonly group: string
  readonly name: string
  readonly target: string
  properties: Readonly<Record<string, unknown>>
}

const type = 'Microsoft.Insights/autoscalesettings'
const apiVersions = ['2015-04-01', '2022-10-01']

/** Azure has the numbers as texts. */
const count = z.string().regex(/^\d+$/)
const Profile = z.strictObject({
  name: z.string(),
  capacity: z
    .strictObject({ minimum: count, maximum: count, default: count })
    .refine(
      ({ minimum, maximum, default: usual }) =>
        Number(minimum) <= Number(usual) && Number(usual) <= Number(maximum),
      'The default must be between minimum and maximum.',
    ),
  rules: z.array(z.record(z.string(), z.unknown())),
  fixedDate: z.record(z.string(), z.unknown()).optional(),
  recurrence: z.record(z.string(), z.unknown()).optional(),
})
const Patch = z.strictObject({
  tags: z.record(z.string(), z.string()).optional(),
  properties: z.strictObject({
    profiles: z.array(Profile).min(1).max(20).optional(),
    enabled: z.boolean().optional(),
  }),
})

/** The settings, and what can be asked of them. */
export function createAutoscale(subscription: string, scaleSets: Pick<ScaleSets, 'set'>): Autoscale {
  let settings: readonly Setting[] = []
  const named = ({ group, params }: Pick<ArmContext, 'group' | 'params'>): Setting => {
    const { name = '' } = params
    const found = settings.find((one) => isSame(one.name, name) && isSame(one.group, group))
    if (found) return found
    throw resourceNotFound(type, name, group)
  }
  return {
    set: (next) => {
      settings = next.map((input) => settingOf(subscription, input))
    },
    properties: (name) => {
      const found = settings.find((one) => one.name === name)
      if (!found) throw new Error(`the simulator has no autoscale setting ${name}`)
      return found.properties
    },
    act: (load) => {
      for (const { target, properties } of settings) {
        if (properties['enabled'] !== true) continue
        const [profile] = z.array(Profile).parse(properties['profiles'])
        if (profile) scaleSets.set(target, Number(profile.capacity[load === 'idle' ? 'minimum' : 'maximum']))
      }
    },
    routes: [
      {
        method: 'GET',
        path: type,
        action: `${type}/read`,
        apiVersions,
        answer: ({ group }) => ({
          status: 200,
          body: {
            value: settings.filter((one) => isSame(one.group, group)).map((one) => bodyOf(subscription, one)),
          },
        }),
      },
      {
        method: 'GET',
        path: `${type}/{name}`,
        action: `${type}/read`,
        apiVersions,
        answer: (context) => ({ status: 200, body: bodyOf(subscription, named(context)) }),
      },
      {
        method: 'PATCH',
        path: `${type}/{name}`,
        action: `${type}/write`,
        apiVersions,
        answer: (context) => patch(subscription, named(context), context.body),
      },
    ],
  }
}

function patch(subscription: string, setting: Setting, body: unknown): ArmAnswer {
  const parsed = Patch.safeParse(body)
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0] ?? { path: [], message: '' }
    throw new ArmError(400, 'BadRequest', `The autoscale setting is invalid at ${path.join('.')}: ${message}`)
  }
  const next = { ...setting.properties, ...parsed.data.properties }
  if (!isDeepStrictEqual(next, setting.properties)) setting.properties = next
  return { status: 200, body: bodyOf(subscription, setting) }
}

function settingOf(subscription: string, input: AutoscaleInput): Setting {
  const { group, name, target, enabled, minimum, maximum, profiles = [], predictive } = input
  const base = `/subscriptions/${subscription}/resourceGroups/${group}/providers`
  const usual = {
    name: 'by load',
    capacity: { minimum: String(minimum), maximum: String(maximum), default: String(minimum) },
    rules: [],
  }
  const ahead =
    predictive === undefined
      ? {}
      : { predictiveAutoscalePolicy: { scaleMode: predictive, scaleLookAheadTime: 'PT5M' } }
  const targetResourceUri = `${base}/Microsoft.Compute/virtualMachineScaleSets/${target}`
  const properties = { name, enabled, targetResourceUri, profiles: [usual, ...profiles], ...ahead }
  return { group, name, target, properties }
}

function bodyOf(subscription: string, { group, name, properties }: Setting): object {
  return {
    id: `/subscriptions/${subscription}/resourceGroups/${group}/providers/microsoft.insights/autoscalesettings/${name}`,
    name,
    type: 'Microsoft.Insights/autoscaleSettings',
    location: 'westeurope',
    properties,
  }
}

function isSame(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase()
}
