/** What `commonwatt verify` does: reads the file and the chain, and says whether they agree. */
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { JsonRpcProvider } from 'ethers'
import { parseJsonText } from '../../contracts/protocol/file-syntax.ts'
import { hashRules } from '../../contracts/protocol/typed-data.ts'
import type { ApiClient } from '../api-client.ts'
import { openProvider } from '../chain/escrow-client.ts'
import { readSettledArea } from '../chain/settled-area.ts'
import { readSettledSeat } from '../chain/settled-seat.ts'
import { wordsOfWallets } from '../chain/wallet-words.ts'
import { ReportError } from '../reports/row.ts'
import { beginsReport, type CheckedRow, ReportReader } from '../reports/verify-report.ts'
import { BatchFigures } from '../reports/verify-rows.ts'
import { beginsArchive } from '../settlement/archive-file.ts'
import { type AreaFile, AreaFileReader, beginsAreaFile } from '../settlement/area-file.ts'
import { readStatementFile, type StatementFile } from '../settlement/statement-file.ts'
import { verifyArea } from '../settlement/verify/verify-area.ts'
import { verifyStatement } from '../settlement/verify/verify-statement.ts'
import { signerOfReading } from '../signatures/reading-signer.ts'
import { type ClerkOptions, clerkOf, exportedLines } from './clerk-client.ts'
import { InputError, readLines, writeOutput } from './streams.ts'
import { verifyArchive } from './verify-archive.ts'

export interface VerifyOptions {
  /** A report can be checked by itself, without a node. */
  rpcUrl?: string
  firstBlock: number
  /** For a report: the file of a batch, from which its rows are computed again, or a folder of such files. */
  batch?: string
  /** For a report: the server that has the batches of all its rows, and whose key signs in there. */
  serverUrl?: string
  keyFile?: string
}

/** What the rows of a report are compared with. */
interface Comparison {
  /** Throws `REPORT_WRONG` for a row that its batch does not give. */
  compare(row: CheckedRow): Promise<void>
  /** Says what was compared. */
  finish(): string
}

/** Prints that a statement, a batch, an archive or a report is right. Throws `InputError` naming the first difference. */
export async function verifyFile(path: string, options: VerifyOptions): Promise<void> {
  const comparison = await comparisonOf(options)
  const lines = readLines(path)
  const first = await lines.next()
  if (first.done === false && beginsArchive(withoutMark(first.value))) {
    const said = await verifyArchive(withFirst(withoutMark(first.value), lines), (file) =>
      againstChain(areaCheck(file, options.firstBlock, null), options),
    )
    await writeOutput(`right: ${said}\n`)
    return
  }
  const { firstBlock } = options
  const check = await readCheck(withFirst(first.value ?? '', lines), path, { firstBlock, figures: null, comparison })
  if (typeof check !== 'string') await againstChain(check, options)
  await writeOutput(typeof check === 'string' ? `right: ${check}\n` : 'right\n')
}

async function comparisonOf(options: VerifyOptions): Promise<Comparison | null> {
  const { batch, serverUrl, keyFile } = options
  if (batch !== undefined) {
    const all: BatchFigures[] = []
    for (const path of filesAt(batch)) all.push(await figuresOf(readLines(path), path, options))
    return {
      async compare(row) {
        for (const figures of all) figures.compare(row)
      },
      finish() {
        const rows = all.reduce((sum, figures) => sum + figures.finish(), 0)
        return `, of which ${rows} are what their ${givenBy(all.length)}`
      },
    }
  }
  if (serverUrl === undefined) return null
  return new ServerComparison({ serverUrl, ...(keyFile === undefined ? {} : { keyFile }) }, options)
}

/** The file, or those of the folder by their names. */
function filesAt(path: string): string[] {
  if (path === '-' || !statSync(path, { throwIfNoEntry: false })?.isDirectory()) return [path]
  const names = readdirSync(path).filter((name) => name.endsWith('.jsonl'))
  if (names.length === 0) throw new InputError(`${path} has no file that ends with .jsonl`)
  return names.sort().map((name) => join(path, name))
}

const givenBy = (batches: number) => (batches === 1 ? 'batch gives' : `${batches} batches give`)

/** A batch, computed again and compared with the chain. */
async function figuresOf(lines: AsyncIterable<string>, name: string, options: VerifyOptions): Promise<BatchFigures> {
  const figures = new BatchFigures()
  const { firstBlock } = options
  await againstChain(await readCheck(lines, name, { firstBlock, figures, comparison: null }), options)
  return figures
}

/** Fetches the batches of a report's rows one after the other: rows come in the order of time. */
class ServerComparison implements Comparison {
  readonly #of: ClerkOptions
  readonly #options: VerifyOptions
  #clerk: ApiClient | null = null
  #open: { end: number; figures: BatchFigures } | null = null
  #rows = 0
  #batches = 0
  #unsettled = 0

  constructor(of: ClerkOptions, options: VerifyOptions) {
    this.#of = of
    this.#options = options
  }

  async compare(row: CheckedRow): Promise<void> {
    const { area, batch, intervals, line } = row
    if (intervals !== 1) {
      throw new ReportError('REPORT_WRONG', `line ${line}: sums of days or months have no batch to be compared with`)
    }
    if (batch === null || row.statementRoot === null) {
      this.#unsettled++
      return
    }
    if (this.#open?.end !== batch) {
      this.#finishBatch()
      this.#clerk ??= await clerkOf(this.#of, area)
      const lines = exportedLines(this.#clerk, area, batch)
      this.#open = { end: batch, figures: await figuresOf(lines, `the batch of line ${line}`, this.#options) }
    }
    this.#open.figures.compare(row)
  }

  finish(): string {
    this.#finishBatch()
    const open = this.#unsettled === 0 ? '' : `; ${this.#unsettled} are not settled yet`
    return `, of which ${this.#rows} are what their ${givenBy(this.#batches)}${open}`
  }

  #finishBatch(): void {
    if (this.#open === null) return
    this.#rows += this.#open.figures.finish()
    this.#batches++
    this.#open = null
  }
}

/** A byte order mark is a part of reports for spreadsheets, and means nothing elsewhere. */
function withoutMark(line: string): string {
  return line.startsWith('\ufeff') ? line.slice(1) : line
}

async function* withFirst(first: string, rest: AsyncIterable<string>): AsyncGenerator<string> {
  yield first
  yield* rest
}

async function againstChain(check: Check | string, { rpcUrl }: VerifyOptions): Promise<void> {
  if (typeof check === 'string') throw new InputError('--batch takes what `commonwatt export` wrote')
  if (rpcUrl === undefined) throw new InputError('a node of the chain is needed: --rpc-url or RPC_URL')
  const { chainId } = check
  const provider = openProvider(rpcUrl, chainId)
  try {
    const actual = Number(await provider.send('eth_chainId', []))
    if (actual !== chainId) throw new InputError(`the statement is of chain ${chainId}, the node is on ${actual}`)
    const difference = await check.run(provider)
    if (difference !== null) throw new InputError(difference)
  } finally {
    provider.destroy()
  }
}

interface Check {
  chainId: number
  /** The first difference, or null. */
  run(provider: JsonRpcProvider): Promise<string | null>
}

/** An area's file and a report are read line by line, a statement as one piece. A report is right once it is read: says of what. */
async function readCheck(
  source: AsyncIterable<string>,
  path: string,
  {
    firstBlock,
    figures,
    comparison,
  }: { firstBlock: number; figures: BatchFigures | null; comparison: Comparison | null },
): Promise<Check | string> {
  const area = new AreaFileReader()
  const report = new ReportReader()
  const lines: string[] = []
  let kind: 'area' | 'report' | 'statement' | null = null
  for await (const marked of source) {
    const line = withoutMark(marked)
    kind ??= beginsAreaFile(line) ? 'area' : beginsReport(marked) ? 'report' : 'statement'
    if (kind === 'area') area.take(line)
    else if (kind === 'statement') lines.push(line)
    else {
      const row = report.take(marked)
      if (row !== null) await comparison?.compare(row)
    }
  }
  if (kind === 'report') {
    const { rows } = report.finish()
    return `${rows} rows${comparison?.finish() ?? ''}`
  }
  if (kind === 'area') return areaCheck(area.finish(), firstBlock, figures)
  return seatCheck(readStatementFile(parseJson(path, lines.join('\n'))), firstBlock)
}

function seatCheck(file: StatementFile, firstBlock: number): Check {
  const { chainId, escrow, area, seat, end } = file
  return {
    chainId,
    run: async (provider) =>
      verifyStatement(file, await readSettledSeat({ provider, escrow, area, seat, end, firstBlock }), {
        words: await wordsOfWallets(provider, file, file),
        signerOf: signerOfReading,
      }),
  }
}

function areaCheck(file: AreaFile, firstBlock: number, figures: BatchFigures | null): Check {
  const { chainId, escrow, area, end, agreements, revocations, declarations } = file
  const knownFrom = file.intervals[0]?.block ?? firstBlock
  return {
    chainId,
    async run(provider) {
      const chain = await readSettledArea({ provider, escrow, area, end, firstBlock, knownFrom })
      figures?.of(file, chain)
      return verifyArea(file, chain, {
        words: await wordsOfWallets(provider, file, {
          orders: [...file.orders, ...file.forwardOrders],
          ...{ agreements, revocations, budgets: file.budgets },
          declared: { declarations, rules: hashRules(chain.rules), grids: chain.grids },
        }),
        signerOf: signerOfReading,
      })
    },
  }
}

function parseJson(path: string, text: string): unknown {
  try {
    return parseJsonText(text)
  } catch (cause) {
    throw new InputError(`${path === '-' ? 'standard input' : path}: ${(cause as SyntaxError).message}`)
  }
}
