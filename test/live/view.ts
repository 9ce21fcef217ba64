/** What a page's socket has received. */
import type { Socket } from 'socket.io-client'

/** Everything that a socket receives, and a way to wait for one event. */
export function listen(socket: Socket) {
  // biome-ignore lint/suspicious/noExplicitAny: tests read whatever came
  const received: { name: string; value: any }[] = []
  const waiting = new Set<() => void>()
  socket.onAny((name, value) => {
    received.push({ name, value })
    for (const check of waiting) check()
  })
  return {
    received,
    // biome-ignore lint/suspicious/noExplicitAny: tests read whatever came
    until(name: string, holds: (value: any) => boolean = () => true): Promise<any> {
      return new Promise((resolve) => {
        const check = () => {
          const found = received.find((event) => event.name === name && holds(event.value))
          if (found === undefined) return
          waiting.delete(check)
          resolve(found.value)
        }
        waiting.add(check)
        check()
      })
    },
  }
}

export const connected = (socket: Socket) => new Promise((resolve) => socket.once('connect', () => resolve(null)))
