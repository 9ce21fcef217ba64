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
