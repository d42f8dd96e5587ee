// Azure's autoscale settings: which of them decide about a scale set, and the provider that sets their limits.
import type { AutoscaleProfile, AutoscaleSettingResource, MonitorClient } from '@azure/arm-monitor'
import { z } from 'zod'
import { RetryableError, UserError } from '../../errors.ts'
import type { Provider } from '../../ports.ts'
import type { AutoscaleSeen, PoolPlace } from '../../readers.ts'
import type { AutoscaleLimits, AutoscaleLimitsAction } from '../../recovery/action.ts'
import { autoscaleFacts, limitDifferences, limitsText, sameLimits } from '../../recovery/kinds/scale-set.ts'
import type { Azure } from '../azure/azure.ts'
import { allPages } from '../azure/pages.ts'
import type { AzurePurpose } from '../azure/errors.ts'

/** The settings of the pool's resource group that decide about the pool, and are on. Throws UserError or RetryableError. */
export async function readAutoscale(
  azure: Azure,
  client: MonitorClient,
  place: PoolPlace,
  signal: AbortSignal,
): Promise<readonly AutoscaleSeen[]> {
  const purpose: AzurePurpose = {
    doing: `look at the autoscale settings of ${place.vmss}`,
    role: `Monitoring Reader on ${place.resourceGroup}`,
    names: '"resource_group" of the recovery',
    changes: false,
  }
  return azure.call(purpose, signal, (abortSignal) => settingsFor(client, place, abortSignal))
}

async function settingsFor(
  client: MonitorClient,
  { resourceGroup, vmss }: PoolPlace,
  abortSignal: AbortSignal,
): Promise<readonly AutoscaleSeen[]> {
  const target =
    `/resourcegroups/${resourceGroup}/providers/microsoft.compute/virtualmachinescalesets/${vmss}`.toLowerCase()
  const settings = await allPages((options) =>
    client.autoscaleSettings.listByResourceGroup(resourceGroup, { ...options, abortSignal }),
  )
  return settings
    .filter(({ targetResourceUri }) => targetResourceUri?.toLowerCase().endsWith(target) === true)
    .map(seenOf)
    .filter(({ enabled }) => enabled)
}

/** What counts of a setting; Azure has the numbers as texts. */
function seenOf(setting: AutoscaleSettingResource): AutoscaleSeen {
  const { name = 'without a name', enabled, predictiveAutoscalePolicy, profiles } = setting
  return {
    name,
    enabled: enabled ?? true,
    predictive: predictiveAutoscalePolicy?.scaleMode === 'Enabled',
    limits: profiles.map((profile) => ({
      profile: profile.name,
      min: Number(profile.capacity.minimum),
      max: Number(profile.capacity.maximum),
      usual: Number(profile.capacity.default),
    })),
  }
}

/** Sets the limits of a setting's profiles, and nothing else of it. */
export function createAutoscaleLimits(
  azure: Azure,
  monitor: () => Promise<MonitorClient>,
): Provider<'autoscale-limits'> {
  async function look(action: AutoscaleLimitsAction, signal: AbortSignal): Promise<AutoscaleSeen> {
    const { setting } = await readWhole(azure, await monitor(), action, signal)
    return seenOf(setting)
  }
  return {
    observe: async (action, signal) => ({ ...(await look(action, signal)) }),
    start: async (action, key, signal) => {
      const client = await monitor()
      const { setting, profiles } = await readWhole(azure, client, action, signal)
      const { limits } = seenOf(setting)
      if (sameLimits(limits, action.after)) return { id: key }
      if (!sameLimits(limits, action.before)) throw changedMeanwhile(action, limits)
      const next = profiles.map((profile) => withLimits(profile, action.after))
      await azure.call(purposeOf(action, true), signal, (abortSignal) =>
        client.autoscaleSettings.update(
          action.resourceGroup,
          action.setting,
          { profiles: next },
          { abortSignal },
        ),
      )
      return { id: key }
    },
    check: async (action, _operation, _now, signal) => {
      const { limits } = await look(action, signal)
      const note = `${action.setting} is ${limitsText(limits)}`
      if (sameLimits(limits, action.after)) return { state: 'done', note }
      return {
        state: 'failed',
        reason: `Azure took the change, but the autoscale setting ${note}.`,
        advice: 'Somebody else may have set it: look at it in the Azure portal, under Autoscale.',
      }
    },
    settled: (action, facts) => {
      const { limits } = autoscaleFacts(facts)
      if (sameLimits(limits, action.after)) return 'done'
      return sameLimits(limits, action.before) ? 'not-done' : 'unclear'
    },
  }
}

function purposeOf(
  { setting, resourceGroup }: Pick<AutoscaleLimitsAction, 'setting' | 'resourceGroup'>,
  changes: boolean,
): AzurePurpose {
  return {
    doing: `${changes ? 'change' : 'look at'} the autoscale setting ${setting}`,
    role: `Monitoring ${changes ? 'Contributor' : 'Reader'} on ${resourceGroup}`,
    names: `the autoscale setting ${setting} and "resource_group" of the recovery`,
    changes,
  }
}

/** The times of a profile as Azure wrote them. */
const Written = z.object({
  properties: z.object({
    profiles: z.array(z.object({ fixedDate: z.object({ start: z.string(), end: z.string() }).nullish() })),
  }),
})

/**
 * The setting with its profiles fit to be sent back. The SDK makes dates of times without a zone, by the clock of this
 * machine, and would send others back than it got: they are kept as they were written.
 */
async function readWhole(
  azure: Azure,
  client: MonitorClient,
  action: Pick<AutoscaleLimitsAction, 'setting' | 'resourceGroup'>,
  signal: AbortSignal,
): Promise<{ readonly setting: AutoscaleSettingResource; readonly profiles: readonly AutoscaleProfile[] }> {
  const { resourceGroup, setting: name } = action
  let body: unknown
  const setting = await azure.call(purposeOf(action, false), signal, (abortSignal) =>
    client.autoscaleSettings.get(resourceGroup, name, {
      abortSignal,
      onResponse: (response) => {
        body = response.parsedBody
      },
    }),
  )
  const written = Written.safeParse(body)
  if (!written.success)
    throw new RetryableError(
      `Azure could not look at the autoscale setting ${name}: it answered with something that is not of its API's form.`,
    )
  const profiles = setting.profiles.map((profile, index) => {
    const times = written.data.properties.profiles[index]?.fixedDate
    if (!profile.fixedDate || !times) return profile
    const fixedDate = { ...profile.fixedDate, start: asWritten(times.start), end: asWritten(times.end) }
    return { ...profile, fixedDate }
  })
  return { setting, profiles }
}

/** A date that the SDK's serializer writes as this very text. */
function asWritten(text: string): Date {
  return Object.assign(new Date(text), { toISOString: () => text })
}

function withLimits(profile: AutoscaleProfile, after: readonly AutoscaleLimits[]): AutoscaleProfile {
  const limits = after.find((one) => one.profile === profile.name)
  if (!limits) return profile
  const { min, max, usual } = limits
  return {
    ...profile,
    capacity: { minimum: String(min), maximum: String(max), default: String(usual) },
  }
}

function changedMeanwhile(
  { setting, before }: AutoscaleLimitsAction,
  limits: readonly AutoscaleLimits[],
): UserError {
  const [what = `the autoscale setting ${setting} has changed`] = limitDifferences(setting, before, {
    name: setting,
    enabled: true,
    predictive: false,
    limits,
  })
  return new UserError('world-differs', `Not as it was shown: ${what}. Nothing was changed.`)
}
