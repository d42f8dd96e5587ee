// The columns of the table of errors: each way of being answered badly, how Azure is made to, and why a cell may be empty.
import type { AzureFault } from '../../sim/azure/faults.ts'

export const columns = [
  '401',
  '403',
  '404',
  '409',
  '429',
  '5xx',
  'no answer',
  'reset',
  'a page',
  'success: false',
  'Entra unreachable',
  'Failed',
  'no end',
  'refused',
] as const
export type Column = (typeof columns)[number]

export const azureFaults = {
  '401': { kind: 'status', status: 401, code: 'InvalidAuthenticationToken' },
  '404': { kind: 'status', status: 404, code: 'ResourceNotFound', message: 'It was not found.' },
  '409': { kind: 'status', status: 409, code: 'Conflict', message: 'Another change is under way.' },
  '429': { kind: 'status', status: 429, code: 'TooManyRequests', retryAfter: 17 },
  '5xx': { kind: 'status', status: 503, code: 'ServiceUnavailable', message: 'Busy.', retryAfter: 30 },
  'no answer': { kind: 'hang' },
  reset: { kind: 'reset' },
  'a page': { kind: 'garbage' },
} as const satisfies Partial<Record<Column, AzureFault>>

/** Why a column is empty, or where else it is told. */
export type Empty = Partial<Record<Column, string>>

export const notOfAzure = { 'success: false': "this form of an answer is Cloudflare's" }
export const atOnce = { Failed: 'it is done when it is answered', 'no end': 'it is done when it is answered' }
export const onlyLooks = { Failed: 'it starts nothing', 'no end': 'it starts nothing' }
export const inFile = (file: string): Empty => ({
  Failed: `in errors/${file}.txt`,
  'no end': `in errors/${file}.txt`,
})
