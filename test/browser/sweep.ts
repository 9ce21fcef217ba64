/** What holds of every page in every state: it fits the smallest phone and text twice as large, and nobody is kept from using it. */
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { axeFinds, overflow } from './browser.ts'

/** A page in the width of the smallest phone that is asked for (WCAG 1.4.10), and of a desk. */
export const narrow = { width: 320, height: 740 }
/** Either language in either scheme of colours, both in two looks. */
export const looks = [
  { colorScheme: 'light', locale: 'en-GB' },
  { colorScheme: 'dark', locale: 'de-AT' },
] as const
const desk = { width: 1280, height: 900 }
/** A browser's usual size of text, and 200 % of it (WCAG 1.4.4). */
const [usualPixels, largePixels] = [16, 32]

/** Words of the market that neither homes, buyers nor visitors read: each has one of everyday life in `web/words/vocabulary.ts`. */
const oursNotTheirs =
  /\b(intervals?|provisional|runs? \d+|clearing price|mandates?|in reach|escrow|(settled )?on chain|feeders?|kWp|residuals?|root|Intervalle?|vorläufige?|Lauf \d+|Clearing\w*|Mandate?|Treuhand|auf der Kette|Residuum|Wurzel)\b/gi

/** Opens all that is closed on the page, and looks at it in either width and size of text; the utility has words of its own. */
export async function sweep(page: Page, name: string, reader: 'home' | 'utility' = 'home'): Promise<void> {
  await openAll(page)
  if (reader === 'home') expect((await wordsOf(page)).match(oursNotTheirs) ?? [], name).toEqual([])
  expect(await axeFinds(page), name).toEqual([])
  if (reader === 'home') expect(await silentlyGrey(page), name).toEqual([])
  const devtools = await page.context().newCDPSession(page)
  for (const [size, pixels] of [
    [desk, largePixels],
    [desk, usualPixels],
    [narrow, usualPixels],
    [narrow, largePixels],
  ] as const) {
    await page.setViewportSize(size)
    await devtools.send('Page.setFontSizes', { fontSizes: { standard: pixels, fixed: pixels } })
    await laidOut(page)
    const what = `${name}, ${size.width} pixels wide, text of ${pixels} pixels`
    expect(await tooWide(page), what).toEqual([])
    expect(await overflow(page), what).toBe(0)
    expect(await touching(page), what).toEqual([])
    if (size === narrow) expect(await cutTables(page), what).toEqual([])
  }
  await devtools.detach()
}

/** The page's own observers of sizes are told in the frame after a change, behind what asks for a frame: the next frame finds all laid out. */
function laidOut(page: Page): Promise<void> {
  return page.evaluate(
    () => new Promise<void>((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve()))),
  )
}

/** What is folded away holds more that is: each is opened, and waited for. */
async function openAll(page: Page): Promise<void> {
  const closed = page.locator('main details:not([open])')
  while ((await closed.count()) > 0) {
    await closed.evaluateAll((all) => {
      for (const each of all) (each as HTMLDetailsElement).open = true
    })
    await page.locator('main .waiting').first().waitFor({ state: 'detached' })
  }
}

/** All that is read or heard on the page. */
function wordsOf(page: Page): Promise<string> {
  return page.evaluate(() => {
    const heard = ['aria-label', 'aria-valuetext', 'title', 'placeholder', 'alt']
    const texts = [...document.querySelectorAll('body *')].flatMap((element) =>
      heard.map((name) => element.getAttribute(name) ?? ''),
    )
    return [document.title, document.body.innerText, ...texts].join('\n')
  })
}

/** Buttons that do nothing now and do not say why. */
function silentlyGrey(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll('main button:is([disabled], [aria-disabled="true"])')].flatMap((button) => {
      const ids = button.getAttribute('aria-describedby')?.split(' ') ?? []
      const why = ids.map((id) => document.getElementById(id)?.textContent ?? '').join('')
      return why.trim() === '' ? [button.outerHTML.slice(0, 160)] : []
    }),
  )
}

/** Tables whose rows are stacked on a phone, and that would have to be moved sideways all the same. */
function cutTables(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll('.table-scroll')]
      .filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth + 1)
      .map((frame) => frame.getAttribute('aria-label') ?? ''),
  )
}

/** Cards that begin where the one above ends, so that two read as one. */
function touching(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const cards = [...document.querySelectorAll('main .card')].filter((card) => card.checkVisibility())
    const places = cards.map((card) => ({ card, ...card.getBoundingClientRect().toJSON() }))
    return places.flatMap((above) =>
      places
        .filter(({ top, left, right }) => Math.abs(top - above.bottom) < 4 && left < above.right && above.left < right)
        .map(({ card }) => `${above.card.textContent.slice(0, 30)} / ${card.textContent.slice(0, 30)}`),
    )
  })
}

/** What is cut off at its own edge or leaves the window, and is not in a frame that scrolls. */
function tooWide(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const right = document.documentElement.clientWidth + 1
    const isFramed = (element: Element) => {
      for (let at: Element | null = element; at !== null; at = at.parentElement) {
        if (['auto', 'scroll'].includes(getComputedStyle(at).overflowX)) return true
      }
      return false
    }
    return [...document.querySelectorAll<HTMLElement>('body *')].flatMap((element) => {
      const isOut = element.getBoundingClientRect().right > right
      const isCut = element.scrollWidth > element.clientWidth + 1 && getComputedStyle(element).overflowX === 'hidden'
      if (!isOut && !isCut) return []
      if (!element.checkVisibility({ visibilityProperty: true }) || isFramed(element)) return []
      // A chart is drawn anew in the frame after its space has changed.
      if (element.closest('svg, .visually-hidden, .skip, .plot') !== null) return []
      return [`${element.tagName}.${element.className}: ${element.textContent.slice(0, 40)}`]
    })
  })
}
