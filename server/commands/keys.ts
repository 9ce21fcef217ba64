/** `commonwatt keys`: which coefficients would have been best for whom, from files of official values. */
import { Command } from 'commander'
import { type AllocationRound, inOneRound, wholeMillionths } from '../exchange/allocation/allocate.ts'
import { bestStaticShares, coveredBy, fixedKey, sharesOfInterval } from '../exchange/allocation/best-keys.ts'
import { historyOf, type PointHistory } from '../exchange/allocation/history.ts'
import { hourOfYear, hoursOfYear } from '../exchange/allocation/hour-of-year.ts'
import { shareWhole } from '../exchange/allocation/largest-remainder.ts'
import { ExchangeError } from '../exchange/error.ts'
import { readOfficialValues } from '../exchange/read-values.ts'
import { TimeZone } from '../exchange/time-zone.ts'
import { writeEsCoefficients } from '../exchange/write/es-coefficients.ts'
import { InputError, refuse, writeOutput } from './streams.ts'
import { readBounded } from './values-file.ts'

interface KeysOptions {
  producer: string[]
  timezone?: string
  coefficients?: 'fixed' | 'hourly'
}

const madrid = 'Europe/Madrid'

/** The subcommand, ready to be added to the program. */
export function keysCommand(): Command {
  return new Command('keys')
    .description(
      'compute from files of official values which coefficients would have covered how much of whose consumption',
    )
    .argument('<file...>', 'files in any format that read-values takes')
    .option('--producer <point...>', 'points that produce, where their file does not say the direction', [])
    .option('--timezone <zone>', 'the zone of local times, and of the hours of the year')
    .option('--coefficients <kind>', 'print the file for a Spanish distributor instead: fixed or hourly')
    .action(async (files: string[], options: KeysOptions) => {
      try {
        await writeOutput(await answer(files, options))
      } catch (error) {
        if (!(error instanceof ExchangeError || error instanceof InputError)) throw error
        refuse(error.message)
      }
    })
}

async function answer(files: string[], { producer, timezone, coefficients }: KeysOptions): Promise<string> {
  if (coefficients !== undefined && !['fixed', 'hourly'].includes(coefficients)) {
    throw new InputError(`--coefficients ${coefficients}: expected fixed or hourly`)
  }
  const series = []
  for (const file of files) {
    try {
      series.push(...(await readOfficialValues(await readBounded(file), { timezone })).series)
    } catch (error) {
      if (!(error instanceof ExchangeError || error instanceof InputError)) throw error
      throw new InputError(`${file}: ${error.message}`)
    }
  }
  const history = historyOf(series, new Set(producer))
  const best = bestStaticShares(history)
  if (coefficients === undefined) return `${JSON.stringify(comparison(history, best), null, 1)}\n`
  return coefficientFile(history, best, coefficients, new TimeZone(timezone ?? madrid))
}

/** What every kind of key would have given to each, and which would have been best for whom. */
function comparison(history: PointHistory, best: number[]) {
  const sum = (list: readonly number[]) => list.reduce((all, each) => all + each, 0)
  const consumption = history.consumedWh.map(sum)
  const fixed = (sharesMillionths: number[]) => ({ sharesMillionths, keyOf: () => fixedKey(sharesMillionths) })
  const keys: Record<string, { sharesMillionths: number[] | null; keyOf: (interval: number) => AllocationRound[] }> = {
    equal: fixed(
      shareWhole(
        wholeMillionths,
        history.consumers.map(() => 1),
      ),
    ),
    'by-consumption': fixed(shareWhole(wholeMillionths, consumption)),
    'best-fixed': fixed(best),
    hourly: {
      sharesMillionths: null,
      keyOf: (interval) => fixedKey(sharesOfInterval(history, interval) ?? best),
    },
    proportional: { sharesMillionths: null, keyOf: () => inOneRound({ kind: 'proportional' }) },
  }
  const produced = sum(history.producedWh)
  const results = Object.entries(keys).map(([name, { sharesMillionths, keyOf }]) => {
    const covered = coveredBy(history, keyOf)
    return {
      name,
      coveredWh: sum(covered),
      ofProductionPercent: percent(sum(covered), produced),
      consumers: history.consumers.map((point, i) => ({
        point,
        sharePercent: sharesMillionths === null ? null : (sharesMillionths[i]! / 10_000).toFixed(4),
        coveredWh: covered[i]!,
        ofConsumptionPercent: percent(covered[i]!, consumption[i]!),
      })),
    }
  })
  const bestFor = history.consumers.map((point, i) => {
    const most = Math.max(...results.map(({ consumers }) => consumers[i]!.coveredWh))
    return { point, keys: results.filter(({ consumers }) => consumers[i]!.coveredWh === most).map(({ name }) => name) }
  })
  const { intervalSeconds, starts, leftOut, producers } = history
  return {
    intervalSeconds,
    intervals: starts.length,
    intervalsLeftOut: leftOut,
    producers,
    producedWh: produced,
    consumedWh: sum(consumption),
    keys: results,
    bestFor,
  }
}

function percent(part: number, whole: number): string | null {
  return whole === 0 ? null : ((part / whole) * 100).toFixed(2)
}

/** Hours without history have the best fixed coefficients. */
function coefficientFile(history: PointHistory, best: number[], kind: 'fixed' | 'hourly', zone: TimeZone): string {
  const cups = history.consumers.map((point) => (point.length === 20 ? `${point}0F` : point))
  const last = history.starts.at(-1)
  if (last === undefined) throw new ExchangeError('VALUES_COUNT', '', 'no interval that all files have')
  const { year } = hourOfYear(last, zone)
  if (kind === 'fixed') return writeEsCoefficients({ cups, millionths: [best] }, year)
  const consumed = Array.from({ length: hoursOfYear(year) }, () => history.consumers.map(() => 0))
  for (const [interval, start] of history.starts.entries()) {
    const at = hourOfYear(start, zone)
    if (at.year !== year) continue
    for (const [i, ofConsumer] of history.consumedWh.entries()) consumed[at.hour - 1]![i]! += ofConsumer[interval]!
  }
  const millionths = consumed.map((wh) => (wh.every((each) => each === 0) ? best : shareWhole(wholeMillionths, wh)))
  return writeEsCoefficients({ cups, millionths }, year)
}
