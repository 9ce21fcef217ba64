/** A development chain of one's own for a test: anvil on a free port. */
import { type ChildProcess, spawn } from 'node:child_process'
import { JsonRpcProvider } from 'ethers'
import { anvilPath } from '../../contracts/build/forge.js'

export interface TestChain {
  provider: JsonRpcProvider
  close(): Promise<void>
}

/** Starts anvil and waits until it says where it listens. Further arguments are anvil's. */
export async function startChain(...args: string[]): Promise<TestChain> {
  const anvil = spawn(anvilPath(), ['--port', '0', ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const url = await listeningAt(anvil)
  const provider = new JsonRpcProvider(url, undefined, { staticNetwork: true, cacheTimeout: -1 })
  return {
    provider,
    async close() {
      provider.destroy()
      const ended = new Promise((resolve) => anvil.once('exit', resolve))
      anvil.kill()
      await ended
    },
  }
}

function listeningAt(anvil: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    anvil.once('exit', () => reject(new Error(`anvil ended: ${text}`)))
    anvil.stdout!.on('data', (chunk: Buffer) => {
      text += chunk.toString()
      const address = /Listening on (\S+)/.exec(text)?.[1]
      if (address) resolve(`http://${address}`)
    })
  })
}
