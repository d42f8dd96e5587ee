// A check query may only look: whatever changes something is refused, however it is written; what only looks is taken.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CheckQuery, printExpectation } from '../../src/drplan/check-query.ts'

function isTaken(query: string): boolean {
  return CheckQuery.safeParse({ query }).success
}

const changes = [
  'DELETE FROM orders',
  'UPDATE orders SET paid = 1',
  'INSERT INTO orders VALUES (1)',
  'MERGE orders USING x ON 1 = 1 WHEN MATCHED THEN DELETE',
  'TRUNCATE TABLE orders',
  'DROP TABLE orders',
  'EXEC sp_rename',
  'COMMIT',
  'WAITFOR DELAY 1',
  'GRANT SELECT TO public',
  'BACKUP DATABASE orders',
]
/** What may stand between two words. */
const gaps = fc.constantFrom(' ', '\n', '\t', ' \r\n ')
const cases = fc.constantFrom(
  (text: string) => text,
  (text: string) => text.toLowerCase(),
)

describe('what changes something', () => {
  test.each(changes)('%s is refused alone, after a SELECT and in a WITH', (change) => {
    fc.assert(
      fc.property(gaps, cases, fc.constantFrom('', ';'), (gap, write, end) => {
        const said = write(change.replaceAll(' ', gap)) + end
        expect(isTaken(said)).toBe(false)
        expect(isTaken(`SELECT 1${gap}${said}`)).toBe(false)
        expect(isTaken(`SELECT 1;${gap}${said}`)).toBe(false)
        expect(isTaken(`WITH x AS (SELECT 1 AS n)${gap}${said}`)).toBe(false)
        expect(isTaken(`SELECT 'a''b', [c]]d], "e""f"${gap}${said}`)).toBe(false)
      }),
    )
  })

  test.each(['0', '1.', '1.5', '.5', '1e0', '1E', '1e+', '0x', '0x0', '$1', '1 = 1.0'])(
    'is refused right behind the number %s, where SQL Server begins a word',
    (number) => {
      for (const change of [...changes, "EXEC('x')", 'SHUTDOWN', 'ROLLBACK'])
        expect(isTaken(`SELECT ${number}${change}`)).toBe(false)
    },
  )

  test.each([
    'SELECT 1e0DELETE FROM orders SELECT 1e0COMMIT',
    'SELECT 0x0TRUNCATE TABLE orders SELECT 0x0ROLLBACK',
    'SELECT 1 FROM orders WHERE id = 1_x',
    'SELECT NEXT\u0001VALUE FOR numbers',
    'SELECT\u00001',
    'SELECT 1 OPEN c',
    "SELECT 1 DUMP DATABASE orders TO DISK = 'x'",
    'SELECT 1 LOAD DATABASE orders',
    'SELECT 1 KILL 55',
    'SELECT 1 ADD SENSITIVITY CLASSIFICATION TO dbo.orders.id',
    'SELECT COUNT(*) FROM orders WITH (TABLOCKX)',
    'SELECT COUNT(*) FROM orders (updlock, holdlock)',
    'SELECT * INTO copy FROM orders',
    'SELECT NEXT VALUE FOR numbers',
    'SELECT next\n value FOR numbers',
    "SELECT * FROM OPENROWSET('SQLNCLI', 'x', 'SELECT 1')",
    "SELECT 1 /* ' */ DELETE FROM orders /* ' */",
    "SELECT 1 -- '\nDELETE FROM orders -- '",
    "SELECT 'not closed",
    'SELECT [not closed',
    'SELECT 1]',
    '',
    'SELECT COUNT(*) FROM orders WHERE created_at > @time',
    'SELECT COUNT(*) FROM orders WHERE created_at > @Moment',
  ])('%j is refused', (query) => {
    expect(isTaken(query)).toBe(false)
  })
})

describe('what only looks', () => {
  test.each([
    'SELECT COUNT(*) FROM orders',
    'select count(*) from orders;',
    'SELECT COUNT(*)\nFROM orders\nWHERE created_at > DATEADD(hour, -1, @moment)',
    'WITH newest AS (SELECT MAX(id) AS id FROM orders) SELECT id FROM newest',
    "SELECT COUNT(*) FROM orders WHERE state = 'DELETE; DROP -- it'",
    'SELECT [update], "delete" FROM [set]',
    'SELECT 1.5e-3, .5, 0xADD, 1., x1e0, t2.id FROM t2 WHERE a=1 AND(b>2)OR c=1e5',
    "SELECT @@VERSION, 'ann@example.com', [@time]",
    'SELECT updated_at, deleted, is_set FROM orders ORDER BY 1 OFFSET 0 ROWS FETCH NEXT 1 ROWS ONLY',
    "SELECT IIF(COUNT(*) > 0, 'ok', 'empty') FROM dbo.orders WITH (NOLOCK)",
  ])('%j is taken', (query) => {
    expect(isTaken(query)).toBe(true)
  })

  test('is taken with whatever texts and quoted names, since their words are harmless', () => {
    const quoted = fc.oneof(
      fc.string().map((text) => `'${text.replaceAll("'", "''")}'`),
      fc.string({ minLength: 1 }).map((text) => `[${text.replaceAll(']', ']]')}]`),
      fc.string({ minLength: 1 }).map((text) => `"${text.replaceAll('"', '""')}"`),
      fc.constantFrom(...changes).map((text) => `'${text}'`),
    )
    fc.assert(
      fc.property(fc.array(quoted, { minLength: 1, maxLength: 4 }), (names) => {
        expect(isTaken(`SELECT ${names.join(', ')} FROM orders`)).toBe(true)
      }),
    )
  })
})

describe('what is expected', () => {
  test.each([
    [1, '= 1'],
    ['>= 1', '>= 1'],
    ['<0.5', '< 0.5'],
    ['!= 0', '!= 0'],
    ['= ok', '"ok"'],
    ['ok', '"ok"'],
    ['17', '= 17'],
    ['!= broken', '!= broken'],
    ['>= 9007199254740993', '>= 9007199254740993'],
    ['9007199254740993', '= 9007199254740993'],
    ['< 0.12345678901234567890', '< 0.12345678901234567890'],
    ['= 1.50', '= 1.5'],
  ])('%j is %s', (given, printed) => {
    const { expect: read } = CheckQuery.parse({ query: 'SELECT 1', expect: given })

    expect(read && printExpectation(read)).toBe(printed)
  })

  test('as a number that a plan cannot hold exactly is to be written as a text', () => {
    const read = CheckQuery.safeParse({ query: 'SELECT 1', expect: 9_007_199_254_740_994 })

    expect(read.error?.issues[0]?.message).toBe(
      'a number of more than 15 digits as a text, such as ">= 9007199254740993"',
    )
  })

  test.each(['', '>= ', '=> 1', '=< 1', '== 1', '<> 1', '= = 1', '>= many', '< 1 apple', true, ['1']])(
    '%j is refused',
    (given) => {
      expect(CheckQuery.safeParse({ query: 'SELECT 1', expect: given }).success).toBe(false)
    },
  )
})
