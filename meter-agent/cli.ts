/** The `commonwatt-agent` command line. */
import { Command } from 'commander'
import { enrolCommand } from './commands/enrol.ts'
import { initCommand } from './commands/init.ts'
import { readCommand } from './commands/read.ts'
import { rotateKeyCommand } from './commands/rotate-key.ts'
import { runCommand } from './commands/run.ts'
import { scanCommand } from './commands/scan.ts'
import { simulateCommand } from './commands/simulate.ts'
import { statusCommand } from './commands/status.ts'

const program = new Command('commonwatt-agent')
  .description('Reads solar inverters and grid meters over Modbus and reports what they count')
  .addCommand(readCommand())
  .addCommand(scanCommand())
  .addCommand(initCommand())
  .addCommand(enrolCommand())
  .addCommand(rotateKeyCommand())
  .addCommand(runCommand())
  .addCommand(statusCommand())
  .addCommand(simulateCommand())

await program.parseAsync()
