// `npm run screenshots`: starts the demo in a folder of its own, or takes the one whose address is given (`npm run screenshots --
// http://localhost:8080`), waits until its street has traded by day, and writes the pictures of README and documents to docs/.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import { chromiumProgram } from './chromium.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const [desk, phone] = [
  { width: 1200, height: 900 },
  { width: 390, height: 844 },
]

/** The pictures: whose page, how large the window is, and what it is scrolled to. */
const pictures = [
  { name: 'page', path: '/', size: desk, ready: '.zones' },
  { name: 'household', path: '/people/larch-lane-1', size: phone, ready: '.flow' },
  { name: 'buyer', path: '/people/bakery', size: phone, ready: '.comparison' },
  { name: 'utility', path: '/people/sunfield-grid', size: desk, ready: '.attention' },
]

/** As many devices, wallboxes and simulated meters as the demo's street has, and room to spare: each listens on a port of its own. */
const mostDevices = 48

/** So many intervals have traded, and the newest half as much as the best of them: it is day, and every chart has something to tell. */
const enoughIntervals = 24

/** Below the ports that outgoing connections are given; programs that look at the same time begin in different places. */
let nextPort = 16_384 + (process.pid % 128) * 128

const demo =
  process.argv[2] === undefined ? await startDemo() : { url: process.argv[2], hasEnded: () => false, stop() {} }
let browser
try {
  await until('the street trades by day', tradesByDay)
  browser = await chromium.launch(await chromiumProgram())
  for (const picture of pictures) await take(picture)
} finally {
  await browser?.close()
  await demo.stop()
}

/** Starts a demo of its own, which `npm run screenshots` has just built, and which leaves nothing behind. */
async function startDemo() {
  const folder = mkdtempSync(join(tmpdir(), 'commonwatt-screenshots-'))
  const options = []
  for (const name of ['--metrics-port', '--database-port', '--chain-port']) options.push(name, await freePorts(1))
  const page = await freePorts(1)
  options.push('--port', page, '--device-port', await freePorts(mostDevices))
  const program = [join(root, 'bin', 'commonwatt.js'), 'demo', '--data', join(folder, 'data')]
  const running = spawn(process.execPath, [...program, ...options.map(String)], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const ended = once(running, 'exit')
  return {
    url: `http://localhost:${page}`,
    hasEnded: () => running.exitCode !== null,
    async stop() {
      running.kill('SIGINT')
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function take({ name, path, size, ready }) {
  const look = { colorScheme: 'light', locale: 'en-GB', timezoneId: zoneAfterMidnight(), reducedMotion: 'reduce' }
  const context = await browser.newContext({ viewport: size, ...look })
  const page = await context.newPage()
  await page.goto(demo.url + path)
  await page.locator(ready).first().waitFor()
  await page.waitForLoadState('networkidle')
  await page.screenshot({ path: join(root, `docs/${name}.png`) })
  await context.close()
  console.log(`docs/${name}.png`)
}

/** A zone where it was midnight at the last full hour: a demo that is older than that has a yesterday there. */
function zoneAfterMidnight() {
  const hour = new Date().getUTCHours()
  // East of Greenwich is minus in these names.
  return hour <= 12 ? `Etc/GMT+${hour}` : `Etc/GMT-${24 - hour}`
}

async function tradesByDay() {
  const { items: areas } = await (await fetch(`${demo.url}/api/v1/areas`)).json()
  const { items } = await (await fetch(`${demo.url}/api/v1/areas/${areas[0].area}/intervals?limit=100`)).json()
  const traded = items.map(({ matchedWh }) => matchedWh).filter((wh) => wh > 0)
  return traded.length >= enoughIntervals && items[0].matchedWh > Math.max(...traded) / 2
}

/** Asks again until it is so; what cannot be asked yet is not so. */
async function until(what, isSo) {
  const sinceMs = Date.now()
  while (!(await isSo().catch(() => false))) {
    if (demo.hasEnded()) throw new Error('the demo has ended: see what it said above')
    if (Date.now() - sinceMs > 900_000) throw new Error(`waited a quarter of an hour: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 1_000))
  }
}

/** The first of `span` ports in a row on which nobody listens; none is given twice. */
async function freePorts(span) {
  for (; nextPort + span <= 32_768; nextPort++) {
    const free = await Promise.all(Array.from({ length: span }, (_, place) => isFree(nextPort + place)))
    if (!free.every(Boolean)) continue
    nextPort += span
    return nextPort - span
  }
  throw new Error('no port is free below 32,768')
}

async function isFree(port) {
  const server = createServer().listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch {
    return false
  }
  server.close()
  await once(server, 'close')
  return true
}
