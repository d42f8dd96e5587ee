// Azure SQL as the rest of the program knows it: its providers and its reader, on one client.
import type { Clock, Providers } from '../../ports.ts'
import type { SqlQueryReader, SqlReader } from '../../readers.ts'
import type { SqlAction } from '../../recovery/sql-action.ts'
import type { Azure } from '../azure/azure.ts'
import { createSqlFailover } from './failover.ts'
import { createSqlQuery } from './query.ts'
import { createSqlReader, sqlOf } from './read.ts'
import { createSqlCheck, createSqlRestore } from './restore.ts'
import { createSqlGroup, createSqlLink, createSqlRename } from './swap.ts'

/** Azure SQL through Resource Manager. All failures are UserError or RetryableError. */
export function createSql(
  azure: Azure,
  options: { readonly clock: Pick<Clock, 'now'> },
): {
  readonly providers: Pick<Providers, SqlAction['provider']>
  readonly reader: SqlReader
  readonly queryReader: SqlQueryReader
} {
  const access = sqlOf(azure)
  const query = createSqlQuery(azure, options)
  return {
    reader: createSqlReader(access),
    queryReader: query.reader,
    providers: {
      'sql-restore': createSqlRestore(access, options),
      'sql-check': createSqlCheck(access),
      'sql-query': query.provider,
      'sql-rename': createSqlRename(access),
      'sql-group': createSqlGroup(access, options),
      'sql-link': createSqlLink(access, options),
      'sql-failover': createSqlFailover(access, options),
    },
  }
}
