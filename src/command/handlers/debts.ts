// debts: what recoveries have left to be done, in full; debts done: somebody says that one of them is done.
import { aboutRun, listing } from '../answer.ts'
import { owedInFull, readWarnings } from '../warnings.ts'
import type { Handlers } from '../desk.ts'

export const debtsHandlers: Handlers<'debts' | 'debts done'> = {
  debts: async (desk) => {
    const open = await desk.store.incidents({ open: true, limit: 100 })
    const { owed } = await readWarnings(desk.store, open)
    const sections = owed.map((debt) => ({ lines: owedInFull(debt) }))
    const none = { lines: [['No recovery has left anything to be done.']] }
    return listing('Owed after recoveries', sections.length === 0 ? [none] : sections, { owed })
  },
  'debts done': async (desk, { run: id, debt, what }, { person, door }) => {
    const run = await desk.runs.verdict(id, { kind: 'paid', by: { person, door }, debt, what })
    return aboutRun(desk, run, `${id}: ${debt} is noted as done.`)
  },
}
