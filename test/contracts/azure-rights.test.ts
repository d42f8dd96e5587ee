// Azure's rules of roles: wildcards, what a role takes out, roles that add up; and that the guide asks for exactly the table.
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
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
