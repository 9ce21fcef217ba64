/** The files of the page as they travel: as the build has packed them, where the browser takes it so. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, get, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib'
import express from 'express'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { servePage } from '../../server/api/pages.ts'

const script = 'export const price = 11\n'.repeat(100)
const folder = mkdtempSync(join(tmpdir(), 'commonwatt-pages-'))
mkdirSync(join(folder, 'assets'))
writeFileSync(join(folder, 'index.html'), '<!doctype html><title>A page</title>')
writeFileSync(join(folder, 'assets/large-1a.js'), script)
writeFileSync(join(folder, 'assets/large-1a.js.br'), brotliCompressSync(script))
writeFileSync(join(folder, 'assets/large-1a.js.gz'), gzipSync(script))
writeFileSync(join(folder, 'assets/small-2b.js'), 'export {}\n')

const server = createServer(express().use(servePage(folder)))
beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)))
afterAll(() => {
  server.close()
  rmSync(folder, { recursive: true, force: true })
})

/** As it comes: `fetch` would unpack it. */
async function ask(path: string, encodings: string): Promise<{ answer: IncomingMessage; body: Buffer }> {
  const { port } = server.address() as AddressInfo
  const headers = { 'accept-encoding': encodings, connection: 'close' }
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    get({ port, path, headers }, resolve).on('error', reject)
  })
  return { answer, body: await buffer(answer) }
}

test.each([
  ['gzip, deflate, br, zstd', 'br', brotliDecompressSync],
  ['gzip, deflate', 'gzip', gunzipSync],
  ['br;q=0, gzip', 'gzip', gunzipSync],
  ['identity', undefined, (body: Buffer) => body],
] as const)('a part for a browser that takes "%s" comes as %s', async (encodings, encoding, unpack) => {
  const { answer, body } = await ask('/assets/large-1a.js', encodings)
  expect(answer.headers['content-encoding']).toBe(encoding)
  expect(answer.headers['content-type']).toBe('text/javascript; charset=utf-8')
  expect(answer.headers.vary).toBe('Accept-Encoding')
  expect(answer.headers['cache-control']).toBe('public, max-age=31536000, immutable')
  expect(unpack(body).toString()).toBe(script)
})

test('a part that is too small to pack comes as it is, and a page too', async () => {
  const part = await ask('/assets/small-2b.js', 'gzip, br')
  expect(part.answer.headers['content-encoding']).toBeUndefined()
  expect(part.body.toString()).toBe('export {}\n')
  const missing = await ask('/assets/none-3c.js', 'gzip, br')
  expect([missing.answer.statusCode, missing.answer.headers['content-encoding']]).toEqual([404, undefined])
})
