/** Before all test files: a door at which they ask for the run's PostgreSQL, which is started for the first of them. */
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import type { TestProject } from 'vitest/node'
import { type OwnServer, startOwnServer } from './scratch-database.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The port of the door on loopback: whoever connects is told the server's URL, or why there is none, as JSON. */
    scratchDoor: number
  }
}

/** Nothing in the databases has to outlive the machine, and several files use them at a time. */
const settings = { fsync: 'off', full_page_writes: 'off', max_connections: '400' }

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  let server: Promise<OwnServer> | null = null
  const door = createServer((asking) => {
    asking.on('error', () => {})
    server ??= startOwnServer(settings)
    server.then(
      ({ url }) => asking.end(JSON.stringify({ url })),
      (error: Error) => asking.end(JSON.stringify({ error: error.message })),
    )
  })
  door.listen(0, '127.0.0.1')
  await once(door, 'listening')
  project.provide('scratchDoor', (door.address() as AddressInfo).port)
  return async () => {
    door.close()
    await (await server)?.stop()
  }
}
