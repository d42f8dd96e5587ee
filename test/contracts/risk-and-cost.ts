// What a proposal asks of people must fit what it says that it costs.
import { expect } from 'vitest'
import type { Proposal } from '../../src/recovery/run.ts'

/** Fails where a second person is asked for nothing, or one person alone for what loses data. */
export function expectAgreement({ risk, cost }: Pick<Proposal, 'risk' | 'cost'>): void {
  // A loss that was measured may be 0 for the moment; that nothing is lost is another word.
  if (risk === 'loses-data') expect(cost.text).not.toMatch(/no data is lost/i)
  else expect(cost.dataLoss ?? 0, cost.text).toBe(0)
}
