/** The address of a database or node may hold a password or key: where one is refused, it is not repeated. */
import type { Command } from 'commander'

/** The value may hold quotes itself: so it reaches as far as it can. */
const refused =
  /(option '--(?:database|rpc)-url <url>') (?:value '.*'( from env '\w+')|argument '.*') is invalid\. (?=a \w+ looks like)/s

/** For the command and those below it. */
export function hideAddresses(command: Command): Command {
  command.configureOutput({ outputError: (text, write) => write(text.replace(refused, '$1$2 is invalid: ')) })
  for (const each of command.commands) hideAddresses(each)
  return command
}
