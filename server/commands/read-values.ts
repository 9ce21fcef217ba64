/** `commonwatt read-values`: prints what a file of official interval values says, without a database. */
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Command } from 'commander'
import { formatMicroWh } from '../exchange/decimal.ts'
import { ExchangeError } from '../exchange/error.ts'
import { isoSeconds } from '../exchange/instants.ts'
import type { OfficialSeries, OfficialValues } from '../exchange/official-values.ts'
import { type ReadOptions, readOfficialValues } from '../exchange/read-values.ts'
import { InputError, refuse } from './streams.ts'
import { readBounded } from './values-file.ts'

/** The subcommand, ready to be added to the program. */
export function readValuesCommand(): Command {
  return new Command('read-values')
    .argument('<file>', 'the file, in any of the formats')
    .option('--format <name>', 'refuse a file that has another format than this')
    .option('--timezone <zone>', 'the zone of the file’s local times, instead of the format’s own (Atlantic/Canary)')
    .action(async (file: string, options: ReadOptions) => {
      try {
        const values = await readOfficialValues(await readBounded(file), options)
        await print(inParts(documentOf(values)))
      } catch (error) {
        if (!(error instanceof ExchangeError || error instanceof InputError)) throw error
        refuse(`${file}: ${error.message}`)
      }
    })
}

/** A reader that has gone away (`head`) is no error. */
async function print(parts: Iterable<string>): Promise<void> {
  try {
    await pipeline(Readable.from(parts), process.stdout, { end: false })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error
  }
}

/** The document piece by piece; the values of a file may be more than one text can hold. */
function* documentOf({ format, createdAt, series, warnings }: OfficialValues & { format: string }): Generator<string> {
  const created = createdAt === null ? null : isoSeconds(createdAt)
  yield `{\n"format": ${JSON.stringify(format)}, "createdAt": ${JSON.stringify(created)},\n"series": [`
  for (const [i, one] of series.entries()) {
    yield i === 0 ? '\n' : ',\n'
    yield* seriesText(one)
  }
  yield `],\n"warnings": ${JSON.stringify(warnings)}\n}\n`
}

function* seriesText({ values, ...identity }: OfficialSeries): Generator<string> {
  const { point, direction, channel, code, community, intervalSeconds } = identity
  const head = JSON.stringify({ point, direction, channel, code, community, intervalSeconds })
  yield `${head.slice(0, -1)},"values":[`
  let separator = '\n'
  for (const { start, energyMicroWh, quality } of values) {
    const energy = energyMicroWh === null ? 'null' : `"${formatMicroWh(energyMicroWh)}"`
    yield `${separator}{"start":"${isoSeconds(start)}","energyWh":${energy},"quality":"${quality}"}`
    separator = ',\n'
  }
  yield ']}'
}

const partCharacters = 1 << 16

/** The same text in parts of some size, since each is written and waited for. */
function* inParts(pieces: Iterable<string>): Generator<string> {
  let part = ''
  for (const piece of pieces) {
    part += piece
    if (part.length < partCharacters) continue
    yield part
    part = ''
  }
  yield part
}
