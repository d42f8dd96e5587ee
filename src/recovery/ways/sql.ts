// The block `azure_sql`: which of the three ways a recovery goes, and the way back of each.
import type { Context, Draft } from '../draft.ts'
import { draftSqlBack } from './sql-back.ts'
import { isSql } from './sql-compare.ts'
import type { SqlRecovery } from './sql-compare.ts'
import { draftGeo } from './sql-geo.ts'
import { draftGroup } from './sql-group.ts'
import { draftRestore } from './sql-restore.ts'
import type { Way } from './way.ts'

export const azureSql: Way = {
  failover: (recovery) => (isSql(recovery) ? (context) => draft(context, recovery) : undefined),
  failback: draftSqlBack,
  changes: ['sql-group', 'sql-link', 'sql-rename', 'sql-failover'],
}

function draft(context: Context, recovery: SqlRecovery): Promise<Draft> {
  switch (recovery.azure_sql.method) {
    case 'point-in-time':
      return draftRestore(context, recovery)
    case 'geo-restore':
      return draftGeo(context, recovery)
    case 'failover-group':
      return draftGroup(context, recovery)
  }
}
