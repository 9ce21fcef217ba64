/** What loads the server of the durable benchmarks: that server's process, sockets that sign in, quantiles. */
import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'
import { io, type Socket } from 'socket.io-client'
import type { HelloAnswer } from '../../contracts/protocol/wire.ts'
import { turnstile } from '../../server/demo/turnstile.ts'
import type { ServerReady, ServerRequest } from './durable-server.ts'
import { type Key, sign } from './durable-street.ts'

export interface BenchServer extends ServerReady {
  child: ChildProcess
  ended: Promise<void>
  ask<Result>(request: ServerRequest): Promise<Result>
}

/** Starts it on an empty database; the first seats of so many are the street. */
export async function startServer(databaseUrl: string, seatCount: number): Promise<BenchServer> {
  const child = fork(join(import.meta.dirname, 'durable-server.js'), [databaseUrl, String(seatCount)], { execArgv: [] })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const next = <Message>() =>
    new Promise<Message>((resolve, reject) => {
      child.once('message', (message) => resolve(message as Message))
      ended.then(() => reject(new Error('the server ended')))
    })
  const ready = await next<ServerReady>()
  const oneAtOnce = turnstile(1)
  return {
    ...ready,
    child,
    ended,
    ask: <Result>(request: ServerRequest) =>
      oneAtOnce(async () => {
        const answer = next<{ answer: Result }>()
        child.send(request)
        return (await answer).answer
      }),
  }
}

export function open(url: string): Promise<Socket> {
  const socket = io(url, { transports: ['websocket'], forceNew: true })
  return new Promise((resolve, reject) => {
    socket.once('connect', () => resolve(socket))
    socket.once('connect_error', reject)
  })
}

/** Signs a meter in on a connection of agents. */
export async function sayHello(socket: Socket, meter: Key): Promise<void> {
  const time = Math.floor(Date.now() / 1000)
  const signature = sign(meter, 'AgentHello', { meter: meter.address, time })
  const answer: HelloAnswer = await socket.emitWithAck('hello', { meter: meter.address, time, signature })
  if (!answer.ok) throw new Error(answer.message)
}

export function quantile(values: readonly number[], part: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * part)]!
}

export function chunks<Item>(items: readonly Item[], size: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, n) => items.slice(n * size, (n + 1) * size))
}
