/** What holds on every page for whoever uses it by keyboard, by ear, without motion, or on a phone that has lost its network. */
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { version as release } from '../../package.json' with { type: 'json' }
import { pageFolder } from '../../server/project-files.ts'
import { lower, people } from '../api/people.ts'
import { type Street, startStreet, trade } from '../api/street.ts'
import { assertBuilt } from '../built.ts'
import { t0 } from '../market/engine/street.ts'
import { patienceMs, phone, shows, startBrowser, tabTo, textOf } from './browser.ts'

let street: Street
let browser: Browser
beforeAll(async () => {
  assertBuilt(['web'])
  street = await startStreet({ pageFolder, demo: true })
  await trade(street, 1)
  browser = await startBrowser()
})
afterAll(async () => {
  await browser?.close()
  await street?.stop()
})

/** What a page has asked wrongly, as before there was anything to ask for. */
const mistaken: string[] = []

async function open(path: string, options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({ viewport: phone, locale: 'en-GB', ...options })
  context.setDefaultTimeout(patienceMs)
  const page = await context.newPage()
  page.on('response', (response) => {
    if (response.status() === 400) mistaken.push(response.url())
  })
  await page.goto(street.origin + path)
  return page
}

/** The page of somebody who has signed in with a key. */
async function pageOf(person: 'alice' | 'bob', options?: BrowserContextOptions): Promise<Page> {
  const page = await open('/account', options)
  await signInAs(person, page)
  await page.locator('.result-list').first().waitFor()
  return page
}

async function signInAs(person: 'alice' | 'bob', page: Page): Promise<void> {
  await page.getByLabel('Or paste a private key').fill(people[person].privateKey)
  await page.getByRole('button', { name: 'Sign in' }).click()
}

const press = async (page: Page, role: string, name: RegExp) => {
  await tabTo(page, role, name)
  await page.keyboard.press(role === 'checkbox' ? 'Space' : 'Enter')
}
const focused = (page: Page) => page.evaluate(() => document.activeElement?.textContent ?? '')

it('a neighbour is preferred by the keyboard alone, and all of it is spoken', async () => {
  const alice = await pageOf('alice')
  await press(alice, 'summary', /^Who bought$/)
  await alice.getByLabel('Name that neighbours see').waitFor()
  await tabTo(alice, 'textbox', /^Name that neighbours see$/)
  await alice.keyboard.type('Alice of the north')
  await press(alice, 'button', /^Keep$/)
  await shows(alice, '.partners [role=status]', /^Kept/)
  expect(await focused(alice)).toBe('Keep')

  const bob = await pageOf('bob')
  await press(bob, 'summary', /^Who bought$/)
  await bob.getByLabel('Alice of the north').waitFor()
  await press(bob, 'checkbox', /^Alice of the north$/)
  await press(bob, 'button', /^Keep$/)
  await shows(bob, '.partners [role=status]', /^Kept\. Whom you prefer counts from now on\.$/)
  expect(await bob.locator('.partners form').ariaSnapshot()).toMatch(
    /textbox "Name that neighbours see".*group "Whom I prefer":.*checkbox "Alice of the north" \[checked\].*status: Kept.*button "Keep"/s,
  )
  await bob.getByLabel('Time', { exact: true }).selectOption('this month')
  expect(await bob.locator('.partners').ariaSnapshot()).toMatch(/combobox "Time"/)
  await Promise.all([alice, bob].map((page) => page.context().close()))
})

it('what is pressed twice in a row is done once', async () => {
  const bob = await pageOf('bob')
  const sent: string[] = []
  bob.on('request', (request) => request.method() === 'POST' && sent.push(new URL(request.url()).pathname))
  await bob.locator('summary', { hasText: /^Who bought$/ }).click()
  await bob.getByLabel('Name that neighbours see').fill('Bob of the south')
  await bob.getByRole('button', { name: 'Keep', exact: true }).dblclick()
  await shows(bob, '.partners [role=status]', /^Kept/)
  expect(sent.filter((path) => path.endsWith('/partner-choices'))).toHaveLength(1)
  await bob.context().close()
})

it('who joins goes back by the browser’s own button, and is where they were after the page was loaded anew', async () => {
  const page = await open('/join')
  await signInAs('bob', page)
  await page.getByRole('textbox', { name: 'Code' }).fill('abcd-2345')
  await page.getByRole('button', { name: 'Find my home' }).click()
  await shows(page, '.join-card .trouble', /^This code is wrong or has expired/)
  expect(new URL(page.url()).pathname).toBe('/join/ABCD2345')
  await page.reload()
  await signInAs('bob', page)
  await page.getByRole('button', { name: 'Enter another code' }).waitFor()
  await page.goBack()
  await page.getByRole('textbox', { name: 'Code' }).waitFor()
  await page.context().close()
})

describe('a home’s page', () => {
  /** What stands before what on the page, as somebody reads it. */
  const places = (page: Page, selectors: readonly string[]) =>
    page.evaluate((all) => {
      const elements = [...document.querySelectorAll('*')]
      return all.map((selector) => elements.indexOf(document.querySelector(selector)!))
    }, selectors)

  it('says what is known while there is no yesterday, then whether all is well, the sun ahead and what flows', async () => {
    const page = await pageOf('alice')
    // On the day after this one, by whatever clock the test runs, the street's only day would be yesterday.
    await page.clock.setFixedTime(new Date(t0 * 1000))
    await shows(page, '.view > .today', /^Yesterday, against the supplier.*Nothing is known of yesterday/s)
    await shows(page, '.sun-ahead', /said here once three days with sun are known/)
    await shows(page, '.now .status', /Selling from [\d.]+ ct\/kWh on\..*None of the last 1 \S+ lacks a value\./)
    await shows(
      page,
      '.with-whom',
      /^From \d\d:\d\d on, in the newest result: [\d.]+ k?Wh to neighbours, [\d.]+ k?Wh to the supplier/,
    )
    const order = await places(page, ['.view > .today', '.now .status', '.sun-ahead', '#price'])
    expect(order).toEqual([...order].sort((a, b) => a - b))
    expect(order).not.toContain(-1)
    expect(mistaken).toEqual([])
    await page.context().close()
  })

  it('begins with what yesterday brought, compared with the supplier', async () => {
    const page = await pageOf('alice')
    await page.clock.setFixedTime(new Date((t0 + 86_400) * 1000))
    const told = await shows(
      page,
      '.view > .today',
      /\+[\d.]+ (ct|€)more from neighbours than the supplier would have paid for/,
    )
    const [difference, mine, supplier] = [
      /\+([\d.]+)/,
      /from neighbours([\d.]+) (?:ct|€)/,
      /feed-in tariff([\d.]+)/,
    ].map((each) => Number(each.exec(told)?.[1]))
    expect(difference).toBeCloseTo(mine! - supplier!, 6)
    await page.context().close()
  })
})

it('every page says which release runs', async () => {
  const page = await open('/account')
  await shows(page, '.foot', new RegExp(`version ${release.replaceAll('.', '\\.')}`))
  await page.context().close()
})

describe('the focus', () => {
  it('goes back to what opened a list, and stays nearby when what had it goes', async () => {
    const page = await open('/account')
    await press(page, 'button', /^See it as/)
    await page.locator('#people').waitFor()
    await page.keyboard.press('Tab')
    await page.keyboard.press('Escape')
    expect(await focused(page)).toMatch(/^See it as/)
    await page.context().close()

    const alice = await pageOf('alice')
    await press(alice, 'button', /^[\d.]+\sct\/kWh more$/)
    await press(alice, 'button', /^Keep \d/)
    await alice.getByRole('button', { name: /^Keep \d/ }).waitFor({ state: 'detached' })
    await alice.waitForFunction(() => document.activeElement?.closest('.my-price') != null)
    await alice.context().close()
  })

  it('is on a grey button too, which says why when it is pressed', async () => {
    const page = await open('/account')
    await press(page, 'button', /^Sign in$/)
    await page.locator('.why', { hasText: 'Nothing is filled in yet.' }).waitFor()
    expect(await focused(page)).toBe('Sign in')
    await page.context().close()
  })
})

it('nothing moves for whoever asked for less motion', async () => {
  const durations = async (page: Page) => ({
    switches: await page
      .locator('.switch-thumb')
      .first()
      .evaluate((thumb) => getComputedStyle(thumb).transitionDuration),
    running: await page.evaluate(
      () => document.getAnimations().filter(({ playState }) => playState === 'running').length,
    ),
  })
  const still = await pageOf('alice', { reducedMotion: 'reduce' })
  expect(await durations(still)).toEqual({ switches: '0s', running: 0 })
  const usual = await pageOf('alice', { reducedMotion: 'no-preference' })
  expect((await durations(usual)).switches).toBe('0.15s')
  await Promise.all([still, usual].map((page) => page.context().close()))
})

it('what a graphic says by colour is seen where a system forces its own colours', async () => {
  const page = await pageOf('alice', { forcedColors: 'active' })
  await page.locator('.legend .swatch').first().waitFor()
  const unseen = await page.evaluate(() => {
    const ground = (element: Element) => getComputedStyle(element).backgroundColor
    const signs = document.querySelectorAll('.swatch, .comparison-bar, .scale-mark, .progress-fill, .switch-thumb')
    return [...signs]
      .filter((sign) => ground(sign) === ground(sign.closest('button') ?? document.body))
      .map(({ className }) => className)
  })
  expect(unseen).toEqual([])
  await page.context().close()
})

it('a phone without a network says what holds, and signs nothing by itself once it is back', async () => {
  const page = await pageOf('alice')
  const sent: string[] = []
  page.on('request', (request) => request.method() === 'POST' && sent.push(new URL(request.url()).pathname))
  const mine = await textOf(page, '.my-price output')
  await page.context().setOffline(true)
  await shows(page, '.connection', /^This device is offline\. What you see is from \d\d:\d\d:\d\d\.$/)
  await shows(
    page,
    '.my-price .explain',
    /^No connection\. Your price is still [\d.]+ ct\/kWh\. Without a connection nothing/,
  )
  const set = page.getByRole('button', { name: 'Set my price' })
  await page
    .getByRole('button', { name: /^[\d.]+\sct\/kWh less$/ })
    .first()
    .click()
  await set.focus()
  await page.keyboard.press('Enter')
  await page.context().setOffline(false)
  await page.locator('.offline').waitFor({ state: 'detached' })
  await shows(page, '.my-price', /not set yet/)
  expect(sent.filter((path) => path.endsWith('/orders'))).toEqual([])
  expect(await textOf(page, '.my-price output')).not.toBe(mine)
  await set.click()
  await page.locator('.my-price .badge').waitFor({ state: 'detached' })
  expect(sent.filter((path) => path.endsWith('/orders'))).toHaveLength(1)
  await page.context().close()
})

it('an act whose part could not be fetched offers the page anew, since browsers remember that', async () => {
  const blocked = '**/assets/submit-*.js'
  const page = await pageOf('alice', { serviceWorkers: 'block' })
  await page.route(blocked, (route) => route.abort())
  await page
    .getByRole('button', { name: /^[\d.]+\sct\/kWh less$/ })
    .first()
    .click()
  await page.getByRole('button', { name: 'Set my price' }).press('Enter')
  await shows(page, '.my-price .trouble', /could not be fetched/)
  await page.unroute(blocked)
  await page.getByRole('button', { name: 'Load the page again' }).press('Enter')
  await page.getByLabel('Or paste a private key').waitFor()
  await page.context().close()
})

it('a printed page hides nothing below the bar at the foot of a phone’s window', async () => {
  const page = await pageOf('alice')
  const bar = page.locator('.thumb-bar')
  await bar.waitFor()
  await page.emulateMedia({ media: 'print' })
  await bar.waitFor({ state: 'hidden' })
  await page.context().close()
})

it('a deposit that a phone without a network could not send is not sent once it is back', async () => {
  const page = await pageOf('bob')
  const sent: string[] = []
  page.on('request', (request) => request.method() === 'POST' && sent.push(new URL(request.url()).pathname))
  await page.locator('summary', { hasText: /^What I pay when I need energy/ }).click()
  const field = page.getByLabel('Add to my purse')
  await field.fill('0.01')
  await page.context().setOffline(true)
  await page.getByRole('button', { name: 'Put in' }).press('Enter')
  await shows(page, '.trouble', /cannot be reached|could not be fetched/)
  await page.context().setOffline(false)
  await page.locator('.offline').waitFor({ state: 'detached' })
  await page.getByRole('button', { name: 'Put in' }).waitFor()
  expect(await field.inputValue()).toBe('0.01')
  expect(sent.filter((path) => path.endsWith('/deposits'))).toEqual([])
  await page.context().close()
})

it('a browser that signs out keeps nothing of the account', async () => {
  const page = await pageOf('alice')
  const account = lower(people.alice)
  /** The status of the copy that the browser has of the account's seats, null where it has none. */
  const kept = () =>
    page.evaluate(async (own) => {
      const [read] = performance.getEntriesByType('resource').filter(({ name }) => name.includes(`/${own}/seats`))
      const as = { headers: { 'Commonwatt-Account': own }, cache: 'only-if-cached', mode: 'same-origin' } as const
      return (await fetch(read!.name, as).catch(() => null))?.status ?? null
    }, account)
  expect(await kept()).toBe(200)
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByLabel('Or paste a private key').waitFor()
  expect(await kept()).not.toBe(200)
  await page.context().close()
})

it('who signs out in one tab is signed out in the others of that browser, where somebody else goes on', async () => {
  const first = await pageOf('alice')
  const [second, third] = [await first.context().newPage(), await first.context().newPage()]
  for (const [page, person] of [
    [second, 'alice'],
    [third, 'bob'],
  ] as const) {
    await page.goto(`${street.origin}/account`)
    await signInAs(person, page)
    await page.locator('.result-list').first().waitFor()
  }
  await first.getByRole('button', { name: 'Sign out' }).click()
  await first.getByLabel('Or paste a private key').waitFor()
  await second.getByLabel('Or paste a private key').waitFor()
  expect(await third.locator('.result-list').count()).toBeGreaterThan(0)
  await first.context().close()
})

it('a page whose session was ended on another device signs in again and stays live', async () => {
  const [page, other] = [await pageOf('alice'), await pageOf('alice')]
  const signedIn = page.waitForResponse(
    (answer) => /\/session$/.test(answer.url()) && answer.request().method() === 'POST',
  )
  await other.getByRole('button', { name: 'End it' }).first().click()
  await signedIn
  await page.locator('.offline').waitFor({ state: 'detached' })
  await Promise.all([page, other].map((each) => each.context().close()))
})

it('a browser that keeps no cookies signs in once, and not again and again', async () => {
  const page = await open('/')
  await page.addInitScript(() => {
    const { fetch } = window
    window.fetch = (input, init) => fetch(input, { ...init, credentials: 'omit' })
  })
  let signedIn = 0
  page.on('response', (answer) => {
    if (/\/session$/.test(answer.url()) && answer.request().method() === 'POST') signedIn += 1
  })
  await page.goto(`${street.origin}/account`)
  await signInAs('alice', page)
  await page.waitForTimeout(8_000)
  expect(signedIn).toBeLessThan(4)
  await page.context().close()
})
