/** What `commonwatt verify` does: reads the file and the chain, and says whether they agree. */
import type { JsonRpcProvider } from 'ethers'
import { hashRules } from '../../contracts/protocol/typed-data.ts'
import { openProvider } from '../chain/escrow-client.ts'
import { readSettledArea } from '../chain/settled-area.ts'
import { readSettledSeat } from '../chain/settled-seat.ts'
import { wordsOfWallets } from '../chain/wallet-words.ts'
import { beginsReport, ReportReader } from '../reports/verify-report.ts'
import { BatchFigures } from '../reports/verify-rows.ts'
import { beginsArchive } from '../settlement/archive-file.ts'
import { type AreaFile, AreaFileReader, beginsAreaFile } from '../settlement/area-file.ts'
import { readStatementFile, type StatementFile } from '../settlement/statement-file.ts'
import { verifyArea } from '../settlement/verify/verify-area.ts'
import { verifyStatement } from '../settlement/verify/verify-statement.ts'
import { signerOfReading } from '../signatures/reading-signer.ts'
import { InputError, readLines, writeOutput } from './streams.ts'
import { verifyArchive } from './verify-archive.ts'

export interface VerifyOptions {
  /** A report can be checked by itself, without a node. */
  rpcUrl?: string
  firstBlock: number
  /** Of a report: the file of a batch, from which its rows are computed again. */
  batch?: string
}

/** Prints that a statement, a batch, an archive or a report is right. Throws `InputError` naming the first difference. */
export async function verifyFile(path: string, options: VerifyOptions): Promise<void> {
  const figures = options.batch === undefined ? null : new BatchFigures()
  if (options.batch !== undefined)
    await againstChain(await readCheck(readLines(options.batch), options.batch, { ...options, figures }), options)
  const lines = readLines(path)
  const first = await lines.next()
  if (first.done === false && beginsArchive(first.value)) {
    const said = await verifyArchive(withFirst(first.value, lines), (file) =>
      againstChain(areaCheck(file, options.firstBlock, null), options),
    )
    await writeOutput(`right: ${said}\n`)
    return
  }
  const check = await readCheck(withFirst(first.value ?? '', lines), path, { ...options, figures })
  if (typeof check !== 'string') await againstChain(check, options)
  await writeOutput(typeof check === 'string' ? `right: ${check}\n` : 'right\n')
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
  { firstBlock, figures }: { firstBlock: number; figures: BatchFigures | null },
): Promise<Check | string> {
  const area = new AreaFileReader()
  const report = new ReportReader()
  const lines: string[] = []
  let kind: 'area' | 'report' | 'statement' | null = null
  for await (const line of source) {
    kind ??= beginsAreaFile(line) ? 'area' : beginsReport(line) ? 'report' : 'statement'
    if (kind === 'area') area.take(line)
    else if (kind === 'statement') lines.push(line)
    else {
      const row = report.take(line)
      if (row !== null) figures?.compare(row)
    }
  }
  if (kind === 'report') {
    const { rows } = report.finish()
    const compared = figures === null ? '' : `, of which ${figures.finish()} are what their batch gives`
    return `${rows} rows${compared}`
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
          ...{ agreements, revocations },
          declared: { declarations, rules: hashRules(chain.rules), grids: chain.grids },
        }),
        signerOf: signerOfReading,
      })
    },
  }
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    const name = path === '-' ? 'standard input' : path
    throw new InputError(`${name} is not JSON: ${(cause as Error).message.slice(0, 200)}`)
  }
}
