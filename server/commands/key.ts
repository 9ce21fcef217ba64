/** `commonwatt key`: makes the key of an operator, a grid operator or a deployer, and says whose address a key is. */
import { Command } from 'commander'
import { ChainError } from '../chain/error.ts'
import { refuse, writeOutput } from './streams.ts'

/** The subcommands, ready to be added to the program. */
export function keyCommand(): Command {
  return new Command('key')
    .addCommand(
      new Command('new')
        .description('make a new key in a file that only its owner can read, and print its address')
        .argument('<file>')
        .option('--json', 'print JSON')
        .action((file: string, flags: { json?: boolean }) => print(file, flags, 'new')),
    )
    .addCommand(
      new Command('address')
        .description('print the address of the key in a file')
        .argument('<file>')
        .option('--json', 'print JSON')
        .action((file: string, flags: { json?: boolean }) => print(file, flags, 'address')),
    )
}

async function print(file: string, { json }: { json?: boolean }, how: 'new' | 'address') {
  const { makeWalletFile, readWalletFile } = await import('../chain/key-file.ts')
  try {
    const { address } = how === 'new' ? makeWalletFile(file) : readWalletFile(file)
    await writeOutput(json === true ? `${JSON.stringify({ file, address })}\n` : `${address}\n`)
  } catch (error) {
    if (!(error instanceof ChainError)) throw error
    refuse(error.message)
  }
}
