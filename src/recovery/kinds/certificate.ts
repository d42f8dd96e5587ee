// Certificates of origins: whether each is good counts; who issued it is for people to read.
import { z } from 'zod'
import type { Facts } from '../../ports.ts'
import type { CertificateAction } from '../action.ts'
import { onlyLooks } from './kind.ts'
import type { Kind } from './kind.ts'

const CertificateFacts = z.object({
  certificates: z.array(z.object({ name: z.string(), at: z.string(), ok: z.boolean(), text: z.string() })),
})

/** One server's certificate for one name; `text` follows its address. */
export type SeenCertificate = Readonly<z.infer<typeof CertificateFacts>['certificates'][number]>

export const certificate: Kind<CertificateAction> = {
  undoText: () => onlyLooks,
  ground: (_action, facts) => certificatesIn(facts).map(({ name, at, ok }) => ({ name, at, ok })),
  differences: (_action, facts) =>
    certificatesIn(facts).flatMap((seen) => (seen.ok ? [] : [certificateText(seen)])),
}

/** What was found, in the order in which it was asked for. */
export function certificatesIn(facts: Facts): readonly SeenCertificate[] {
  return CertificateFacts.parse(facts).certificates
}

/** `203.0.113.10 shows for api.example.com a certificate of ...` */
export function certificateText({ name, at, text }: SeenCertificate): string {
  return `${at}, asked for ${name}, ${text}`
}
