/** The options that a configuration file can give too: what was said on the command line or by a variable comes before it. */
import { type Command, Option } from 'commander'
import type { FileConfig } from '../configuration/config.ts'
import { InputError } from './streams.ts'

/** Where the options are that were not given. */
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

/** Likewise, of an option without which the command cannot work. Throws `InputError` that names the ways to give it. */
export function neededOption<Value>(command: Command, name: string, fromFile: Value | undefined): Value {
  const value = givenOption(command, name, fromFile)
  if (value !== undefined) return value
  const option = command.options.find((each) => each.attributeName() === name)!
  const key = option.long!.slice(2)
  throw new InputError(
    `${option.description} is missing: give ${option.long}, the variable ${option.envVar} or "${key}" in a file named by --config`,
  )
}

/** What a command can be given by the file, as far as its options ask for it. */
const configurable = ['databaseUrl', 'rpcUrl', 'escrow', 'firstBlock'] as const

/**
 * Lets a command take `--config` too: where the database and the node are, and the escrow of that node, is then asked of the file. What it
 * needs of them is missed only when neither says it.
 */
export function takesConfig(command: Command): Command {
  const asked = command.options.filter((option) => configurable.some((name) => name === option.attributeName()))
  const needed = asked.filter(({ mandatory }) => mandatory)
  for (const option of needed) option.makeOptionMandatory(false)
  return command.addOption(configFile()).hook('preAction', async () => {
    const { refuseKnown } = await import('./refusal.ts')
    try {
      const names = asked.map((option) => option.attributeName())
      const file = await placesIn(await readConfigOf(command.opts()), names, command.opts().escrow)
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

/** Of the escrow that was named, or the only one. A command that asks no node finds its area in the database alone. */
async function placesIn(
  file: FileConfig,
  names: readonly string[],
  named: string | undefined,
): Promise<Record<string, string | number | undefined>> {
  const { databaseUrl, escrows } = file
  if (!names.includes('rpcUrl') || escrows.length === 0) return { databaseUrl }
  const { placeOfEscrow } = await import('../configuration/config.ts')
  const all = escrows.map((each) => {
    const { escrow, firstBlock } = placeOfEscrow(each)
    return { rpcUrl: each.rpcUrl, escrow, firstBlock }
  })
  const found = named === undefined ? all : all.filter(({ escrow }) => escrow === named.toLowerCase())
  return { databaseUrl, ...(found.length === 1 ? found[0] : {}) }
}
