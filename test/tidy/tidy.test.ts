/** The source tree keeps the project's laws, and each law finds what breaks it. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import * as fileLaws from './file-laws.ts'
import * as importLaws from './import-laws.ts'
import { readRooms } from './rooms.ts'
import { readSourceTree, type SourceFile } from './source-tree.ts'

const rooms = readRooms(readFileSync(new URL('rooms.txt', import.meta.url), 'utf8'))

type Law = (files: readonly SourceFile[], root: string) => string[]

/** Names as a document writes them; here they may name what is not there. */
const inBackticks = (...names: string[]) => names.map((name) => `\`${name}\``).join(' and ')

/** Each law with files that break it: planted into a tree of their own, they are found. */
const laws: Record<string, { law: Law; planted: Record<string, string>; found: RegExp[] }> = {
  'a room imports only what the table allows': {
    law: (files) => importLaws.againstTheDirection(files, rooms),
    planted: {
      'meter-agent/home/a.ts': "import { b } from '../../server/api/b.ts'\n",
      'server/reports/a.ts': "export const a = async () => import('../store/b.ts')\n",
      'server/reports/b.ts': 'export const b = async () => import(`../store/b.ts`)\n',
      'server/market/a.ts': "type B = import('../areas/b.ts').B\nexport type A = B\n",
      'web/page/a.ts':
        "import { resource } from '../../server/api/resources.ts'\nimport type { A } from '../../server/api/resources.ts'\n",
      'server/store/a.ts': "import type { A } from '../areas/settings.ts'\nimport { b } from '../areas/worker.ts'\n",
      'server/cellar/a.ts': '',
    },
    found: [
      /^meter-agent\/home\/a.ts imports server\/api\/b.ts/,
      /^server\/cellar\/a.ts stands in no room/,
      /^server\/market\/a.ts imports server\/areas\/b.ts/,
      /^server\/reports\/a.ts imports server\/store\/b.ts/,
      /^server\/reports\/b.ts imports server\/store\/b.ts/,
      /^server\/store\/a.ts imports server\/areas\/worker.ts/,
      /^web\/page\/a.ts imports server\/api\/resources.ts/,
    ],
  },
  'no files import each other in a circle': {
    law: importLaws.circles,
    planted: {
      'server/market/a.ts': "import { b } from './b.ts'\n",
      'server/market/b.ts': "import type { C } from './c.ts'\n",
      'server/market/c.ts': "import { a } from './a.ts'\n",
      'server/market/d.ts': "import { a } from './a.ts'\nimport { b } from './b.ts'\n",
    },
    found: [/^server\/market\/a.ts → server\/market\/b.ts → server\/market\/c.ts → server\/market\/a.ts$/],
  },
  'the thread of an area hashes no statement and checks no signature': {
    law: importLaws.onAreaThread,
    planted: {
      'server/areas/area-thread.ts':
        "import { open } from '../store/a.ts'\nimport type { Tree } from '../settlement/merkle.ts'\n",
      'server/store/a.ts': "import { rootOf } from '../settlement/statement.ts'\n",
      'server/settlement/statement.ts': 'export const rootOf = 1\n',
      'server/settlement/merkle.ts': 'export type Tree = 1\n',
    },
    found: [/^server\/areas\/area-thread.ts → server\/store\/a.ts → server\/settlement\/statement.ts$/],
  },
  'a pure room takes nothing from its surroundings': {
    law: (files) => importLaws.impurities(files, rooms),
    planted: {
      'server/reports/a.ts': [
        "import { readFileSync } from 'node:fs'",
        "import { createHash, randomBytes } from 'node:crypto'",
        "import { pino } from 'pino'",
        "import { keccak256 } from 'ethers'",
        "import { Wallet } from 'ethers'",
        'export const now = () => Date.now() + new Date(0).getTime() + performance.now()',
        'export const today = () => new Date()',
        'export const dice = () => Math.random() + Math.round(process.uptime())',
        'export const say = () => setTimeout(() => console.log(1), 1)',
      ].join('\n'),
      'server/store/a.ts': 'export const now = () => Date.now()\n',
    },
    found: [
      /uses Date\.now$/,
      /uses performance\.now$/,
      /uses new Date\(\)$/,
      /uses Math\.random$/,
      /uses process\.uptime$/,
      /uses setTimeout\(\)$/,
      /uses console\.log$/,
      /imports readFileSync of node:fs$/,
      /imports createHash, randomBytes of node:crypto$/,
      /imports pino of pino$/,
      /imports Wallet of ethers$/,
    ],
  },
  'no name is exported for two ideas': {
    law: importLaws.namesTwice,
    planted: {
      'server/market/a.ts': 'export interface Side {}\nexport const own = 1\n',
      'web/orders/a.ts': "export type Side = 'buy'\n",
      'contracts/build/a.js': 'export const tool = 1\n',
      'contracts/build/a.d.ts': 'export const tool: number\n',
    },
    found: [/^Side is exported by server\/market\/a.ts and web\/orders\/a.ts$/],
  },
  'no file passes on what another exports': {
    law: importLaws.passingOn,
    planted: { 'server/market/index.ts': "export { a } from './a.ts'\nexport * from './b.ts'\n" },
    found: [/passes on a.ts$/, /passes on b.ts$/],
  },
  'tests never run an old build': {
    law: importLaws.withoutBuildCheck,
    planted: {
      'test/a.test.ts': "import { startDemo } from '../server/demo/demo.ts'\n",
      'test/b.test.ts': `spawn('bin/${'commonwatt'}.js')\n`,
      'test/c.test.ts':
        "import { startDemo } from '../server/demo/demo.ts'\nimport { assertBuilt } from './built.ts'\n",
    },
    found: [/^test\/a.test.ts/, /^test\/b.test.ts/],
  },
  'every source says in its first sentence what it is for': {
    law: fileLaws.withoutHeader,
    planted: {
      'server/market/a.ts': "import { b } from './b.ts'\n/** Too late by one line. */\n",
      'server/market/b.ts': '// Says what it is for.\n',
      'server/market/c.ts': '/** Types. */\n',
      'bin/d.js': '#!/usr/bin/env node\n/** Says what it is for. */\n',
      'contracts/src/E.sol':
        '// SPDX-License-Identifier: X\npragma solidity ^0.8.0;\n\nimport {\n  A\n} from "./A.sol";\n\n/// Says what it is for.\n',
      'contracts/src/F.sol': '// SPDX-License-Identifier: X\npragma solidity ^0.8.0;\n\ncontract F {}\n',
    },
    found: [/^contracts\/src\/F.sol/, /^server\/market\/a.ts/, /^server\/market\/c.ts/],
  },
  'no source has more than 600 lines': {
    law: fileLaws.tooLong,
    planted: {
      ...Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`server/market/short${i}.ts`, '\n'])),
      'server/market/long.ts': '\n'.repeat(601),
    },
    found: [/^server\/market\/long.ts has 601 lines$/],
  },
  'most sources have at most 300 lines': {
    law: fileLaws.tooLong,
    planted: {
      ...Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`server/market/short${i}.ts`, '\n'])),
      'server/market/unusual.ts': '\n'.repeat(301),
    },
    found: [/^server\/market\/unusual.ts has 301 lines$/],
  },
  'everything belongs to a concept': {
    law: fileLaws.withoutConcept,
    planted: {
      'server/utils/a.ts': '',
      'web/page/date-helpers.ts': '',
      'server/market/common.ts': '',
      'web/page/commonwatt.ts': '',
    },
    found: [/^server\/market\/common.ts/, /^server\/utils\/a.ts/, /^web\/page\/date-helpers.ts/],
  },
  'nothing is left for later': {
    law: fileLaws.unfinished,
    planted: {
      'server/market/a.ts': `// ${'TO'}${'DO'}: round\nexport const a = 1 // good enough ${'for'} now\n`,
      'docs/a.md': `${'FIX'}${'ME'} later\n`,
    },
    found: [/^docs\/a.md:1:/, /^server\/market\/a.ts:1:/, /^server\/market\/a.ts:2:/],
  },
  'tests wait as long as a slow machine needs': {
    law: fileLaws.impatientWaits,
    planted: {
      'test/a.test.ts': 'await vi.waitFor(() => expect(a(patiently, 1)).toBe(1))\nawait vi.waitFor(a, patiently)\n',
      'test/b.ts':
        'vi.waitFor(a, { ...patiently, interval: 0 })\nvi.waitUntil(a, { timeout: 9 })\nexpect\n  .poll(a,\n)\n',
      'server/market/a.ts': 'vi.waitFor(a)\n',
    },
    found: [/^test\/a.test.ts:1 gives up/, /^test\/b.ts:2 gives up/, /^test\/b.ts:3 gives up/],
  },
  'links of documents lead somewhere': {
    law: (files, root) => fileLaws.brokenLinks(files, (path) => existsSync(join(root, path))),
    planted: {
      'README.md':
        '# A title\n[file](docs/a.md) [here](#a-title) [there](docs/a.md#why-so) [web](https://example.org) [gone](docs/b.md) [nowhere](docs/a.md#how)\n',
      'docs/a.md': '## Why so?\n[up](../README.md)\n```\n[code](c.md)\n```\n',
    },
    found: [/links to docs\/b.md, which/, /links to docs\/a.md#how, a heading/],
  },
  'paths in comments and documents are there': {
    law: (files, root) => fileLaws.unknownPaths(files, (path) => existsSync(join(root, path))),
    planted: {
      'docs/a.md': inBackticks('server/market/', 'market/b.ts', 'server/cellar/', 'market/gone.ts'),
      'server/market/b.ts': `/** As ${inBackticks('docs/a.md', 'docs/c.md')} say. */\n`,
    },
    found: [
      /^docs\/a.md names server\/cellar\//,
      /^docs\/a.md names market\/gone.ts/,
      /^server\/market\/b.ts names docs\/c.md/,
    ],
  },
  'every decision says when it was made': {
    law: fileLaws.undatedDecisions,
    planted: {
      'docs/decisions/0001-a.md': '# A\n\nDecided on 2026-02-03.\n\nWhy.\n',
      'docs/decisions/0002-b.md': '# B\n\nWhy.\n',
    },
    found: [/^docs\/decisions\/0002-b.md/],
  },
  'every connection and every transaction can be lost': {
    law: fileLaws.unguardedTransactions,
    planted: {
      'server/store/database.ts': '/** A. */\ndatabase\n  .begin(isolation, body)\n',
      'server/chain/a.ts': '/** A. */\ntransact(database, body)\nwriter.begin()\n',
      'server/chain/b.ts': '/** B. */\nawait database\n  .begin(async (sql) => {})\n',
      'server/chain/c.ts': '/** C. */\nawait database.reserve()\n',
      'server/chain/d.ts': '/** D. */\nconst sql = postgres(url)\n',
    },
    found: [/^server\/chain\/b.ts/, /^server\/chain\/c.ts/, /^server\/chain\/d.ts/],
  },
  'a file that replaces a module has a process of its own': {
    law: fileLaws.replacingBesideOthers,
    planted: {
      'vitest.config.ts':
        "/** A. */\nconst whole = [\n  'test/chain/',\n]\nconst replacing = ['test/a.test.ts', 'test/b.test.ts', 'test/chain/a.test.ts', 'test/c.test.ts']\n",
      'test/a.test.ts': "vi.mock(import('node:crypto'))\n",
      'test/b.test.ts': "// vi.mock('x')\nvi.spyOn(a, 'b')\n",
      'test/chain/a.test.ts': "vi.mock(import('node:crypto'))\n",
      'test/d.test.ts': "vi.doMock('./d.ts')\n",
      'test/e.ts': 'export const anew = () => vi.resetModules()\n',
    },
    found: [
      /^test\/d.test.ts replaces a module/,
      /^test\/e.ts replaces a module/,
      /lists test\/b.test.ts/,
      /lists test\/chain\/a.test.ts/,
      /lists test\/c.test.ts/,
    ],
  },
}

const root = process.cwd()
const tree = readSourceTree(root)

test('the tree is read', () => {
  expect(tree.length).toBeGreaterThan(400)
})

describe.each(Object.entries(laws))('%s', (_, { law, planted, found }) => {
  test('in this tree', () => {
    expect(law(tree, root)).toEqual([])
  })

  test('or it is named', () => {
    const folder = mkdtempSync(join(tmpdir(), 'commonwatt-tidy-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    for (const [path, text] of Object.entries(planted)) {
      mkdirSync(join(folder, dirname(path)), { recursive: true })
      writeFileSync(join(folder, path), text)
    }
    const complaints = law(readSourceTree(folder), folder)
    expect(complaints).toEqual(found.map((each) => expect.stringMatching(each)))
  })
})

describe('the table of rooms', () => {
  test('points downwards', () => {
    expect(() => readRooms('server/a/ | b/\nserver/b/ |\n')).toThrow(
      'server/a/ imports server/b/, which does not stand above it',
    )
  })

  test('keeps pure rooms among themselves', () => {
    expect(() => readRooms('server/b/ |\nserver/a/ ! b/\n')).toThrow(
      'server/a/ is pure and imports server/b/, which is not',
    )
  })

  test('has no line without a file', () => {
    expect(rooms.map(({ path }) => path).filter((path) => !existsSync(path))).toEqual([])
  })
})
