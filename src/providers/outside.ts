// The providers that only ask, from outside: targets, certificates, name servers.
import type { Duration } from '../ids.ts'
import type { Clock, Providers } from '../ports.ts'
import { createCertificateCheck } from './certificate.ts'
import { createDelegation } from './dns/delegation.ts'
import { createDnsCheck } from './dns/dns-check.ts'
import { createProbe } from './probe.ts'

/** All of them. `timeout`: for one question to one name server. */
export function createOutside(options: {
  readonly clock: Pick<Clock, 'now'>
  readonly timeout?: Duration
}): Pick<Providers, 'probe' | 'certificate' | 'dns-check' | 'delegation'> {
  const delegation = createDelegation(options)
  return {
    probe: createProbe(),
    certificate: createCertificateCheck(),
    'dns-check': createDnsCheck({ ...options, delegation }),
    delegation,
  }
}
