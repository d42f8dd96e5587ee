// What a request about a scale set wants, for the errors of all that ask about one.
import type { PoolPlace } from '../../readers.ts'
import type { AzurePurpose } from '../azure/errors.ts'

/** `doing` is followed by the scale set's name. */
export function purposeOf({ vmss, resourceGroup }: PoolPlace, doing: string, changes: boolean): AzurePurpose {
  return {
    doing: `${doing} ${vmss}`,
    role: `Virtual Machine Contributor on ${resourceGroup}/${vmss}`,
    names: '"resource_group" and "vmss" of the recovery',
    changes,
  }
}
