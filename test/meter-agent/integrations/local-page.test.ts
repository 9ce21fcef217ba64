/** The agent's page in the home's own network. */
import { request } from 'node:http'
import { afterEach, describe, expect, test } from 'vitest'
import {
  localPage,
  type PageView,
  type RunningPage,
  serveLocalPage,
} from '../../../meter-agent/integrations/local-page.ts'
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
  { host, path = '/', method = 'GET' }: { host?: string; path?: string; method?: string } = {},
) {
  return new Promise<{ status: number; text: string; headers: Record<string, unknown> }>((resolve, reject) => {
    const asked = request(
      { port, host: '127.0.0.1', path, method, headers: host === undefined ? {} : { host } },
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

  test('names an address that cannot be had', async () => {
    const port = await served(() => status({}))
    await expect(serveLocalPage({ host: '127.0.0.1', port }, () => status({}))).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('change [page]'),
    })
  })
})
