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
