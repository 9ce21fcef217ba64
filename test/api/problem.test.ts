/** What becomes of a database's refusals: what passes is said to pass, and nobody is told the database's own words. */
import postgres from 'postgres'
import { expect, test } from 'vitest'
import { problemOf } from '../../server/api/problem.ts'

const refusal = (code: string, message: string) => new postgres.PostgresError({ code, message } as never)

test.each([
  ['53300', 'too many connections for role "commonwatt"'],
  ['28000', 'role "commonwatt" is not permitted to log in'],
  ['28P01', 'password authentication failed for user "commonwatt"'],
  ['3D000', 'database "commonwatt" does not exist'],
  ['25006', 'cannot execute INSERT in a read-only transaction'],
  ['53100', 'could not extend file: No space left on device'],
  ['57014', 'canceling statement due to statement timeout'],
  ['57P03', 'the database system is starting up'],
  ['58030', 'could not read block 5'],
])('%s is a database that does not answer', (code, message) => {
  const problem = problemOf(refusal(code, message))
  expect(problem).toMatchObject({ status: 503, retryAfterSeconds: 5, document: { code: 'DATABASE_SILENT' } })
  expect(JSON.stringify(problem)).not.toContain(message.slice(0, 20))
})

test('a mistake of the server is none of them', () => {
  expect(problemOf(refusal('42703', 'column "x" does not exist'))).toBeNull()
})
