/** The agent's page in the home's own network. */
import { once } from 'node:events'
import { request } from 'node:http'
import { connect } from 'node:net'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { serveMetrics } from '../../../meter-agent/home/metrics.ts'
import {
  localPage,
  type PageView,
  type RunningPage,
  serveLocalPage,
} from '../../../meter-agent/integrations/local-page.ts'
import { freePort } from '../../../server/demo/ports.ts'
import { patiently } from '../../patience.ts'
import { agentStatus, deviceStatus, meterStatus } from './agent-status.ts'

const pages: RunningPage[] = []
afterEach(async () => {
  for (const page of pages.splice(0)) await page.close()
})

async function served(view: () => PageView): Promise<number> {
  const page = await serveLocalPage({ host: '127.0.0.1', port: 0 }, view)
  pages.push(page)
  return page.port
}

function get(
  port: number,
  { host, origin, path = '/', method = 'GET' }: { host?: string; origin?: string; path?: string; method?: string } = {},
) {
  return new Promise<{ status: number; text: string; headers: Record<string, unknown> }>((resolve, reject) => {
    const asked = request(
      { port, host: '127.0.0.1', path, method, headers: { ...(host && { host }), ...(origin && { origin }) } },
      (response) => {
        let text = ''
        response.on('data', (chunk) => {
          text += chunk
        })
        response.on('end', () => resolve({ status: response.statusCode!, text, headers: response.headers }))
      },
    )
    asked.on('error', reject)
    asked.end()
  })
}

const status = (meter: Parameters<typeof meterStatus>[0], different = {}): PageView => ({
  kind: 'status',
  status: agentStatus({ meters: [meterStatus(meter)], ...different }),
})

describe('the page', () => {
  test('says in a sentence whether the home sells, and shows what its devices say', () => {
    const page = localPage(status({}))
    expect(page).toContain('This home sells what it feeds in.')
    expect(page).toContain('1800 W fed in')
    expect(page).toContain('taken 1.200 kWh, fed in 3.400 kWh')
    expect(page).toContain('answers (Example E5 123)')
  })

  test('says why not', () => {
    const devices = [deviceStatus({ online: false, error: 'no reply' })]
    expect(localPage(status({ devices, live: null }))).toContain(
      'This home does not sell: its meter does not answer (no reply).',
    )
    expect(localPage(status({ registers: { importWh: 1, exportWh: null, productionWh: null } }))).toContain(
      'This home buys and does not sell',
    )
  })

  test('lets nothing that a device says become part of itself', () => {
    const devices = [deviceStatus({ identity: '<script>alert(1)</script>', warnings: ['"><img src=x>'] })]
    const page = localPage(status({ devices }))
    expect(page).not.toMatch(/<script|<img/)
    expect(page).toContain('&lt;script&gt;')
  })

  test('shows what is true when it is asked', async () => {
    let powerW = 100
    const port = await served(() => status({ live: { ...meterStatus().live!, powerW } }))
    expect((await get(port)).text).toContain('100 W taken')
    powerW = -50
    expect((await get(port)).text).toContain('50 W fed in')
  })

  test('is only there, only to be read, and only for who names this computer', async () => {
    const port = await served(() => status({}))
    expect(await get(port)).toMatchObject({ status: 200, headers: { 'cache-control': 'no-store' } })
    expect((await get(port)).headers['content-security-policy']).toContain("default-src 'none'")
    expect(await get(port, { path: '/status.json' })).toMatchObject({ status: 404 })
    expect(await get(port, { method: 'POST' })).toMatchObject({ status: 405 })
    expect(await get(port, { method: 'HEAD' })).toMatchObject({ status: 200, text: '' })
    for (const host of ['localhost:80', '192.168.1.5:8090', '[fd00::1]:8090'])
      expect(await get(port, { host })).toMatchObject({ status: 200 })
    for (const host of ['evil.example', 'evil.example:80', '1.2.3.4.evil.example'])
      expect(await get(port, { host })).toMatchObject({ status: 403 })
  })

  test('is drawn once for each connection, and an address has few of them', async () => {
    let drawn = 0
    const port = await served(() => {
      drawn += 1
      return status({})
    })
    const asked = connect(port, '127.0.0.1')
    asked.on('error', () => {})
    asked.resume().write('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'.repeat(200))
    await once(asked, 'close')
    expect(drawn).toBe(1)

    const silent = Array.from({ length: 8 }, () => connect(port, '127.0.0.1'))
    await Promise.all(silent.map((socket) => once(socket, 'connect')))
    await expect(get(port)).rejects.toMatchObject({ code: 'ECONNRESET' })
    for (const socket of silent) socket.destroy()
    await vi.waitFor(async () => expect(await get(port)).toMatchObject({ status: 200 }), patiently)
  })

  test('names an address that cannot be had', async () => {
    const port = await served(() => status({}))
    await expect(serveLocalPage({ host: '127.0.0.1', port }, () => status({}))).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: `the local page cannot be shown: port ${port} is taken by another program: stop that program, or choose another port in [page]`,
    })
  })
})

test('metrics are given to who names this computer, and to no page', async () => {
  const port = await freePort()
  const metrics = await serveMetrics(port, agentStatus)
  try {
    const path = '/metrics'
    expect((await get(port, { path })).text).toContain('commonwatt_agent_power_watts')
    expect(await get(port, { path, host: 'evil.example' })).toMatchObject({ status: 403 })
    expect(await get(port, { path, origin: 'http://evil.example' })).toMatchObject({ status: 403 })
    expect(await get(port)).toMatchObject({ status: 404 })
  } finally {
    await metrics.close()
  }
})
