/** The table of codes against the source: every code is documented, every documented code exists, every declared one is used. */
import { readFileSync } from 'node:fs'
import { parseSync, Visitor } from 'rolldown/utils'
import { describe, expect, test } from 'vitest'
import { ApiError, type ProblemCode } from '../../server/api/problem.ts'
import { readSourceTree } from '../tidy/source-tree.ts'

/** Names of other people's codes and of settings, which look like codes. */
const foreign = new Set([
  // Node
  'ERR_STREAM_PREMATURE_CLOSE',
  'ERR_WORKER_OUT_OF_MEMORY',
  'UND_ERR_SOCKET',
  // ethers and LevelDB
  'CALL_EXCEPTION',
  'INSUFFICIENT_FUNDS',
  'NONCE_EXPIRED',
  'REPLACEMENT_UNDERPRICED',
  'SERVER_ERROR',
  'BAD_DATA',
  'UNSUPPORTED_OPERATION',
  // ERC-2612
  'DOMAIN_SEPARATOR',
  'LEVEL_LOCKED',
  // the operating system
  'EAI_AGAIN',
  // the environment
  'ARCHIVE_FOLDER',
  'AREA_FILE',
  'BACKUP_FOLDER',
  'CHAIN_POLL_MS',
  'COMMONWATT_CONFIG',
  'DATABASE_URL',
  'DATA_FOLDER',
  'FIRST_BLOCK',
  'KEY_FILE',
  'LOG_LEVEL',
  'METERING_KEY_FILE',
  'METRICS_HOST',
  'METRICS_PORT',
  'POLL_MS',
  'RELAY_KEY_FILE',
  'RPC_URL',
  'SERVER_URL',
  'TRUST_PROXY',
  'WITNESS_TOLERANCE_PERCENT',
  'WITNESS_TOLERANCE_WH',
])

const programs = readSourceTree(process.cwd()).filter(({ path, module }) => {
  return module !== null && /^(contracts|meter-agent|server|web)\//.test(path)
})
const source = programs.map(({ text }) => text)
const used = new Set(
  source.flatMap((text) => [...text.matchAll(/'([A-Z]+(?:_[A-Z0-9]+)+)'/g)].map(([, code]) => code!)),
)
const rows = [...readFileSync('docs/errors.md', 'utf8').matchAll(/^\| `([A-Z_0-9]+)` \| (?:(\d{3}) \| )?(.+) \|$/gm)]

/** The classes of errors by what they extend, and the codes that they declare in the argument of their type. */
const parents = new Map<string, string>()
const declared: string[] = []
for (const { path, text } of programs) {
  const declare = ({ start, end }: { start: number; end: number }) => {
    declared.push(...[...text.slice(start, end).matchAll(/'([A-Z_]+)'/g)].map(([, code]) => code!))
  }
  new Visitor({
    ClassDeclaration({ id, superClass, superTypeArguments }) {
      if (superClass?.type !== 'Identifier' || !superClass.name.endsWith('Error')) return
      parents.set(id!.name, superClass.name)
      if (superTypeArguments) declare(superTypeArguments)
    },
    TSTypeAliasDeclaration({ id, typeAnnotation }) {
      if (id.name.endsWith('ErrorCode')) declare(typeAnnotation)
    },
  }).visit(parseSync(path, text).program)
}

describe('errors', () => {
  test('are of one family', () => {
    expect(parents.size).toBeGreaterThan(20)
    const isOfFamily = (name: string): boolean =>
      name === 'CodedError' || (parents.has(name) && isOfFamily(parents.get(name)!))
    expect([...parents].filter(([name]) => !isOfFamily(name))).toEqual([])
    expect(parents.get('CodedError')).toBe('Error')
  })

  test('declare only codes that something throws', () => {
    const all = source.join('\n')
    expect(declared.length).toBeGreaterThan(80)
    expect(declared.filter((code) => all.split(`'${code}'`).length < 3)).toEqual([])
  })
})

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
