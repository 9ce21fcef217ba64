/** A way to a database that can fall silent, or be cut. */

import type { AddressInfo } from 'node:net'
import { connect, createServer, type Socket } from 'node:net'

export interface BrittleWay {
  url: string
  /** Nothing passes any more; what is connected stays connected. */
  silence(): void
  /** What was held back passes, and everything after it. */
  resume(): void
  /** Ends every connection. */
  cut(): void
  /** Ends every connection as soon as the server has said something more. */
  cutAtAnswer(): void
  /** Ends every connection at the answer of this number from now on, and lets pass what comes after. */
  cutOnce(answer: number): void
  stop(): Promise<void>
}

/** Listens on a port of its own for a database's URL. */
export async function startProxy(databaseUrl: string): Promise<BrittleWay> {
  const target = new URL(databaseUrl)
  const pairs = new Set<[Socket, Socket]>()
  let cutsAtAnswer = false
  let answersUntilCut = Number.POSITIVE_INFINITY
  let isSilent = false
  const cut = () => {
    for (const pair of pairs) for (const socket of pair) socket.destroy()
  }
  const server = createServer((near) => {
    const far = connect({ host: target.hostname, port: Number(target.port) })
    const pair: [Socket, Socket] = [near, far]
    pairs.add(pair)
    near.on('data', (data) => far.write(data))
    far.on('data', (data) => {
      answersUntilCut -= 1
      if (cutsAtAnswer || answersUntilCut === 0) cut()
      else near.write(data)
    })
    for (const socket of pair) {
      socket.on('error', () => {})
      socket.on('close', () => {
        pairs.delete(pair)
        for (const each of pair) each.destroy()
      })
      if (isSilent) socket.pause()
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = new URL(databaseUrl)
  url.hostname = '127.0.0.1'
  url.port = String((server.address() as AddressInfo).port)
  return {
    url: url.href,
    silence() {
      isSilent = true
      for (const pair of pairs) for (const socket of pair) socket.pause()
    },
    resume() {
      isSilent = false
      cutsAtAnswer = false
      for (const pair of pairs) for (const socket of pair) socket.resume()
    },
    cut,
    cutAtAnswer() {
      cutsAtAnswer = true
    },
    cutOnce(answer) {
      answersUntilCut = answer
    },
    async stop() {
      cut()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
