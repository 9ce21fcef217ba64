import { Command } from 'commander'
import { readCommand } from './commands/read.ts'

const program = new Command('commonwatt-agent')
  .description('Reads solar inverters and grid meters over Modbus and reports what they count')
  .addCommand(readCommand())

await program.parseAsync()
