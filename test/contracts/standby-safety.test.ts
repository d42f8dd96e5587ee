// The safety rules of a switch of name servers, each with what passes it and what does not.
import { describe, expect, test } from 'vitest'
import { lostMost } from '../../src/recovery/standby/state.ts'
import { translate } from '../../src/recovery/standby/translate.ts'
import {
  copyComplete,
  copyRecent,
  parentAnswers,
  registrarCanSwitch,
} from '../../src/recovery/ways/standby-dns/safety.ts'

const hour = 3_600_000
const seen = { says: [], keyTags: [], ttl: 0, dsTtl: 0, asked: 2, answered: 0, silent: ['ns1 is silent'] }

describe('a switch of name servers', () => {
  test('is not possible for a domain that is registered at Cloudflare', () => {
    expect(registrarCanSwitch('https://dash.cloudflare.com/domains').ok).toBe(false)
    expect(registrarCanSwitch('https://registrar.example.com/').ok).toBe(true)
    expect(registrarCanSwitch('https://not-cloudflare.com.example.net/').ok).toBe(true)
  })

  test('takes a snapshot of the last day, and nothing older or unknown', () => {
    expect(copyRecent({ live: true }, 0).ok).toBe(true)
    expect(copyRecent({ live: false, takenAt: 0, why: 'dead' }, 23 * hour).ok).toBe(true)
    expect(copyRecent({ live: false, takenAt: 0, why: 'dead' }, 25 * hour).ok).toBe(false)
    expect(copyRecent({ live: false, why: 'dead' }, 0).text).toContain('Nobody knows how old')
  })

  test('needs one name server of the parent that answers', () => {
    expect(parentAnswers(seen)).toMatchObject({ ok: false, text: expect.stringContaining('ns1 is silent') })
    expect(parentAnswers({ ...seen, answered: 1 }).ok).toBe(true)
  })

  test('is held up by an address that cannot be copied, and not by a record that few would miss', () => {
    expect(copyComplete([], [{ text: 'a TLSA record', vital: false }]).ok).toBe(true)
    expect(copyComplete([], [{ text: 'an address', vital: true }]).ok).toBe(false)
    expect(copyComplete(['made by hand'], []).ok).toBe(false)
  })
})

describe('the copy', () => {
  test('has no alias at the zone itself that leads out of it, unless the plan leads it elsewhere', () => {
    const alias = { type: 'CNAME', name: 'example.com', content: 'shop.example.net', ttl: 1, proxied: true }

    const copied = translate('example.com', [alias], undefined)
    const led = translate('example.com', [alias], { names: ['example.com'], to: '192.0.2.10' })

    expect(copied.left).toMatchObject([{ vital: true }])
    expect(led).toMatchObject({ left: [], sets: [{ name: '@', type: 'A', ttl: 60, values: ['192.0.2.10'] }] })
  })

  test('does not follow a zone that has lost more than half of its records', () => {
    expect([lostMost(40, 19), lostMost(40, 20), lostMost(3, 0), lostMost(4, 0)]).toEqual([
      true,
      false,
      false,
      true,
    ])
  })
})
