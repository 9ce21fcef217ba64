/** `commonwatt clear`: clears spot auctions from JSON, checks results and explains orders. */
import { Command } from 'commander'
import { parseJsonText } from '../../contracts/protocol/file-syntax.ts'
import { parsePrice, UnitError } from '../../contracts/protocol/units.ts'
import { clearAuction } from '../market/auction.ts'
import { type AuctionDocument, outcomeToJson, readAuctions, resultToJson } from '../market/auction-json.ts'
import { checkAuction } from '../market/check.ts'
import { MarketError, quoted } from '../market/errors.ts'
import { betterLimits, explaining, whatIf } from '../market/explain.ts'
import { readResult } from '../market/result-json.ts'
import { languages } from '../words/languages.ts'
import { auctionSentence } from '../words/sentences.ts'
import { InputError, mostInputBytes, readInput, refuse, writeOutput } from './streams.ts'

interface ClearOptions {
  check?: string
  explain?: string
  limit?: string
}

/** The subcommand, ready to be added to the program. */
export function clearCommand(): Command {
  return new Command('clear')
    .argument('[file]', 'the auction; - for standard input', '-')
    .option('--check <result>', 'check this result of the auction instead, by the rules and from the auction alone')
    .option('--explain <order>', 'explain what this order got, and which limits would have got it more')
    .option('--limit <price>', 'with --explain: what this limit per kWh would have got instead')
    .action(async (file: string, options: ClearOptions) => {
      try {
        await writeOutput(`${JSON.stringify(await answer(file, options))}\n`)
      } catch (error) {
        if (!(error instanceof MarketError || error instanceof InputError || error instanceof UnitError)) throw error
        refuse(error.message)
      }
    })
}

async function answer(file: string, { check, explain, limit }: ClearOptions): Promise<unknown> {
  if (check !== undefined && explain !== undefined) throw new InputError('--check and --explain exclude each other')
  if (limit !== undefined && explain === undefined) throw new InputError('--limit needs --explain')
  if (check === '-' && file === '-') throw new InputError('only one of result and auction can come from standard input')
  const auctions = readAuctions(await readJson(file))
  if (check !== undefined) return checkResults(auctions, await readJson(check, mostInputBytes))
  if (explain !== undefined) return explainOrder(auctions, explain, limit)
  return eachAuction(auctions, ({ input, priceDecimals }) => resultToJson(clearAuction(input), priceDecimals))
}

/** A result that `clear` printed stands on one line, however long. */
async function readJson(file: string, mostLineBytes?: number): Promise<unknown> {
  const text = await readInput(file, mostLineBytes)
  try {
    return parseJsonText(text)
  } catch (error) {
    throw new InputError(`${file === '-' ? 'standard input' : file}: ${(error as SyntaxError).message}`)
  }
}

type Auctions = AuctionDocument | AuctionDocument[]

/** Treats one auction or each of an array, naming in a refusal which of several it was. */
function eachAuction<T>(auctions: Auctions, treat: (auction: AuctionDocument, position: number) => T): T | T[] {
  if (!Array.isArray(auctions)) return treat(auctions, 0)
  return auctions.map((auction, i) => {
    try {
      return treat(auction, i)
    } catch (error) {
      if (!(error instanceof MarketError)) throw error
      const { code, subject } = error
      throw new MarketError(code, `auction ${i + 1}: ${error.message}`, { subject, cause: error })
    }
  })
}

function checkResults(auctions: Auctions, results: unknown): { right: true } {
  if (Array.isArray(auctions) !== Array.isArray(results)) {
    throw new MarketError('RESULT_SHAPE', 'the result and the auction must both be arrays or neither')
  }
  if (Array.isArray(auctions) && Array.isArray(results) && auctions.length !== results.length) {
    throw new MarketError('RESULT_SHAPE', `there are ${auctions.length} auctions but ${results.length} results`)
  }
  eachAuction(auctions, ({ input, priceDecimals }, position) => {
    const json = Array.isArray(results) ? results[position] : results
    const breach = checkAuction(input, readResult(json, priceDecimals))
    if (breach) throw new MarketError('RESULT_WRONG', `${breach.rule}: ${breach.message}`, { subject: breach.subject })
  })
  return { right: true }
}

/** Explains the order in the auction that holds it, or, in an array, in every auction that does. */
function explainOrder(auctions: Auctions, id: string, limit: string | undefined): unknown {
  const ofEach = eachAuction(auctions, ({ input, priceDecimals }) => {
    const order = input.orders.find((each) => each.id === id)
    if (order === undefined) return []
    const outcome = explaining(input, clearAuction(input))(order)
    const message = auctionSentence(languages.en, order.side, outcome, priceDecimals)
    const alternatives =
      limit === undefined ? betterLimits(input, id) : [whatIf(input, id, parsePrice(limit, priceDecimals))]
    return [outcomeToJson(outcome, { message, alternatives, decimals: priceDecimals })]
  })
  const explained = [ofEach].flat(2)
  if (explained.length === 0)
    throw new MarketError('ORDER_UNKNOWN', `order ${quoted(id)}: no auction has it`, { subject: id })
  return Array.isArray(auctions) ? explained : explained[0]
}
