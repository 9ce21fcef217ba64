/** The demo's watchers: each a process of its own with a key of its own, more than half of which must sign every batch. */
import { join } from 'node:path'
import type { Wallet } from 'ethers'
import type { Watchers } from '../../contracts/protocol/typed-data.ts'
import type { AreaSettings } from '../areas/settings.ts'
import { walletOfFile } from '../chain/key-file.ts'
import { serverProgram } from '../project-files.ts'
import type { Street } from './street.ts'
import type { Kept, Supervisor } from './supervisor.ts'

export interface DemoWatcher {
  name: string
  wallet: Wallet
  keyFile: string
}

const pollMs = 1_000

/** In the order of their keys, which are made where they are not there yet. */
export function demoWatchers({ watchers }: Street, dataFolder: string): DemoWatcher[] {
  return Array.from({ length: watchers }, (_, index) => {
    const name = `watcher-${index + 1}`
    const keyFile = join(dataFolder, 'keys', `${name}.key`)
    return { name, keyFile, wallet: walletOfFile(keyFile) }
  })
}

/** As the rules name them; nobody where there are none. */
export function quorumOf(watchers: readonly DemoWatcher[]): Watchers {
  const keys = watchers.map(({ wallet }) => wallet.address.toLowerCase()).sort()
  return { keys, quorum: keys.length === 0 ? 0 : Math.floor(keys.length / 2) + 1 }
}

/** Starts one of them. */
export function startWatcher(
  { name, keyFile }: DemoWatcher,
  parts: {
    supervisor: Supervisor
    dataFolder: string
    serverUrl: string
    rpcUrl: string
    settings: AreaSettings
    firstBlock: number
  },
): Promise<Kept> {
  const { supervisor, dataFolder, serverUrl, rpcUrl, settings, firstBlock } = parts
  const { area, chain } = settings
  return supervisor.start({
    name,
    script: serverProgram,
    args: [
      ...['watch', '--server-url', serverUrl, '--rpc-url', rpcUrl, '--escrow', chain.escrow, '--area', String(area)],
      ...['--first-block', String(firstBlock), '--key-file', keyFile, '--poll-ms', String(pollMs)],
      ...['--data-folder', join(dataFolder, 'watchers', name)],
    ],
  })
}
