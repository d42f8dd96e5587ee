// Autoscale settings of the simulated subscription: which of them would set a scale set's capacity back.
import type { ArmRoute } from './routes.ts'

export interface AutoscaleInput {
  readonly group: string
  readonly name: string
  /** The name of the scale set. */
  readonly target: string
  readonly enabled: boolean
  readonly minimum: number
  readonly maximum: number
}

export interface Autoscale {
  readonly routes: readonly ArmRoute[]
  /** Puts these settings in place of those there are. */
  readonly set: (settings: readonly AutoscaleInput[]) => void
}

/** The settings, and what can be asked of them. */
export function createAutoscale(subscription: string): Autoscale {
  let settings: readonly AutoscaleInput[] = []
  return {
    set: (next) => {
      settings = next
    },
    routes: [
      {
        method: 'GET',
        path: 'Microsoft.Insights/autoscalesettings',
        action: 'Microsoft.Insights/autoscalesettings/read',
        apiVersions: ['2015-04-01', '2022-10-01'],
        answer: ({ group }) => ({
          status: 200,
          body: {
            value: settings
              .filter((one) => one.group.toLowerCase() === group.toLowerCase())
              .map((one) => bodyOf(subscription, one)),
          },
        }),
      },
    ],
  }
}

/** Azure has the numbers as texts. */
function bodyOf(
  subscription: string,
  { group, name, target, enabled, minimum, maximum }: AutoscaleInput,
): object {
  const base = `/subscriptions/${subscription}/resourceGroups/${group}/providers`
  return {
    id: `${base}/microsoft.insights/autoscalesettings/${name}`,
    name,
    type: 'Microsoft.Insights/autoscaleSettings',
    location: 'westeurope',
    properties: {
      name,
      enabled,
      targetResourceUri: `${base}/Microsoft.Compute/virtualMachineScaleSets/${target}`,
      profiles: [
        {
          name: 'by load',
          capacity: { minimum: String(minimum), maximum: String(maximum), default: String(minimum) },
          rules: [],
        },
      ],
    },
  }
}
