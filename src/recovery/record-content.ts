// One way to write what DNS records hold, so that the plan, the provider's API and a name server's answer compare equal.
import { SocketAddress, isIPv6 } from 'node:net'

/** A host name in lower case without its final dot. */
export function plainName(name: string): string {
  return name.toLowerCase().replace(/\.$/, '')
}

/** The content of an A, AAAA or CNAME record: IPv6 addresses in their shortest form, names as `plainName`. */
export function plainContent(content: string): string {
  return isIPv6(content)
    ? new SocketAddress({ address: content, family: 'ipv6' }).address
    : plainName(content)
}
