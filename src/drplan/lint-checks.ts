// What a plan says about check queries that would let a broken database pass, or a good one fail.
import { alwaysGivesRow } from './check-query.ts'
import type { DrPlan, Recovery } from './schema.ts'
import type { Complaint } from './source.ts'

/** Warnings about each question that is asked of a database. */
export function checkQueries(plan: DrPlan): readonly Complaint[] {
  return (plan.systems.db?.recoveries ?? []).flatMap((recovery, index) =>
    doubts(recovery, ['systems', 'db', 'recoveries', index, 'azure_sql', 'check']),
  )
}

function doubts({ azure_sql: sql }: Recovery, path: Complaint['path']): readonly Complaint[] {
  const check = sql?.check
  if (check === undefined || !alwaysGivesRow(check.query)) return []
  const { expect } = check
  if (expect === undefined)
    return [
      {
        path,
        found: 'a COUNT answers with a row even when it counts nothing, and without "expect" any row will do',
        write: 'Add what the number must be, such as expect: ">= 1"',
      },
    ]
  if (typeof expect.than !== 'string') return []
  return [
    {
      path: [...path, 'expect'],
      found: `a COUNT answers with a number, which is never the text "${expect.than}"`,
      write: 'Write a comparison, such as ">= 1"',
    },
  ]
}
