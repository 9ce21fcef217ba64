/** What a page shows before everything else: something to read on a slow line, then all of its top at once, in the order of what matters. */
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { shows, tabTo } from './browser.ts'

/** On a line of 50 kB/s so much comes within two seconds, and leaves one for round trips and drawing. */
const mostBytesBeforeReading = 100_000
/** The layout shift that is called good (web.dev/cls). */
const mostShift = 0.1

/** Opens an address over a slow line; fails where nothing can be read before the script has come, or something jumps afterwards. */
export async function opensSteadily(page: Page, url: string): Promise<void> {
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('Network.enable')
  await devtools.send('Network.setCacheDisabled', { cacheDisabled: true })
  const rate = { downloadThroughput: 150_000, uploadThroughput: 150_000 }
  await devtools.send('Network.emulateNetworkConditions', { offline: false, latency: 100, ...rate })
  // A busy machine may paint late: what can be read without the script is painted before any script is let through.
  let painted = () => {}
  const isPainted = new Promise<void>((resolve) => {
    painted = resolve
  })
  await page.exposeFunction('firstPainted', () => painted())
  await page.route('**/*.js', async (route) => {
    await isPainted
    await route.continue()
  })
  await page.context().addInitScript(watchShifts)
  await page.goto(url)
  await page.locator('.hero, .view:not([aria-busy]), .utility').first().waitFor()
  await page.locator('.chart .plot').first().waitFor()
  const { bytesBeforePaint, shift } = await page.evaluate(readShifts)
  expect(bytesBeforePaint).toBeLessThan(mostBytesBeforeReading)
  expect(shift).toBeLessThan(mostShift)
}

/** In the page: adds up what jumps on it (the score of `layout-shift`) until it is asked, and tells of the first paint. */
function watchShifts(): void {
  const seen = { shift: 0 }
  Object.assign(window, { seen })
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries() as (PerformanceEntry & { value: number; hadRecentInput: boolean })[]) {
      if (!entry.hadRecentInput) seen.shift += entry.value
    }
  }).observe({ type: 'layout-shift', buffered: true })
  new PerformanceObserver((list) => {
    const { firstPainted } = window as unknown as { firstPainted: () => void }
    if (list.getEntriesByName('first-contentful-paint').length > 0) firstPainted()
  }).observe({ type: 'paint', buffered: true })
}

/** In the page: that sum, and how many bytes had come when something was first to be read. */
function readShifts(): { bytesBeforePaint: number; shift: number } {
  const painted = performance.getEntriesByName('first-contentful-paint')[0]!.startTime
  const files = performance.getEntriesByType('resource') as PerformanceResourceTiming[]
  const before = files.filter(({ responseEnd }) => responseEnd <= painted)
  const { shift } = (window as unknown as { seen: { shift: number } }).seen
  return { bytesBeforePaint: before.reduce((sum, { transferSize }) => sum + transferSize, 0), shift }
}

/** The titles of a home's first cards on a phone; and its price and money are at the foot of the window, over nothing that has the focus. */
export async function firstThingsFirst(page: Page, titles: readonly string[], money: string): Promise<void> {
  await page.locator('.result-list').first().waitFor()
  const shown = await page.locator('.view > section > .card-head > h2').allTextContents()
  expect(shown.slice(0, titles.length)).toEqual(titles)
  await shows(page, '.thumb-bar', new RegExp(`My price (\\d+\\.\\d ct/kWh|paused).*${money} [\\d.]+ €`, 's'))
  const bar = page.locator('.thumb-bar')
  await bar.getByRole('link').first().click()
  await page.waitForFunction(() => Math.abs(document.querySelector('#price')!.getBoundingClientRect().top) < 20)
  await tabTo(page, 'button', /Set my price/)
  const [button, foot] = [await page.locator('#price .primary').boundingBox(), await bar.boundingBox()]
  expect(button!.y + button!.height).toBeLessThanOrEqual(foot!.y)
}
