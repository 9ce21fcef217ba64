/** What holds on every page for whoever uses it by keyboard, by ear, without motion, or on a phone that has lost its network. */
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pageFolder } from '../../server/project-files.ts'
import { lower, people } from '../api/people.ts'
import { type Street, startStreet, trade } from '../api/street.ts'
import { assertBuilt } from '../built.ts'
import { phone, shows, startBrowser, tabTo, textOf } from './browser.ts'

let street: Street
let browser: Browser
beforeAll(async () => {
  assertBuilt(['web'])
  street = await startStreet({ pageFolder, demo: true })
  await trade(street, 1)
  browser = await startBrowser()
}, 60_000)
afterAll(async () => {
  await browser?.close()
  await street?.stop()
})

async function open(path: string, options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({ viewport: phone, locale: 'en-GB', ...options })
  context.setDefaultTimeout(30_000)
  const page = await context.newPage()
  await page.goto(street.origin + path)
  return page
}

/** The page of somebody who has signed in with a key. */
async function pageOf(person: 'alice' | 'bob', options?: BrowserContextOptions): Promise<Page> {
  const page = await open('/account', options)
  await page.getByLabel('Or paste a private key').fill(people[person].privateKey)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.locator('.result-list').first().waitFor()
  return page
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
}, 120_000)

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
  }, 120_000)

  it('is on a grey button too, which says why when it is pressed', async () => {
    const page = await open('/account')
    await press(page, 'button', /^Sign in$/)
    await page.locator('.why', { hasText: 'Nothing is filled in yet.' }).waitFor()
    expect(await focused(page)).toBe('Sign in')
    await page.context().close()
  }, 60_000)
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
}, 60_000)

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
}, 60_000)

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
}, 60_000)
