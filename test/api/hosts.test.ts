/** Where people open the page, and where links lead. */
import { expect, it } from 'vitest'
import { pageOrigins } from '../../server/api/hosts.ts'

it.each([
  [[], 'http://127.0.0.1:8080', ['http://localhost:8080', 'http://127.0.0.1:8080']],
  [[], 'http://[::1]:8080', ['http://localhost:8080', 'http://[::1]:8080']],
  [[], 'http://192.0.2.7:8080', ['http://192.0.2.7:8080', 'http://localhost:8080']],
  [['https://a.example'], 'http://127.0.0.1:80', ['https://a.example', 'http://localhost', 'http://127.0.0.1']],
])('links lead to the first of what %j and %s make', (origins, listening, all) => {
  expect(pageOrigins(origins, listening)).toEqual(all)
})
