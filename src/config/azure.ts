// The settings by which Azure is reached; the text of each check is what to write instead.
import { z } from 'zod'
import { accountAddress, httpsAddress, serverAddress, text } from './values.ts'

export const azureVariables = {
  AZURE_SUBSCRIPTION_ID: text('the subscription id').optional(),
  AZURE_CREDENTIAL: z
    .enum(['managed-identity', 'workload-identity', 'client-secret', 'cli', 'none'], {
      error: 'managed-identity, workload-identity, client-secret, cli or none',
    })
    .default('managed-identity'),
  AZURE_TENANT_ID: text('the tenant id').optional(),
  AZURE_CLIENT_ID: text('the client id').optional(),
  AZURE_CLIENT_SECRET: text('the client secret').optional(),
  AZURE_FEDERATED_TOKEN_FILE: text('the path of the file with the token of the service account').optional(),
  AZURE_ARM_ENDPOINT: httpsAddress('https://management.azure.com').optional(),
  AZURE_AUTHORITY_HOST: httpsAddress('https://login.microsoftonline.com').optional(),
  AZURE_QUEUE_ENDPOINT: accountAddress('https://{account}.queue.core.windows.net').optional(),
  AZURE_SQL_ENDPOINT: serverAddress('{server}.database.windows.net:1433').optional(),
  AZURE_SQL_USER: text('a user of the databases').optional(),
  AZURE_SQL_PASSWORD: text("that user's password").optional(),
}

/**
 * No settings of the bot: they send the sign-in of Azure's SDK to a region's own address (@azure/identity,
 * regionalAuthority; @azure/msal-node).
 */
export const regionNames = ['AZURE_REGIONAL_AUTHORITY_NAME', 'MSAL_FORCE_REGION'] as const
/** With it the SDK takes no region from anywhere. */
const noRegion = 'DisableMsalForceRegion'

/**
 * A region that the SDK would find in the environment by itself. Only Microsoft's own apps may sign in there (Azure's
 * azure-sdk-for-go issue 21497), and the bot's secret goes to AZURE_AUTHORITY_HOST alone: every sign-in would fail.
 */
export function regionProblems(
  credential: string,
  env: Readonly<Record<string, string | undefined>>,
): readonly { readonly name: string; readonly write: string }[] {
  if (credential !== 'client-secret' && credential !== 'workload-identity') return []
  if (env['AZURE_REGIONAL_AUTHORITY_NAME'] === noRegion) return []
  return regionNames.flatMap((name) => {
    const region = env[name]
    if (region === undefined) return []
    const write = `nothing, and take it out of the environment in which the bot starts: with it Azure's SDK signs in at an address of that region, which serves Microsoft's own apps only`
    return [{ name, write }]
  })
}
