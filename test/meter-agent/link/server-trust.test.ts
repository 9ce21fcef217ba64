/** A server behind a proxy with a certificate of one's own: trusted by name or by the very certificate, by nobody else. */
import { execFileSync, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Server as SocketServer } from 'socket.io'
import { io } from 'socket.io-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { askServer, isUnknownAuthority, shownCertificate, trustOnly } from '../../../meter-agent/link/server-http.ts'
import { configuredTrust } from '../../../meter-agent/link/trust-file.ts'

let folder: string
let own: Served
let signed: Served

interface Served {
  url: URL
  server: Server
}

/** Makes certificates with OpenSSL's program: one signed by itself for another name, and an authority with one for 127.0.0.1. */
function openssl(...args: string[]): void {
  execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' })
}

async function serve(key: string, cert: string): Promise<Served> {
  const server = createServer(
    { key: await readFile(join(folder, key)), cert: await readFile(join(folder, cert)) },
    (_, response) => {
      response.end('{"items":[]}')
    },
  )
  new SocketServer(server).of('/agents').on('connection', () => {})
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server, url: new URL(`https://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1/areas`) }
}

const hasOpenssl = spawnSync('openssl', ['version']).error === undefined

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'commonwatt-tls-'))
  await writeFile(join(folder, 'names'), 'subjectAltName=IP:127.0.0.1')
  if (!hasOpenssl) return
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  openssl('req', '-x509', ...key, '-keyout', 'own.key', '-out', 'own.pem', '-subj', '/CN=proxy.home.arpa')
  openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=Our own authority')
  openssl('req', ...key, '-keyout', 'leaf.key', '-out', 'leaf.csr', '-subj', '/CN=market')
  openssl(
    'x509',
    '-req',
    '-in',
    'leaf.csr',
    '-CA',
    'ca.pem',
    '-CAkey',
    'ca.key',
    '-CAcreateserial',
    '-days',
    '2',
    '-extfile',
    'names',
    '-out',
    'leaf.pem',
  )
  own = await serve('own.key', 'own.pem')
  signed = await serve('leaf.key', 'leaf.pem')
})
afterAll(async () => {
  for (const { server } of hasOpenssl ? [own, signed] : []) {
    server.closeAllConnections()
    server.close()
  }
  await rm(folder, { recursive: true })
})

const pem = (name: string) => readFile(join(folder, name), 'utf8')

// Needs OpenSSL's program to make certificates, which is not on every machine.
describe.skipIf(!hasOpenssl)('a certificate that nobody known has signed', () => {
  test('is refused, and told apart from other failures', async () => {
    for (const { url } of [own, signed]) {
      const error = await askServer(url).catch((reason) => reason)
      expect(isUnknownAuthority(error)).toBe(true)
    }
    const error = await askServer(new URL('http://127.0.0.1:1/')).catch((reason) => reason)
    expect(isUnknownAuthority(error)).toBe(false)
  })

  test('is trusted where it is pinned itself, whatever name it carries', async () => {
    expect(await askServer(own.url, { trust: trustOnly(await pem('own.pem')) })).toEqual({
      status: 200,
      body: { items: [] },
    })
    expect(await askServer(signed.url, { trust: trustOnly(await pem('leaf.pem')) })).toMatchObject({ status: 200 })
  })

  test('is trusted where its authority is, for its own name only', async () => {
    const trust = trustOnly(await pem('ca.pem'))
    expect(await askServer(signed.url, { trust })).toMatchObject({ status: 200 })
    const elsewhere = new URL(signed.url.href.replace('127.0.0.1', 'localhost'))
    await expect(askServer(elsewhere, { trust })).rejects.toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
  })

  test('is refused where another one is pinned', async () => {
    await expect(askServer(signed.url, { trust: trustOnly(await pem('own.pem')) })).rejects.toThrow()
    await expect(askServer(own.url, { trust: trustOnly(await pem('ca.pem')) })).rejects.toThrow()
  })

  test('is shown with its fingerprint, as a person can compare it', async () => {
    const shown = await shownCertificate(own.url)
    const printed = execFileSync('openssl', ['x509', '-in', 'own.pem', '-noout', '-fingerprint', '-sha256'], {
      cwd: folder,
    })
    expect(printed.toString()).toContain(shown.fingerprint)
    expect(shown.subject).toContain('proxy.home.arpa')
    expect(await askServer(own.url, { trust: trustOnly(shown.pem) })).toMatchObject({ status: 200 })
  })

  test('is taken by the connection that delivers readings, too', async () => {
    const trust = await configuredTrust({ serverCaFile: join(folder, 'own.pem') })
    const socket = io(new URL('/agents', own.url).href, {
      transports: ['websocket'],
      agent: trust as unknown as string,
    })
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve)
      socket.once('connect_error', reject)
    })
    socket.close()
    const stranger = io(new URL('/agents', own.url).href, {
      transports: ['websocket'],
      forceNew: true,
      reconnection: false,
    })
    await new Promise<void>((resolve) => stranger.once('connect_error', () => resolve()))
    stranger.close()
  })
})

test('a file without a certificate is named', async () => {
  const file = join(folder, 'names')
  await expect(configuredTrust({ serverCaFile: file })).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining('there is no certificate in it'),
  })
  expect(await configuredTrust({ serverCaFile: null })).toBeUndefined()
})
