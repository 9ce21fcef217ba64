/** Gives every option that takes a value a variable; what has no name of its own there is called as the program and the option. */
import type { EventEmitter } from 'node:events'
import type { Command, Option } from 'commander'

/** Before the version is added. The same options in the same order, each one listening to its variable too. */
export function nameVariables(command: Command): Command {
  // An option listens to the variable that it has when it is added, so that a variable named later needs it to be added anew.
  for (const option of (command.options as Option[]).splice(0)) {
    const takesValue = option.required || option.optional
    if (takesValue && option.envVar === undefined)
      option.env(`COMMONWATT_${option.name().toUpperCase().replaceAll('-', '_')}`)
    // Commander's types leave out that its commands are emitters.
    const emitter = command as Command & EventEmitter
    for (const source of ['option', 'optionEnv']) emitter.removeAllListeners(`${source}:${option.name()}`)
    command.addOption(option)
  }
  for (const each of command.commands) nameVariables(each)
  return command
}
