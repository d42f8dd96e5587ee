// Whether a recovery through Cloudflare could be carried out now: the token's rights, and what its proposal finds.
import type { Context, Draft } from '../../draft.ts'
import { checkByDraft } from '../draft-check.ts'
import type { Checked } from '../way.ts'

/** Reads the token's rights for the zone, then drafts. */
export async function checkThroughCloudflare(
  context: Context,
  zone: string,
  draft: (context: Context) => Promise<Draft>,
): Promise<readonly Checked[]> {
  const { readers, limit } = context.calls
  const may = await readers.cloudflare.mayEdit(zone, limit())
  return [tokenCheck(zone, may), ...(await checkByDraft(context, draft))]
}

function tokenCheck(zone: string, may: boolean | undefined): Checked {
  const what = 'cloudflare-token'
  if (may === true) return { what, ok: true, text: `The token may change the records of ${zone}` }
  if (may === undefined)
    return {
      what,
      ok: true,
      unknown: true,
      text: `Cloudflare does not say whether the token may change ${zone}`,
    }
  return {
    what,
    ok: false,
    text: `The token may read ${zone}, but lacks the right DNS:Edit. Add it to the token of CLOUDFLARE_API_TOKEN in the Cloudflare dashboard, under API Tokens.`,
  }
}
