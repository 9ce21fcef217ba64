/** The table of codes against the source: every code is documented, every documented code exists. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ApiError, type ProblemCode } from '../../server/api/problem.ts'

/** Names of other people's codes and of settings, which look like codes. */
const foreign = new Set([
  // ethers and LevelDB
  'CALL_EXCEPTION',
  'INSUFFICIENT_FUNDS',
  'NONCE_EXPIRED',
  'REPLACEMENT_UNDERPRICED',
  'SERVER_ERROR',
  'BAD_DATA',
  'LEVEL_LOCKED',
  // the operating system
  'EAI_AGAIN',
  // the environment
  'DATABASE_URL',
  'FIRST_BLOCK',
  'LOG_LEVEL',
  'OPERATOR_KEY_FILE',
  'RPC_URL',
  'TRUST_PROXY',
])

function sourceFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|tsx|js)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
}

const source = ['contracts', 'meter-agent', 'server', 'web']
  .flatMap(sourceFiles)
  .map((file) => readFileSync(file, 'utf8'))
const used = new Set(
  source.flatMap((text) => [...text.matchAll(/'([A-Z]+(?:_[A-Z0-9]+)+)'/g)].map(([, code]) => code!)),
)
const rows = [...readFileSync('docs/errors.md', 'utf8').matchAll(/^\| `([A-Z_0-9]+)` \| (?:(\d{3}) \| )?(.+) \|$/gm)]

describe('docs/errors.md', () => {
  test('has every code of the source', () => {
    const documented = new Set(rows.map(([, code]) => code))
    expect([...used].filter((code) => !foreign.has(code) && !documented.has(code))).toEqual([])
  })

  test('has no code that the source does not have, and none twice', () => {
    const all = source.join('\n')
    const codes = rows.map(([, code]) => code!)
    expect(codes.filter((code) => !new RegExp(`\\b${code}\\b`).test(all))).toEqual([])
    expect(codes.filter((code, at) => codes.indexOf(code) !== at)).toEqual([])
  })

  test('has the status that the API answers with', () => {
    const own = rows.filter(([, code]) => code! in statusOf)
    expect(Object.fromEntries(own.map(([, code, status]) => [code, Number(status)]))).toEqual(statusOf)
  })
})

const statusOf = Object.fromEntries(
  [...readFileSync('server/api/problem.ts', 'utf8').matchAll(/^ {2}([A-Z_]+): \[\d+,/gm)].map(([, code]) => [
    code,
    new ApiError(code as ProblemCode, '').status,
  ]),
)
