/** The address of the chain's node holds a key that is paid for: whatever the node does, nobody reads it in an answer or the log. */
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { FetchRequest } from 'ethers'
import { pino } from 'pino'
import { afterEach, expect, test, vi } from 'vitest'
import { internalProblem, problemOf } from '../../server/api/problem.ts'
import { askNode } from '../../server/chain/ask-node.ts'
import { asChainError, openProvider, readEscrowFacts } from '../../server/chain/escrow-client.ts'
import { startPoller } from '../../server/chain/poller.ts'
import { walletSignatures } from '../../server/chain/wallet-signature.ts'
import { patiently } from '../patience.ts'

const secret = 'k3y-that-is-paid-for'
let node: Server | null = null
afterEach(() => {
  node?.closeAllConnections()
  node?.close()
})

async function startNode(answer: RequestListener): Promise<string> {
  const server = createServer(answer)
  node = server
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v3/${secret}?key=${secret}`
}

const zipped = { 'content-encoding': 'gzip' }
const bomb = gzipSync(Buffer.alloc(40 * 2 ** 20, ' '))

function endless(_request: unknown, response: ServerResponse): void {
  const piece = secret.repeat(50_000)
  const go = () => {
    while (!response.destroyed && response.write(piece));
  }
  response.on('drain', go)
  go()
}

const nodes: [what: string, answer: RequestListener, code: string][] = [
  ['refuses the key', (_request, response) => response.writeHead(401).end(`bad key ${secret}`), 'CHAIN_NODE'],
  ['fails', (_request, response) => response.writeHead(502).end(`upstream of ${secret}`), 'CHAIN_UNREACHABLE'],
  ['hangs up', (request) => request.socket.destroy(), 'CHAIN_UNREACHABLE'],
  ['answers with a page', (_request, response) => response.end(`<html>${secret}</html>`), 'CHAIN_NODE'],
  ['answers with null', (_request, response) => response.end('null'), 'CHAIN_NODE'],
  ['answers with rubbish', (_request, response) => response.end(`[7, "${secret}"]`), 'CHAIN_NODE'],
  [
    'answers another question',
    (_request, response) => response.end(`{"id": 999, "result": "${secret}"}`),
    'CHAIN_NODE',
  ],
  ['answers without an end', endless, 'CHAIN_NODE'],
  ['packs too much', (_request, response) => response.writeHead(200, zipped).end(bomb), 'CHAIN_NODE'],
  ['refuses with an error', answering({ error: { code: -32000, message: `no ${secret}` } }), 'CHAIN_NODE'],
  ['answers with the wrong kind', answering({ result: { url: secret } }), 'CHAIN_NODE'],
]

function answering(answer: object): RequestListener {
  return (request, response) => {
    let text = ''
    request.on('data', (chunk) => {
      text += chunk
    })
    request.on('end', () => {
      const asked = JSON.parse(text)
      response.end(JSON.stringify([asked].flat().map(({ id }) => ({ jsonrpc: '2.0', id, ...answer }))))
    })
  }
}

test.each(nodes)('a node that %s', async (_what, answer, code) => {
  const url = await startNode(answer)
  const lines: string[] = []
  const log = pino({ level: 'trace' }, { write: (line: string) => lines.push(line) })
  const provider = openProvider(url, 31337)
  const ask = walletSignatures(provider)
  const account = `0x${'12'.repeat(20)}`
  const error = await ask(account, `0x${'34'.repeat(32)}`, `0x${'56'.repeat(65)}`).catch((reason) => reason)
  expect(error).toMatchObject({ code })
  log.error({ err: error }, error.message)
  const { document } = problemOf(error) ?? internalProblem
  expect(document).toMatchObject({ code, status: 503 })

  const atStart = await readEscrowFacts(url, account).catch((reason) => reason)
  log.error({ err: atStart }, String(atStart?.message))
  const raw = await provider.getFeeData().catch(asChainError)
  if (raw instanceof Error) log.error({ err: raw })
  const poller = startPoller({
    ...{ name: 'a look', everyMs: 1, log },
    run: async () => {
      await provider.getBlock('latest').catch((reason) => {
        throw asChainError(reason)
      })
    },
  })
  await poller.stop()
  provider.destroy()
  expect(JSON.stringify(document) + lines.join('')).not.toContain(secret)
  expect(lines.length).toBeGreaterThan(2)
})

test('a node that goes on dripping is given up at the deadline, and let go', async () => {
  let isLetGo = false
  const url = await startNode((_request, response) => {
    const dripping = setInterval(() => response.write(' '), 5)
    response.once('close', () => {
      clearInterval(dripping)
      isLetGo = true
    })
  })
  const request = new FetchRequest(url)
  request.timeout = 100
  await expect(askNode(request)).rejects.toMatchObject({ code: 'TIMEOUT' })
  await vi.waitFor(() => expect(isLetGo).toBe(true), patiently)
})
