// Reads what the bot's identity may do at Azure: "Permissions - List For Resource" and "List For Resource Group".
import { z } from 'zod'
import { bounded } from '../../bounded.ts'
import { UserError } from '../../errors.ts'
import type { Grant, RightsReader, RightsScope } from '../../readers.ts'
import { originOf } from './answers.ts'
import type { ArmAccess, Azure } from './azure.ts'
import type { AzurePurpose } from './errors.ts'

const apiVersion = '2022-04-01'
/** Each page has some roles; nobody has that many. */
const mostPages = 50

const patterns = z.array(z.string()).nullish()
const Page = z.object({
  value: z.array(
    z.object({
      actions: patterns,
      notActions: patterns,
      dataActions: patterns,
      notDataActions: patterns,
      condition: z.string().nullish(),
    }),
  ),
  nextLink: z.string().nullish(),
})
type Page = z.infer<typeof Page>
const Refusal = z.object({ error: z.object({ code: z.string(), message: z.string() }) })

export function createRightsReader(azure: Azure): RightsReader {
  return {
    granted: async (scope, signal) => {
      const arm = await azure.arm()
      const { resourceGroup, resource } = scope
      const where = resource === undefined ? resourceGroup : `${resourceGroup}/${resource}`
      const purpose: AzurePurpose = {
        doing: `list the bot's rights on ${where}`,
        role: `Reader on ${resourceGroup}`,
        names: `the names of ${where}`,
        changes: false,
      }
      const first = new URL(arm.options.endpoint + pathOf(arm.subscription, scope))
      const grants: Grant[] = []
      let next: URL | undefined = first
      for (let left = mostPages; next !== undefined; left -= 1) {
        // A list that leads back to itself comes to an end.
        if (left === 0) throw endless(purpose)
        const address: URL = next
        const page: Page = await azure.call(purpose, signal, (limit) => readPage(arm, address, limit))
        grants.push(...page.value.map(grantOf))
        next = page.nextLink ? new URL(page.nextLink, first) : undefined
      }
      return grants
    },
  }
}

function pathOf(subscription: string, { resourceGroup, resource }: RightsScope): string {
  const names = ['subscriptions', subscription, 'resourcegroups', resourceGroup]
  const below = resource === undefined ? [] : ['providers', ...resource.split('/')]
  const path = [...names, ...below].map(encodeURIComponent).join('/')
  return `/${path}/providers/Microsoft.Authorization/permissions?api-version=${apiVersion}`
}

function endless({ doing }: AzurePurpose): UserError {
  return new UserError(
    'azure-refused',
    `Azure could not ${doing}: its list has no end. Nothing was changed. Look at AZURE_ARM_ENDPOINT.`,
  )
}

async function readPage(
  { credential, options }: ArmAccess,
  address: URL,
  signal: AbortSignal,
): Promise<Page> {
  const origin = originOf(options.endpoint, 'AZURE_ARM_ENDPOINT')
  origin.holds(address)
  const token = await credential.getToken(options.credentialScopes, { abortSignal: signal })
  const response = await fetch(address, {
    headers: { authorization: `Bearer ${token?.token ?? ''}`, accept: 'application/json' },
    redirect: 'manual',
    signal,
  }).catch((thrown: unknown) => {
    // A failed connection is told as a TypeError; what has happened is its cause.
    throw thrown instanceof TypeError ? new Error('fetch failed', { cause: thrown.cause }) : thrown
  })
  origin.keeps(response)
  const text = await bounded(response).text()
  if (!response.ok) throw refused(response, text)
  const page = Page.safeParse(JSON.parse(text))
  if (page.success) return page.data
  throw new SyntaxError('an answer without a list of rights')
}

/** The form in which the SDKs throw, so that one place tells all of Azure's refusals. */
function refused({ status, headers }: Response, text: string): Error {
  const { code, message } = refusalIn(text) ?? {
    code: undefined,
    message: `Unexpected status code: ${status}`,
  }
  return Object.assign(new Error(message), {
    name: 'RestError',
    statusCode: status,
    ...(code === undefined ? {} : { code }),
    response: { headers },
  })
}

function refusalIn(text: string): z.infer<typeof Refusal>['error'] | undefined {
  try {
    return Refusal.parse(JSON.parse(text)).error
  } catch {
    return undefined
  }
}

function grantOf({
  actions,
  notActions,
  dataActions,
  notDataActions,
  condition,
}: Page['value'][number]): Grant {
  return {
    actions: actions ?? [],
    notActions: notActions ?? [],
    dataActions: dataActions ?? [],
    notDataActions: notDataActions ?? [],
    conditional: Boolean(condition),
  }
}
