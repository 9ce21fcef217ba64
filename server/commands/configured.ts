/** The options that a configuration file can give too: what was said on the command line or by a variable comes before it. */
import { type Command, Option } from 'commander'
import type { FileConfig } from '../configuration/config.ts'
import { InputError } from './streams.ts'

/** The option that names the file in which the options stand that were not given. */
export function configFile(): Option {
  return new Option('--config <file>', 'a commonwatt.toml, which gives the options that are not given').env(
    'COMMONWATT_CONFIG',
  )
}

/** The file that the command was given, read; one without anything where it was given none. */
export async function readConfigOf(flags: { config?: string }): Promise<FileConfig> {
  if (flags.config === undefined) return { escrows: [] }
  const { readServerConfig } = await import('../configuration/config.ts')
  return readServerConfig(flags.config)
}

/** The value of an option: as it was given, else the file's, else its default. */
export function givenOption<Value>(command: Command, name: string, fromFile: Value | undefined): Value | undefined {
  const isGiven = !['default', undefined].includes(command.getOptionValueSource(name))
  return isGiven ? (command.getOptionValue(name) as Value) : (fromFile ?? command.getOptionValue(name))
}

/**
 * The value of an option without which the command cannot work, which the command then has, whoever gave it. Throws `InputError` that
 * names the ways to give it.
 */
export function neededOption<Value>(command: Command, name: string, fromFile: Value | undefined): Value {
  const value = givenOption(command, name, fromFile)
  if (value !== undefined) {
    command.setOptionValueWithSource(name, value, command.getOptionValueSource(name) ?? 'config')
    return value
  }
  const option = command.options.find((each) => each.attributeName() === name)!
  const key = option.long!.slice(2)
  throw new InputError(
    `${option.description} is missing: give ${option.long}, the variable ${option.envVar} or "${key}" in a file named by --config`,
  )
}

/** What a command can be given by the file, as far as its options ask for it. */
const configurable = ['databaseUrl', 'rpcUrl', 'escrow', 'firstBlock', 'area', 'archiveFolder'] as const

/**
 * Lets a command take `--config` too: where the database and the node are, the escrow of that node, and the area where there is only one,
 * is then asked of the file. What it needs of them is missed only when neither says it.
 */
export function takesConfig(command: Command): Command {
  const asked = command.options.filter((option) => configurable.some((name) => name === option.attributeName()))
  const needed = asked.filter(({ mandatory }) => mandatory)
  for (const option of needed) option.makeOptionMandatory(false)
  return command.addOption(configFile()).hook('preAction', async () => {
    const { refuseKnown } = await import('./refusal.ts')
    try {
      const names = asked.map((option) => option.attributeName())
      const file = await placesIn(await readConfigOf(command.opts()), names, command.opts())
      for (const name of names) {
        const value = givenOption(command, name, file[name])
        if (value !== undefined) command.setOptionValueWithSource(name, value, 'config')
      }
      for (const option of needed) neededOption(command, option.attributeName(), undefined)
    } catch (error) {
      refuseKnown(error)
      process.exit(1)
    }
  })
}

type Places = Record<string, string | number | undefined>

/** What is said of the escrow and the area that were named, or of the only ones. */
async function placesIn(
  file: FileConfig,
  names: readonly string[],
  { escrow, area }: { escrow?: string; area?: number },
): Promise<Places> {
  const { databaseUrl, archiveFolder, escrows } = file
  const named = escrow?.toLowerCase()
  if (names.includes('area')) {
    return { databaseUrl, archiveFolder, ...(await areaIn(file, { escrow: named, area })) }
  }
  if (!names.includes('rpcUrl') || escrows.length === 0) return { databaseUrl }
  const { placeOfEscrow } = await import('../configuration/config.ts')
  const all = escrows.map((each) => {
    const { escrow, firstBlock } = placeOfEscrow(each)
    return { rpcUrl: each.rpcUrl, escrow, firstBlock }
  })
  const found = named === undefined ? all : all.filter((each) => each.escrow === named)
  return { databaseUrl, ...(found.length === 1 ? found[0] : {}) }
}

/** The area of a command that looks for one. Throws `InputError` where there are several, which names them. */
async function areaIn(file: FileConfig, named: { escrow: string | undefined; area: number | undefined }) {
  // Whatever was named may lie in the database and stand in no file.
  if (named.area !== undefined || file.escrows.length === 0) return {}
  const { areaPlaces } = await import('../founding/configured-areas.ts')
  const places = (await areaPlaces(file)).filter(({ escrow }) => [undefined, escrow].includes(named.escrow))
  if (places.length === 0) return {}
  if (places.length === 1) return { area: places[0]!.area, escrow: places[0]!.escrow }
  throw new InputError(`name one with --area: ${places.map(({ area, name }) => `${area} (${name})`).join(', ')}`)
}
