// Which addresses only this machine can reach.
import { isIP } from 'node:net'

/** Names under `localhost` are this machine (RFC 6761, 6.3), though not every resolver knows it. */
export function isUnderLocalhost(name: string): boolean {
  return name.endsWith('.localhost')
}

/** True for `localhost`, 127.0.0.0/8 and ::1 (with or without the brackets of a URL); names are not looked up. */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '')
  return bare === 'localhost' || bare === '::1' || (isIP(bare) === 4 && bare.startsWith('127.'))
}
