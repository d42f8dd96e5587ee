// Storage fails over both ways and comes back: what is shown before, what really changes, what is owed, what is refused.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { RetryableError } from '../../src/errors.ts'
import { runCard } from '../../src/recovery/card.ts'
import { expectNoSecret } from '../contracts/provider.ts'
import { approving } from '../servers/engine.ts'
import { oneRedis } from '../servers/one-redis.ts'
import { failoverTime, northValue, startStorage, westValue } from '../servers/storage.ts'
import type { StorageBench } from '../servers/storage.ts'

const redis = oneRedis()
let bench: StorageBench

beforeEach(async () => {
  bench = await startStorage(redis())
})
afterEach(() => bench.stop())

const setting = () => bench.azure.storage.settings.setting('example', 'storage:account', 'production')
const secrets = () => bench.azure.storage.vaults.versions('example', 'storage-connection')
const regions = () => bench.azure.storage.accounts.regions('examplewest')

/** Moves the clock until nothing is under way any more, a minute at most. */
async function settle(duration = 0): Promise<void> {
  await bench.engine.settle()
  await bench.engine.pass(duration)
}

async function card(id: 'R-1' | 'R-2'): Promise<string> {
  const run = await bench.engine.run(id)
  return JSON.stringify(runCard(run, bench.engine.now(), bench.engine.plan()))
}

describe('the setting switched to the standby account', () => {
  test('changes at once, shows the queues of both before and after, and owes a drain with numbers', async () => {
    const run = await bench.propose()

    expect(run.proposal.looked?.ways.map(({ answer }) => answer)).toEqual([
      'orders 1,240 (the oldest of 14m ago), mails 0',
      'orders 0, mails 2 (the oldest of 1m ago)',
    ])
    expect(run.proposal.changes).toEqual([
      {
        what: 'storage:account (label production) at localhost',
        before: 'examplewest',
        after: 'examplenorth',
      },
    ])
    expect(run.proposal.debts.map(({ text, remedy }) => `${text}. ${remedy}`)).toEqual([
      'The applications use examplenorth. When examplewest works again: failback storage',
      '1,240 messages stay in examplewest/orders, as far as was seen before the change; nobody takes them out there. Drain them: start one worker with storage:account=examplewest until examplewest is empty (status storage shows it), then stop it',
    ])
    expect(run.proposal.warnings.join('\n')).toMatch(
      /until they are restarted[^]*examplenorth\/mails has 2 messages already/,
    )
    await bench.approve(run)
    await settle()

    const done = await bench.engine.run('R-1')
    expect(done.state).toBe('done')
    expect(setting()).toMatchObject({
      value: 'examplenorth',
      contentType: 'text/plain',
      tags: { team: 'shop' },
    })
    expect(done.steps.at(-1)?.note).toBe(
      'examplenorth: orders 0, mails 2; examplewest: orders 1,240, mails 0',
    )
  })

  test('is put back exactly as it was by failback', async () => {
    const { etag: _before, ...before } = setting()
    await bench.approve(await bench.propose())
    await settle()

    const back = await bench.propose({ direction: 'failback' })
    await bench.approve(back)
    await settle()

    expect(await bench.engine.run('R-2')).toMatchObject({ state: 'done', undoes: 'R-1' })
    expect(await bench.engine.run('R-1')).toMatchObject({ undoneBy: 'R-2' })
    const { etag: _after, ...after } = setting()
    expect(after).toEqual(before)
    expect(back.proposal.debts.map(({ text }) => text)).toEqual([
      '2 messages stay in examplenorth/mails, as far as was seen before the change; nobody takes them out there',
    ])
  })

  test('needs nothing of the account whose region is dead', async () => {
    bench.azure.storage.accounts.down(['westeurope'])

    const run = await bench.propose()
    await bench.approve(run)
    await settle()

    expect(run.proposal.looked?.says).toBe('examplewest does not answer, examplenorth answers')
    expect(run.proposal.debts.map(({ text }) => text)).toEqual([
      'The applications use examplenorth',
      expect.stringMatching(
        /^How many messages stay in examplewest\/orders is not known: it did not answer \(Azure could not look at the queue orders of/,
      ),
      expect.stringMatching(
        /^How many messages stay in examplewest\/mails is not known: it did not answer \(Azure could not look at the queue mails of/,
      ),
    ])
    expect(await bench.engine.run('R-1')).toMatchObject({ state: 'done' })
    expect(setting().value).toBe('examplenorth')
    expect(bench.azure.requests.filter(({ reason }) => reason === 'read' || reason === 'change')).toEqual([])
  })

  test('is refused while the standby account does not answer, and can be taken on oneself', async () => {
    bench.azure.fault({ kind: 'status', status: 503, on: 'queue', path: '/examplenorth/' })

    await expect(bench.propose()).rejects.toThrow(
      /target-healthy: examplenorth does not answer: .*503.*Instead: failover storage to account/s,
    )

    const run = await bench.propose({
      overrides: [{ rule: 'target-healthy', reason: 'the console says it works' }],
    })
    await bench.approve(run)
    await settle()
    expect(await bench.engine.run(run.id)).toMatchObject({ state: 'done' })
    expect(setting().value).toBe('examplenorth')
  })

  test('is refused when it leads there already', async () => {
    await bench.approve(await bench.propose())
    await settle()

    await expect(bench.propose()).rejects.toThrow(/not-already-there: storage:account .* leads there already/)
  })

  test.each([
    [
      'another value',
      { value: 'examplesouth' },
      /storage:account \(label production\) is examplesouth, and was examplewest/,
    ],
    [
      'the same value by another hand',
      { value: 'examplewest' },
      /was written by somebody else since; its value is still examplewest/,
    ],
    ['a lock', { value: 'examplewest', locked: true }, /storage:account \(label production\) is locked/],
  ])('does not start on %s since it was shown', async (_name, change, says) => {
    const run = await bench.propose()
    bench.azure.storage.settings.edit({
      store: 'example',
      key: 'storage:account',
      label: 'production',
      ...change,
    })

    await expect(bench.approve(run)).rejects.toThrow(says)

    expect(bench.changes()).toEqual([])
    expect(setting().value).toBe(change.value)
  })

  test('fails without a change when somebody is faster between approval and write', async () => {
    const run = await bench.propose()
    await bench.approve(run)
    bench.azure.storage.settings.edit({
      store: 'example',
      key: 'storage:account',
      label: 'production',
      value: 'examplesouth',
    })

    await settle()

    const failed = await bench.engine.run('R-1')
    expect(failed.state === 'failed' && failed.reason).toMatch(
      /^Somebody has changed it meanwhile: .*Nothing of this step was started\./,
    )
    expect(setting().value).toBe('examplesouth')
  })

  test.each([
    [
      'is locked',
      { value: 'examplewest', locked: true },
      /is locked, so nobody can change it.*az appconfig kv unlock/,
    ],
    [
      'holds an access key',
      { value: westValue },
      /holds an access key, which the bot neither shows nor keeps/,
    ],
  ])('says what to do when it %s', async (_name, change, says) => {
    bench.azure.storage.settings.edit({
      store: 'example',
      key: 'storage:account',
      label: 'production',
      ...change,
    })

    const thrown = await bench.propose().catch((error: unknown) => error)

    expect(String(thrown)).toMatch(says)
    expectNoSecret([westValue], thrown)
  })

  test('is not put back over what somebody else has set since', async () => {
    await bench.approve(await bench.propose())
    await settle()
    bench.azure.storage.settings.edit({
      store: 'example',
      key: 'storage:account',
      label: 'production',
      value: 'examplesouth',
    })

    await expect(bench.propose({ direction: 'failback' })).rejects.toThrow(
      /world-as-left: storage:account \(label production\) is examplesouth, and was left examplenorth/,
    )
  })
})

describe('the secret of a Key Vault', () => {
  test('gets the value of the other one, which nobody sees, and its earlier value back', async () => {
    const run = await bench.propose({ recovery: 'vault' })
    await bench.approve(run)
    await settle()
    const switched = secrets().at(-1)
    const shown = [
      await card('R-1'),
      JSON.stringify(await bench.engine.run('R-1')),
      ...(await bench.engine.told('R-1')),
    ]

    await bench.approve(await bench.propose({ recovery: 'vault', direction: 'failback' }))
    await settle()

    expect(switched).toMatchObject({ value: northValue, tags: { team: 'shop' } })
    expect(secrets()).toHaveLength(3)
    expect(secrets().at(-1)).toMatchObject({ value: westValue, tags: { team: 'shop' } })
    expect(await bench.engine.run('R-1')).toMatchObject({ state: 'done', undoneBy: 'R-2' })
    expectNoSecret([westValue, northValue], [...shown, await card('R-2'), bench.azure.requests])
  })

  test('is left alone when somebody has written it since it was shown', async () => {
    const run = await bench.propose({ recovery: 'vault' })
    bench.azure.storage.vaults.edit({ vault: 'example', name: 'storage-connection', value: 'rotated' })

    await expect(bench.approve(run)).rejects.toThrow(
      /the current version of storage-connection is [0-9a-f]{32}, and was [0-9a-f]{32}/,
    )
    expect(bench.changes()).toEqual([])
  })

  test('is looked at once more just before it is written, for a vault has no conditional writes', async () => {
    await bench.approve(await bench.propose({ recovery: 'vault' }))
    bench.azure.storage.vaults.edit({ vault: 'example', name: 'storage-connection', value: 'rotated' })

    await settle()

    const failed = await bench.engine.run('R-1')
    expect(failed.state === 'failed' && failed.reason).toMatch(
      /^Somebody has changed it meanwhile: .*Nothing of this step was started\./,
    )
    expect(secrets().at(-1)?.value).toBe('rotated')
  })
})

describe("the account's own failover", () => {
  test('is planned while both regions work: nothing is lost, it stays geo-redundant, and it goes back the same way', async () => {
    const run = await bench.propose({ recovery: 'account' })
    expect(run.proposal).toMatchObject({
      risk: 'disruptive',
      cost: { dataLoss: 0 },
      expected: { duration: 3_600_000, source: expect.stringContaining('typically takes about an hour') },
    })
    await expect(bench.engine.runs().verdict('R-1', approving({ typed: 'account' }))).rejects.toThrow(
      'Type the name of its target to confirm: approve R-1 examplewest',
    )
    await bench.approve(run)
    await settle(failoverTime / 2)
    const going = await bench.engine.run('R-1')
    await settle(failoverTime)

    expect(going.steps[0]?.note).toMatch(
      /Azure moves examplewest to northeurope; under 1m so far, typically about an hour/,
    )
    expect(await bench.engine.run('R-1')).toMatchObject({ state: 'done' })
    expect(regions()).toEqual({ primary: 'northeurope', secondary: 'westeurope', sku: 'Standard_RAGRS' })
    const back = await bench.propose({ recovery: 'account', direction: 'failback' })
    await bench.approve(back)
    await settle(failoverTime + 20_000)
    expect(back.proposal.summary).toBe(
      'examplewest will move from northeurope to westeurope, planned: both regions work',
    )
    expect(await bench.engine.run('R-1')).toMatchObject({ undoneBy: 'R-2' })
    expect(regions().primary).toBe('westeurope')
  })

  test('is unplanned without the secondary in step: the loss is the price, a second person approves, LRS is owed', async () => {
    bench.azure.storage.accounts.unplanned('examplewest')
    const run = await bench.propose({ recovery: 'account' })

    expect(run.proposal).toMatchObject({
      risk: 'loses-data',
      cost: {
        dataLoss: 240_000,
        text: expect.stringMatching(
          /^4m of data: what was written to examplewest after .* Europe\/Berlin is lost/,
        ),
      },
    })
    expect(run.proposal.debts.map(({ text, remedy }) => `${text}. ${remedy}`).join('\n')).toMatch(
      /Standard_LRS in northeurope: the next outage there loses it[^]*az storage account update --resource-group dr-rg --name examplewest --sku Standard_GRS[^]*charges/,
    )
    await bench.approve(run)
    await settle(failoverTime + 20_000)
    expect(await bench.engine.run('R-1')).toMatchObject({ state: 'done', approvals: [{ by: 'mia' }] })
    expect(regions()).toEqual({ primary: 'northeurope', sku: 'Standard_LRS' })
  })

  test('has no way back before it has a copy again, and says how it gets one', async () => {
    bench.azure.storage.accounts.unplanned('examplewest')
    await bench.approve(await bench.propose({ recovery: 'account' }))
    await settle(failoverTime + 20_000)

    await expect(bench.propose({ recovery: 'account', direction: 'failback' })).rejects.toThrow(
      /examplewest is Standard_LRS in northeurope: it has no copy.*az storage account update/,
    )

    bench.azure.storage.accounts.redundancy('examplewest', 'Standard_GRS', 'westeurope')
    await bench.approve(await bench.propose({ recovery: 'account', direction: 'failback' }))
    await settle(failoverTime + 20_000)
    expect(regions().primary).toBe('westeurope')
  })

  test('that loses more than the objective, or nobody knows how much, is taken on oneself by name', async () => {
    bench.azure.storage.accounts.unplanned('examplewest')
    bench.azure.storage.accounts.lag('examplewest', 35 * 60_000)

    await expect(bench.propose({ recovery: 'account' })).rejects.toThrow(
      /loss-within-objective: 35m of data would be lost; the objective \(RPO\) is 20m.*Instead: failover storage to switch/s,
    )
    bench.azure.storage.accounts.lag('examplewest', undefined)
    await expect(bench.propose({ recovery: 'account' })).rejects.toThrow(
      /how much would be lost is not known/,
    )
    const run = await bench.propose({
      recovery: 'account',
      overrides: [{ rule: 'loss-within-objective', reason: 'the region will not come back' }],
    })
    expect(run.state).toBe('proposed')
  })

  test('cannot be had while the resource provider is as dead as its region: other ways are named', async () => {
    bench.azure.storage.accounts.down(['westeurope'])

    const thrown = await bench.propose({ recovery: 'account' }).catch((error: unknown) => error)

    expect(thrown).not.toBeInstanceOf(RetryableError)
    expect(String(thrown)).toMatch(
      /(?:no answer within \S+|before it was answered)\. While its primary region is down.*Instead: failover storage to switch/,
    )
  })

  test('is followed although the resource provider falls silent in the middle', async () => {
    await bench.approve(await bench.propose({ recovery: 'account' }))
    await settle(5_000)
    bench.azure.fault({ kind: 'status', status: 503, on: 'poll' })
    await settle(failoverTime * 3)
    const going = await bench.engine.run('R-1')
    bench.azure.fault(undefined)
    await settle(20_000)

    expect(going).toMatchObject({ state: 'running' })
    expect(going.steps[0]?.note).toMatch(/was taken by Azure, and cannot be looked at now/)
    expect(await bench.engine.run('R-1')).toMatchObject({ state: 'done' })
  })

  test('does not start twice when somebody has begun it in the portal since', async () => {
    const run = await bench.propose({ recovery: 'account' })
    bench.azure.storage.accounts.begin('examplewest')

    await expect(bench.approve(run)).rejects.toThrow(/a failover of examplewest is under way/)
    await expect(bench.propose({ recovery: 'account' })).rejects.toThrow(
      /A failover of examplewest is under way already/,
    )
    expect(bench.changes()).toEqual([])
  })

  test('that Azure ends as failed says so, and the account stays where it was', async () => {
    bench.azure.storage.accounts.ending('failed')
    await bench.approve(await bench.propose({ recovery: 'account' }))
    await settle(failoverTime + 20_000)

    const failed = await bench.engine.run('R-1')
    expect(failed.state === 'failed' && failed.reason).toMatch(
      /Azure has ended the failover of examplewest without success: .*FailoverFailed/,
    )
    expect(regions().primary).toBe('westeurope')
  })
})
