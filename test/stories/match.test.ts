// An alert finds its system: the first matcher that fits, or the reason why none does.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { globMatches, matchSystem } from '../../src/triage/match.ts'
import { examplePlan, planWith } from '../fixtures/plans/plan.ts'
import type { MatchObject } from '../../src/triage/match.ts'

const { plan } = examplePlan()

function object(parts: Partial<MatchObject>): MatchObject {
  return { host: 'web7', hostGroups: [], serviceGroups: [], state: 'CRITICAL', ...parts }
}

describe('an alert', () => {
  test.each([
    ['a host by its name', { host: 'lb1', state: 'DOWN' }, 'lb', 'systems.lb.alerts[1] host: lb*'],
    ['a service on a matched host', { host: 'lb1', service: 'Disk' }, 'lb', 'systems.lb.alerts[1] host: lb*'],
    ['a service by its name', { service: 'HAProxy' }, 'lb', 'systems.lb.alerts[2] service: HAProxy'],
    [
      'a host group',
      { hostGroups: ['linux', 'workers'] },
      'workers',
      'systems.workers.alerts[0] hostgroup: workers',
    ],
    [
      'a service group',
      { service: 'x', serviceGroups: ['dns'] },
      'dns',
      'systems.dns.alerts[1] servicegroup: dns',
    ],
    [
      'a state that the matcher adds',
      { service: 'Queue depth orders', state: 'WARNING' },
      'workers',
      'systems.workers.alerts[1] service: Queue depth*',
    ],
  ] as const)('finds its system by %s', (_, parts, system, rule) => {
    expect(matchSystem(plan, object(parts))).toMatchObject({ system, rule })
  })

  test('belongs to the first system in the order of the systems when two match', () => {
    expect(matchSystem(plan, object({ host: 'api1', service: 'DNS check' }))).toMatchObject({ system: 'dns' })
  })

  test('must match every key of one matcher', () => {
    const narrow = planWith({
      systems: { lb: { rto: '10m', alerts: [{ host: 'web?', service: 'HAProxy*' }] } },
    })

    expect(matchSystem(narrow, object({ service: 'HAProxy backend' }))).toMatchObject({ system: 'lb' })
    expect(matchSystem(narrow, object({ service: 'Disk' }))).toHaveProperty('none')
    expect(matchSystem(narrow, object({}))).toHaveProperty('none')
    expect(matchSystem(narrow, object({ host: 'web17', service: 'HAProxy' }))).toHaveProperty('none')
  })

  test('that no matcher names is told so', () => {
    expect(matchSystem(plan, object({ service: 'Disk' }))).toEqual({
      none: "no system's alerts match the service Disk on web7",
    })
    expect(matchSystem(plan, object({ host: 'LB1', state: 'DOWN' }))).toEqual({
      none: "no system's alerts match the host LB1",
    })
  })

  test('that is named, but not in this state, is told which rule names it', () => {
    expect(matchSystem(plan, object({ host: 'lb1', service: 'HAProxy', state: 'WARNING' }))).toEqual({
      none: 'systems.lb.alerts[1] host: lb* names it, but not for the state WARNING',
    })
  })
})

describe('a pattern', () => {
  test.each([
    ['lb*', 'lb', true],
    ['lb*', 'lb12', true],
    ['lb*', 'xlb', false],
    ['lb?', 'lb', false],
    ['lb?', 'lb1', true],
    ['*', '', true],
    ['*.example.com', 'a.b.example.com', true],
    ['a*b*c', 'aXbXbXc', true],
    ['a*b*c', 'aXbX', false],
    ['[a]', 'a', false],
    ['a.c', 'abc', false],
  ])('%s against %s: %s', (pattern, text, expected) => {
    expect(globMatches(pattern, text)).toBe(expected)
  })

  test('means what the same regular expression means', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 8 })
    const texts = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 8 })
    fc.assert(
      fc.property(letters, texts, (pattern, text) => {
        const regex = new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('?', '.')}$`)
        expect(globMatches(pattern, text)).toBe(regex.test(text))
      }),
    )
  })

  test('of many stars does not take long on a text made to be slow', () => {
    expect(globMatches(`${'*a'.repeat(90)}b`, 'a'.repeat(8_000))).toBe(false)
  })
})
