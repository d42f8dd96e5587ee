// Azure's rules of roles: wildcards, what a role takes out, roles that add up; and that the guide asks for exactly the table.
import { readFileSync, readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { Grant } from '../../src/readers.ts'
import { azureRights, lacking, listRight } from '../../src/recovery/rights.ts'
import type { AzureWay, Need } from '../../src/recovery/rights.ts'

const move = 'Microsoft.Sql/servers/databases/move/action'

function role(fields: Partial<Grant>): Grant {
  return { actions: [], notActions: [], dataActions: [], notDataActions: [], conditional: false, ...fields }
}

function needing(...actions: readonly string[]): Need {
  return { on: 'server', role: 'some role', actions }
}

describe('a right is held', () => {
  test.each([
    ['by its name', [role({ actions: [move] })]],
    ['in whatever case', [role({ actions: ['microsoft.sql/SERVERS/databases/Move/action'] })]],
    ['by a wildcard at the end', [role({ actions: ['Microsoft.Sql/*'] })]],
    ['by a wildcard in the middle', [role({ actions: ['Microsoft.Sql/*/action'] })]],
    ['by all actions', [role({ actions: ['*'] })]],
    ['by the second of two roles', [role({ actions: ['*/read'] }), role({ actions: [move] })]],
    [
      'by one role although another one takes it out of itself',
      [role({ actions: ['*'], notActions: [move] }), role({ actions: ['Microsoft.Sql/*'] })],
    ],
  ])('%s', (_how, grants) => {
    expect(lacking(needing(move), grants)).toEqual({ missing: [], unsure: [] })
  })
})

describe('a right is missing', () => {
  test.each([
    ['without any role', []],
    ['when only its beginning is given', [role({ actions: ['Microsoft.Sql/servers/databases'] })]],
    ['when a point of a name is another letter', [role({ actions: ['MicrosoftxSql/*'] })]],
    ['when the role takes it out', [role({ actions: ['*'], notActions: ['Microsoft.Sql/*/Action'] })]],
    ['when it is given for data only', [role({ dataActions: ['*'] })]],
  ])('%s', (_how, grants) => {
    expect(lacking(needing('Microsoft.Sql/servers/read', move), grants).missing).toContain(move)
  })

  test('of data, when it is given for the service only', () => {
    const data = 'Microsoft.KeyVault/vaults/secrets/setSecret/action'
    const need: Need = { on: 'secret', role: 'some role', actions: [], dataActions: [data] }

    expect(lacking(need, [role({ actions: ['*'] })]).missing).toEqual([data])
    expect(lacking(need, [role({ dataActions: ['*'], notDataActions: ['*/setSecret/*'] })]).missing).toEqual([
      data,
    ])
    expect(lacking(need, [role({ dataActions: ['*'] })]).missing).toEqual([])
  })
})

test.each([
  ['Microsoft.Sql/locations/*/read', [], true],
  ['Microsoft.Sql/*', [], true],
  ['*/read', [], true],
  ['Microsoft.Sql/locations/operations/read', [], false],
  ['*', ['Microsoft.Sql/locations/operations/read'], false],
  ['*', ['Microsoft.Sql/*/operations/*'], false],
  ['*', ['*/write', 'Microsoft.Sql/servers/*'], true],
])('a right with a wildcard is held when all of it is: %s without %j: %s', (actions, notActions, held) => {
  const right = 'Microsoft.Sql/locations/*/read'

  expect(lacking(needing(right), [role({ actions: [actions], notActions })]).missing).toEqual(
    held ? [] : [right],
  )
})

test('a right that is given under a condition only is neither held nor missing', () => {
  const conditional = role({ actions: ['*'], conditional: true })

  expect(lacking(needing(move), [conditional])).toEqual({ missing: [], unsure: [move] })
  expect(lacking(needing(move), [conditional, role({ actions: [move] })])).toEqual({
    missing: [],
    unsure: [],
  })
})

const sections: readonly (readonly [string, readonly AzureWay[]])[] = [
  ['dns', ['standby_dns']],
  ['storage', ['account-failover', 'app_configuration', 'key_vault']],
  ['workers', ['scale_set']],
  ['db', ['failover-group', 'point-in-time', 'geo-restore']],
]

/** The custom roles of the guide: by file, what they hold. `operations` is given on the subscription. */
const roles: readonly (readonly [string, (need: Need) => boolean, readonly AzureWay[]])[] = [
  ['dns', () => true, ['standby_dns']],
  ['storage', () => true, ['account-failover']],
  ['app-configuration', ({ on }) => on === 'store', ['app_configuration']],
  ['key-vault', ({ on }) => on === 'secret' || on === 'from_secret', ['key_vault']],
  ['workers', () => true, ['scale_set']],
  ['db', () => true, ['failover-group', 'point-in-time', 'geo-restore']],
]

const Role = z.strictObject({
  Name: z.string().startsWith('DR bot: '),
  Description: z.string().max(1024),
  Actions: z.array(z.string()),
  NotActions: z.tuple([]),
  DataActions: z.array(z.string()),
  NotDataActions: z.tuple([]),
  AssignableScopes: z.tuple([z.literal('/subscriptions/SUBSCRIPTION')]),
})

function roleIn(file: string): z.infer<typeof Role> {
  const path = new URL(`../../docs/azure-roles/${file}.json`, import.meta.url)
  return Role.parse(JSON.parse(readFileSync(path, 'utf8')))
}

function heldBy(file: string): { readonly actions: Set<string>; readonly data: Set<string> } {
  const { Actions, DataActions } = roleIn(file)
  return { actions: new Set(Actions), data: new Set(DataActions) }
}

function neededBy(needs: readonly Need[]): ReturnType<typeof heldBy> {
  return {
    actions: new Set([listRight, ...needs.flatMap(({ actions }) => actions)]),
    data: new Set(needs.flatMap(({ dataActions = [] }) => dataActions)),
  }
}

describe('docs/azure-roles', () => {
  test.each(roles)('%s.json holds exactly the rights that the check looks for', (file, of, ways) => {
    const needs: readonly Need[] = ways.flatMap((way): readonly Need[] => azureRights[way])
    const wanted = needs.filter((need) => need.given === undefined && of(need))

    expect(heldBy(file)).toEqual(neededBy(wanted))
  })

  test('operations.json holds exactly those of the subscription', () => {
    const needs: readonly Need[] = Object.values(azureRights).flat()

    expect(heldBy('operations')).toEqual(neededBy(needs.filter(({ given }) => given !== undefined)))
  })

  test('there is no other role, and together they hold every right of the table', () => {
    const files = readdirSync(new URL('../../docs/azure-roles', import.meta.url))
    const held = files.flatMap((file) => {
      const { Actions, DataActions } = roleIn(file.replace(/\.json$/, ''))
      return [...Actions, ...DataActions]
    })
    const needs: readonly Need[] = Object.values(azureRights).flat()

    expect(files.toSorted()).toEqual([...roles.map(([file]) => `${file}.json`), 'operations.json'].toSorted())
    expect(new Set(held)).toEqual(
      new Set([listRight, ...needs.flatMap(({ actions, dataActions = [] }) => [...actions, ...dataActions])]),
    )
  })
})

describe('docs/recovery.md', () => {
  test.each(sections)(
    '%s: asks for the rights that the check looks for, and for no other',
    (system, ways) => {
      const guide = readFileSync(new URL('../../docs/recovery.md', import.meta.url), 'utf8')
      const [, section = ''] = new RegExp(`^## ${system}\\n([^]*?)(?=^## |$(?![^]))`, 'm').exec(guide) ?? []
      const rows = section.split('\n').filter((line) => /^(?:\| |    Microsoft)/.test(line))
      const asked = rows.join('\n').matchAll(/Microsoft\.\w+(?:\/[\w*]+)+\/(?:read|write|delete|action)\b/g)
      const needs: readonly Need[] = ways.flatMap((way): readonly Need[] => azureRights[way])
      const needed = needs.flatMap(({ actions, dataActions = [] }) => [...actions, ...dataActions])

      expect([...asked].map(([right]) => right).toSorted()).toEqual(
        [...new Set([listRight, ...needed])].toSorted(),
      )
    },
  )
})
