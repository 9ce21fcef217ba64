/** How taken ports are refused. */
import { createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { assertPortFree, freePort, loopback } from '../../server/demo/ports.ts'

test('a taken port is refused by number, purpose and option', async () => {
  const server = createServer()
  const port = await freePort()
  await new Promise<void>((resolve) => server.listen(port, loopback, resolve))
  onTestFinished(() => void server.close())
  await expect(assertPortFree({ port, purpose: 'the web page', option: '--port' })).rejects.toMatchObject({
    code: 'PORT_TAKEN',
    message: expect.stringMatching(new RegExp(`port ${port} for the web page .* --port`)),
  })
})

test('a free port stays free for the one who asked', async () => {
  const port = await freePort()
  await assertPortFree({ port, purpose: 'the chain', option: '--chain-port' })
  await assertPortFree({ port, purpose: 'the chain', option: '--chain-port' })
})

test('ports in a row are free together, below those of outgoing connections, and never given twice', async () => {
  const taken = createServer()
  onTestFinished(() => void taken.close())
  const last = await freePort()
  await new Promise<void>((resolve) => taken.listen(last + 2, loopback, resolve))
  const rows = await Promise.all([freePort(4), freePort(), freePort(4)])
  const ports = [
    last,
    ...rows.flatMap((first, row) => (row === 1 ? [first] : [0, 1, 2, 3].map((place) => first + place))),
  ]
  expect(new Set(ports).size).toBe(ports.length)
  expect(ports).not.toContain(last + 2)
  expect(Math.max(...ports)).toBeLessThan(32_768)
})

test('more ports than a stretch has come from another, and a row is whole', async () => {
  const firsts = await Promise.all(Array.from({ length: 9 }, () => freePort(40)))
  const ports = firsts.flatMap((first) => Array.from({ length: 40 }, (_, place) => first + place))
  expect(new Set(ports).size).toBe(ports.length)
})
