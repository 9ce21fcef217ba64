/** Keys of the demo's people and machines: made at the first start, each in a file of its own that only its user can read. */
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { Wallet } from 'ethers'

/** The wallet of a key file, which is made if it is not there yet. */
export function keyFileWallet(path: string): Wallet {
  if (!existsSync(path)) {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    const { privateKey } = Wallet.createRandom()
    writeFileSync(path, `${privateKey}\n`, { mode: 0o600, flag: 'wx' })
    chmodSync(path, 0o600)
  }
  return new Wallet(readFileSync(path, 'utf8').trim())
}
