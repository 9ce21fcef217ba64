/** The files beside the programs: the unit, the proxies, the alarms and the board say what is true, where their tools are installed. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { mostSentBytes } from '../../server/api/routes/official.ts'
import { freePort } from '../../server/demo/ports.ts'
import { serverUnit } from '../../server/founding/service-unit.ts'

const folder = mkdtempSync(join(tmpdir(), 'commonwatt-operating-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const isInstalled = (program: string, arg = '--version') => spawnSync(program, [arg]).error === undefined
const read = (name: string) => readFileSync(join('docs/operate', name), 'utf8')

const sources = readdirSync('server', { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))
const measured = new Set(
  sources.flatMap((name) => {
    return [...readFileSync(join('server', name), 'utf8').matchAll(/'(commonwatt_\w+)'/g)].map(([, metric]) => metric!)
  }),
)
const withoutPart = (name: string) => name.replace(/_(bucket|sum|count)$/, '')

describe('alarms and board', () => {
  test.each(['alerts.yml', 'grafana.json'])('%s asks for what the server measures', (file) => {
    const asked = [...read(file).matchAll(/\bcommonwatt_\w+/g)].map(([name]) => withoutPart(name))
    expect(asked.length).toBeGreaterThan(10)
    expect(asked.filter((name) => !measured.has(name))).toEqual([])
  })

  test('the rules are rules', (context) => {
    if (!isInstalled('promtool')) context.skip('promtool is not installed')
    expect(spawnSync('promtool', ['check', 'rules', 'docs/operate/alerts.yml'], { encoding: 'utf8' }).status).toBe(0)
  })
})

/** What kind of metric each is, as far as its source says; the others are gauges of a helper. */
const kinds = new Map(
  sources.flatMap((name) => {
    const text = readFileSync(join('server', name), 'utf8')
    const form = /new (Gauge|Counter|Histogram)\(\{(?:(?!new )[\s\S]){0,120}?name: '(commonwatt_\w+)'/g
    return [...text.matchAll(form)].map(([, kind, metric]) => [metric!, kind!.toLowerCase()] as const)
  }),
)
const kindOf = (metric: string) => kinds.get(metric) ?? 'gauge'

describe('the metrics', () => {
  test('are called after what they count, as Prometheus has it', () => {
    expect(kinds.size).toBeGreaterThan(30)
    for (const metric of measured)
      expect([metric, metric.endsWith('_total')]).toEqual([metric, kindOf(metric) === 'counter'])
  })

  test('and Prometheus’s own program says so', (context) => {
    if (!isInstalled('promtool')) context.skip('promtool is not installed')
    const input = [...measured]
      .map((metric) => {
        const parts = kindOf(metric) === 'histogram' ? ['_bucket{le="+Inf"}', '_sum', '_count'] : ['']
        const values = parts.map((part) => `${metric}${part} 1\n`).join('')
        return `# HELP ${metric} What it says.\n# TYPE ${metric} ${kindOf(metric)}\n${values}`
      })
      .join('')
    const { status, stderr } = spawnSync('promtool', ['check', 'metrics'], { input, encoding: 'utf8' })
    expect([status, stderr]).toEqual([0, ''])
  })
})

describe('the service unit', () => {
  test('is one, and keeps the server apart from the machine', (context) => {
    if (!isInstalled('systemd-analyze')) context.skip('systemd-analyze is not installed')
    const unit = join(folder, 'commonwatt.service')
    writeFileSync(unit, serverUnit(folder))
    const { stderr } = spawnSync('systemd-analyze', ['verify', unit], { encoding: 'utf8' })
    expect(stderr.split('\n').filter((line) => line.includes('commonwatt.service'))).toEqual([])
    const { stdout } = spawnSync('systemd-analyze', ['security', '--offline=yes', unit], { encoding: 'utf8' })
    const [, exposure] = stdout.match(/exposure level for commonwatt.service: ([\d.]+)/) ?? []
    console.log(`exposure of the server's unit, of 10: ${exposure}`)
    expect(Number(exposure)).toBeLessThan(2)
  })
})

/** Says what reached it; takes every upgrade. */
async function startEcho() {
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.end(JSON.stringify({ url: request.url, headers: request.headers })))
  })
  server.on('upgrade', (_request, socket) => {
    socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { port: (server.address() as AddressInfo).port, close: () => server.close() }
}

/** What a proxy in front of a server has to do, whichever it is. */
async function proxyLaws(origin: string, proxy: ChildProcess): Promise<void> {
  const untilMs = performance.now() + 20_000
  while (
    !(await fetch(`${origin}/healthz`).then(
      (response) => response.ok,
      () => false,
    ))
  ) {
    if (performance.now() > untilMs || proxy.exitCode !== null) throw new Error('the proxy does not answer')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  const forged = await fetch(`${origin}/api/v1/areas`, { headers: { 'x-forwarded-for': '6.6.6.6' } })
  const { headers } = (await forged.json()) as { headers: Record<string, string> }
  expect(headers['x-forwarded-for']).toBe('127.0.0.1')
  const send = (bytes: number) => {
    return fetch(`${origin}/api/v1/areas/1/official-values`, { method: 'POST', body: 'x'.repeat(bytes) }).catch(
      () => null,
    )
  }
  expect((await send(mostSentBytes))?.status).toBe(200)
  const large = await send(mostSentBytes + 1)
  // Some say why, some only that they will not.
  expect(large?.status ?? 413).toBeGreaterThan(399)
  const key = Buffer.alloc(16).toString('base64')
  const { hostname, port } = new URL(origin)
  const { request } = await import('node:http')
  const upgrade = request({ hostname, port, path: '/socket.io/', headers: upgradeHeaders(key) })
  upgrade.end()
  const [response] = (await once(upgrade, 'upgrade')) as [{ statusCode: number }]
  expect(response.statusCode).toBe(101)
  upgrade.destroy()
}

const upgradeHeaders = (key: string) => ({
  ...{ Connection: 'Upgrade', Upgrade: 'websocket' },
  ...{ 'Sec-WebSocket-Key': key, 'Sec-WebSocket-Version': '13' },
})

async function stopped(proxy: ChildProcess): Promise<void> {
  if (proxy.exitCode !== null || proxy.signalCode !== null) return
  proxy.kill()
  await once(proxy, 'exit')
}

describe('a proxy as in the examples', { timeout: 300_000 }, () => {
  test('lets through what the server takes, and no more', () => {
    const [, nginx] = read('nginx.conf').match(/client_max_body_size (\d+)m;/)!
    const [, caddy] = read('Caddyfile').match(/max_size (\d+)MiB/)!
    expect([nginx, caddy].map((mebibytes) => Number(mebibytes) * 2 ** 20)).toEqual([mostSentBytes, mostSentBytes])
  })

  test('nginx', async (context) => {
    if (!isInstalled('nginx', '-v')) context.skip('nginx is not installed')
    const echo = await startEcho()
    const port = await freePort()
    // The certificate is the only thing that a test cannot have.
    const site = read('nginx.conf')
      .replace(/server \{\n {2}listen 80;[\s\S]*?\n\}\n/, '')
      .replace('listen 443 ssl http2', `listen 127.0.0.1:${port}`)
      .replace(/ {2}ssl_.*\n/g, '')
      .replace('proxy_pass http://127.0.0.1:8080', `proxy_pass http://127.0.0.1:${echo.port}`)
    // Its workers keep large bodies in the test's folder, which is root's alone.
    const asRoot = process.getuid?.() === 0 ? 'user root;\n' : ''
    const places = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (name) => `${name}_temp_path ${folder}/${name};`,
    )
    writeFileSync(
      join(folder, 'nginx.conf'),
      `${asRoot}daemon off; pid ${folder}/nginx.pid; error_log stderr; events {}\nhttp { access_log off; ${places.join(' ')}\n${site}}\n`,
    )
    const proxy = spawn('nginx', ['-p', folder, '-c', join(folder, 'nginx.conf')], { stdio: 'ignore' })
    await proxyLaws(`http://127.0.0.1:${port}`, proxy).finally(() => stopped(proxy))
    echo.close()
  })

  test('Caddy', async (context) => {
    if (!isInstalled('caddy', 'version')) context.skip('Caddy is not installed')
    const echo = await startEcho()
    const port = await freePort()
    const site = read('Caddyfile')
      .replace('\nmarket.example {', `\nhttp://127.0.0.1:${port} {`)
      .replace('reverse_proxy 127.0.0.1:8080', `reverse_proxy 127.0.0.1:${echo.port}`)
    writeFileSync(join(folder, 'Caddyfile'), `{\n\tadmin off\n}\n${site}`)
    const proxy = spawn('caddy', ['run', '--config', join(folder, 'Caddyfile'), '--adapter', 'caddyfile'], {
      ...{ stdio: 'ignore', env: { ...process.env, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder } },
    })
    await proxyLaws(`http://127.0.0.1:${port}`, proxy).finally(() => stopped(proxy))
    echo.close()
  })
})
