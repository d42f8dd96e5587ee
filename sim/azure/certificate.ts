// Makes a fresh self-signed certificate for localhost, since the Azure SDKs send a token over TLS only.
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'

export interface Certificate {
  /** PEM, for the server and for whoever shall trust it. */
  readonly cert: string
  /** PEM; lives as long as the process. */
  readonly key: string
}

/** Object identifiers, as DER has them. */
const oids = {
  commonName: '550403',
  subjectAltName: '551d11',
  basicConstraints: '551d13',
  ecdsaWithSha256: '2a8648ce3d040302',
} as const
const lifetime = 7 * 86_400_000

/** A certificate of its own authority (X.509 v3, P-256) for these names and 127.0.0.1, good for a week. */
export function selfSigned(names: readonly string[] = ['localhost'], now: number = Date.now()): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const algorithm = sequence(oid(oids.ecdsaWithSha256))
  // A name of its own: of two trusted authorities with one name, a client may try the wrong one's key.
  const serial = Buffer.concat([Buffer.from([1]), randomBytes(15)])
  const subject = Buffer.from(`localhost ${serial.toString('hex')}`)
  const name = sequence(der(0x31, sequence(oid(oids.commonName), der(0x0c, subject))))
  const content = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, serial),
    algorithm,
    name,
    sequence(time(now - 86_400_000), time(now + lifetime)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(altNames(names), authority())),
  )
  const signature = sign('sha256', content, { key: privateKey, dsaEncoding: 'der' })
  const certificate = sequence(content, algorithm, der(0x03, Buffer.concat([Buffer.from([0]), signature])))
  return {
    cert: pem(certificate),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
  }
}

function altNames(names: readonly string[]): Buffer {
  const all = [...names.map((name) => der(0x82, Buffer.from(name))), der(0x87, Buffer.from([127, 0, 0, 1]))]
  return sequence(oid(oids.subjectAltName), der(0x04, sequence(...all)))
}

function authority(): Buffer {
  const isAuthority = sequence(der(0x01, Buffer.from([0xff])))
  return sequence(oid(oids.basicConstraints), der(0x01, Buffer.from([0xff])), der(0x04, isAuthority))
}

function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts)
  const { length } = content
  const head = length < 128 ? [tag, length] : [tag, 0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from(head), content])
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, ...parts)
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'))
}

/** UTCTime: `261123094100Z`. */
function time(at: number): Buffer {
  const digits = new Date(at).toISOString().replaceAll(/[^\d]/g, '').slice(2, 14)
  return der(0x17, Buffer.from(`${digits}Z`))
}

function pem(content: Buffer): string {
  const lines = content.toString('base64').match(/.{1,64}/g) ?? []
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n')
}
