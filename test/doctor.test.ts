/** What the doctor says of a server that it reaches under its address, and of a database in which no server was. */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { examine } from '../server/doctor.ts'
import { startScratchServer } from './store/scratch-database.ts'

const { version } = JSON.parse(readFileSync('package.json', 'utf8'))

async function saidOf(answer: object) {
  const server = createServer((_request, response) => response.end(JSON.stringify(answer)))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const { is, says } = (await examine({ escrows: [], origin: [origin] })).find(({ of }) => of === 'page')!
  return [is, says.replace(origin, 'it')]
}

test('a server of this release is well, one that was not started anew is not, and another program is none', async () => {
  expect(await saidOf({ ok: true, release: version })).toEqual(['well', `it leads to a server of release ${version}`])
  const old = `it leads to a server of release 0.0.9, and this is ${version}: start it anew`
  expect(await saidOf({ ok: true, release: '0.0.9' })).toEqual(['watch', old])
  expect(await saidOf({ hello: 'world' })).toEqual(['ill', expect.stringContaining('not with a server of this kind')])
})

test('a database without tables will be set up, and one of another program is named', async () => {
  const scratch = await startScratchServer()
  onTestFinished(() => scratch.stop())
  const { database, url } = await scratch.fresh()
  await database.unsafe('drop schema public cascade; create schema public')
  const said = async () => {
    const { is, says } = (await examine({ escrows: [], databaseUrl: url })).find(({ of }) => of === 'database')!
    return `${is}: ${says}`
  }
  expect(await said()).toMatch(/^well: .* is empty: "serve" sets it up$/)
  await database`create view customers as select 1 as number`
  expect(await said()).toMatch(/^watch: .* holds tables of another program: name an empty one/)
})
