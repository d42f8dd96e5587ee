// The providers' shared promises, over the wire against the simulators.
import type { CloudflareFault } from '../../sim/cloudflare/faults.ts'
import type { DnsFault } from '../../sim/dns.ts'
import type { TargetHealth } from '../../sim/target.ts'
import { startWorld } from '../../sim/world.ts'
import { createCertificateCheck } from '../../src/providers/certificate.ts'
import { createCloudflareDns } from '../../src/providers/cloudflare/cloudflare.ts'
import { createDnsCheck } from '../../src/providers/dns/dns-check.ts'
import { createProbe } from '../../src/providers/probe.ts'
import { publicAuthority, startOrigin } from '../servers/origin.ts'
import { providerContract, type Failure } from './provider.ts'

const cloudflareFaults: Readonly<Record<Failure, CloudflareFault>> = {
  hang: { kind: 'hang' },
  reset: { kind: 'reset' },
  error: { kind: 'status', status: 503 },
  limit: { kind: 'rate-limit', retryAfter: 217 },
}
const targetFaults: Readonly<Record<Failure, TargetHealth>> = {
  hang: 'hang',
  reset: 'reset',
  error: 'failing',
  limit: 'failing',
}
const dnsFaults: Readonly<Record<Failure, DnsFault>> = {
  hang: { kind: 'drop' },
  reset: { kind: 'refuse' },
  error: { kind: 'servfail' },
  limit: { kind: 'drop' },
}

providerContract({
  name: 'cloudflare-dns',
  retryable: [
    { failure: 'hang', says: /could not read the records of api\.example\.com: no answer within 1s/ },
    { failure: 'reset', says: /the connection failed \(ECONNRESET\)/ },
    { failure: 'error', says: /: 503 \(10001 Internal server error\)/ },
    { failure: 'limit', says: /refuses every call for five minutes\. Next try in 3m37s/, after: 217_000 },
  ],
  findings: [],
  open: async ({ timeout, clock }) => {
    const world = await startWorld()
    const { cloudflare, token } = world
    const provider = createCloudflareDns({ token, baseUrl: cloudflare.baseUrl, timeout, clock })
    const calm = new AbortController().signal
    const zone = await provider.zone(world.zone, calm)
    const before = await provider.records(zone.id, [world.record], calm)
    const after = before.map((record) => ({ ...record, content: world.backup.host, ttl: 60 }))
    return {
      provider,
      action: { provider: 'cloudflare-dns', zone, before, after },
      happens: () => undefined,
      changes: () => cloudflare.requests.filter((request) => request.changes).length,
      requests: () => cloudflare.requests.length,
      fail: (failure) => cloudflare.fault(cloudflareFaults[failure]),
      secrets: [token],
      close: world.stop,
    }
  },
})

providerContract({
  name: 'probe',
  retryable: [],
  findings: [
    { failure: 'hang', says: /gave no answer within 1s on \/health/ },
    { failure: 'reset', says: /closed the connection without an answer/ },
    { failure: 'error', says: /127\.0\.0\.12:\d+ answered 503 on \/health for api\.example\.com/ },
  ],
  open: async ({ timeout }) => {
    const world = await startWorld()
    const { backup, httpPort } = world
    backup.set('failing')
    const url = `http://${world.record}/health?key=not-to-be-shown`
    return {
      provider: createProbe(),
      action: { provider: 'probe', url, resolve: backup.host, port: httpPort, timeout },
      happens: () => backup.set('ok'),
      changes: () => backup.requests.filter((request) => !request.startsWith('GET ')).length,
      requests: () => backup.requests.length,
      fail: (failure) => backup.set(targetFaults[failure]),
      secrets: ['not-to-be-shown'],
      close: world.stop,
    }
  },
})

providerContract({
  name: 'dns-check',
  retryable: [],
  findings: [
    { failure: 'hang', says: /localhost:\d+ does not answer \(ETIMEOUT\)/ },
    { failure: 'reset', says: /does not answer \(EREFUSED\)/ },
    { failure: 'error', says: /does not answer \(ESERVFAIL\)/ },
  ],
  open: async ({ timeout, clock }) => {
    const world = await startWorld()
    const { dns, cloudflare, record, backup } = world
    const want = [{ name: record, type: 'A' as const, content: backup.host }]
    return {
      provider: createDnsCheck({ clock, timeout }),
      action: { provider: 'dns-check', nameServers: [`localhost:${dns.port}`], want, within: 60_000 },
      happens: () =>
        cloudflare.edit(world.zone, (records) =>
          records.map((one) => (one.name === record ? { ...one, content: backup.host } : one)),
        ),
      changes: () => cloudflare.requests.length,
      requests: () => dns.questions.length,
      fail: (failure) => dns.fault(dnsFaults[failure]),
      secrets: [world.token],
      close: world.stop,
    }
  },
})

providerContract({
  name: 'certificate',
  retryable: [],
  findings: [
    { failure: 'hang', says: /asked for api\.example\.com, gave no certificate within 1s/ },
    { failure: 'reset', says: /closed the connection without an answer/ },
  ],
  open: async ({ timeout }) => {
    const origin = await startOrigin('origin-ca')
    const want = [{ name: 'api.example.com', at: origin.host, port: origin.port }]
    return {
      provider: createCertificateCheck({ ca: publicAuthority() }),
      action: { provider: 'certificate', want, timeout },
      happens: () => origin.show('trusted'),
      changes: origin.requests,
      requests: origin.connections,
      fail: (failure) => origin.fail(failure === 'hang' ? 'hang' : 'reset'),
      secrets: [],
      close: origin.stop,
    }
  },
})
