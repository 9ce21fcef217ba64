/** The page of a server with two areas: a list that is searched, one address for each, one account with a meter in both. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { pageFolder } from '../../server/project-files.ts'
import { lower, people, seatOfPerson, settingsOfArea } from '../api/people.ts'
import { type Street, startStreet, trade } from '../api/street.ts'
import { assertBuilt } from '../built.ts'
import { accessibilityFaults, patienceMs, phone, startBrowser } from './browser.ts'
import { opensSteadily } from './first-things.ts'
import { sweep } from './sweep.ts'

const hill = settingsOfArea(0xffff_ffff, {
  ...{ name: 'Hill', rulesHash: `0x${'5'.repeat(64)}` },
  zones: [{ zone: 'top', name: 'Upper Path', parent: null, feeTicksPerKwh: 0, capacityWh: null }],
})

let street: Street
let browser: Browser
beforeAll(async () => {
  assertBuilt(['web'])
  street = await startStreet({ others: [hill], pageFolder })
  await street.syncSeats([seatOfPerson('alice', 'top', { meter: `0x${'e'.repeat(40)}` })], hill.area)
  browser = await startBrowser()
})
afterAll(async () => {
  await browser?.close()
  await street?.stop()
})

async function open(path: string, locale: string, { origin } = street): Promise<Page> {
  const context = await browser.newContext({ viewport: phone, locale, reducedMotion: 'reduce' })
  const page = await context.newPage()
  page.setDefaultTimeout(patienceMs)
  await page.goto(origin + path)
  return page
}

it('lists both, finds one by its street, and goes on to what was asked for', async () => {
  const page = await open('/join/ABCD2345', 'en-GB')
  const list = page.getByRole('list', { name: 'Neighbourhoods' })
  await list.getByRole('link', { name: /^Hill/ }).waitFor()
  expect(await list.getByRole('link').count()).toBe(2)
  // Its streets are called as the operator of the test called them.
  await sweep(page, 'the list of areas', 'utility')
  const search = page.getByRole('searchbox', { name: 'Search for a neighbourhood' })
  await search.fill('valley')
  await page.getByText('No neighbourhood is called like that here.').waitFor()
  await search.fill('upper path')
  await list.getByRole('link', { name: /^Test street/ }).waitFor({ state: 'detached' })
  await list.getByRole('link', { name: /^Hill/ }).click()
  await page.getByRole('heading', { level: 1, name: 'Join Hill' }).waitFor()
  expect(new URL(page.url()).pathname).toBe('/areas/hill/join/ABCD2345')
  expect(await page.title()).toBe('Join · Hill · Commonwatt')
  await page.getByRole('link', { name: 'Commonwatt, the neighbourhood' }).click()
  await list.getByRole('link', { name: /^Test street/ }).click()
  await page.getByText('In Test street, roofs sell').waitFor()
  expect(await page.title()).toBe('Test street · Commonwatt')
  await page.context().close()
})

it('shows one account’s meter in each area under one session', async () => {
  const page = await open(`/areas/${hill.area}/account`, 'de-AT')
  await page.getByLabel('Oder einen privaten Schlüssel einfügen').fill(people.alice.privateKey)
  await page.getByRole('button', { name: 'Anmelden' }).click()
  await page.getByText('Upper Path').first().waitFor()
  await page.getByText('Ich habe auch einen Zähler in').getByRole('link', { name: 'Test street' }).click()
  await page.getByText('North feeder').first().waitFor()
  expect(new URL(page.url()).pathname).toBe('/areas/test-street/account')
  await page.getByText('Ich habe auch einen Zähler in').getByRole('link', { name: 'Hill' }).waitFor()
  expect(await accessibilityFaults(page)).toEqual([])
  const cookies = await page.context().cookies()
  expect(cookies.filter(({ name }) => name.includes(lower(people.alice).slice(2)))).toHaveLength(1)
  await page.context().close()
})

it('opens with the street where it is a demo, and leads to the others', async () => {
  const demo = await startStreet({ others: [hill], pageFolder, demo: true })
  onTestFinished(() => demo.stop())
  const page = await open('/', 'en-GB', demo)
  await page.getByText('In Test street, roofs sell').waitFor()
  await page.getByRole('link', { name: 'Other neighbourhoods' }).click()
  await page.getByRole('link', { name: /^Hill/ }).waitFor()
  expect(new URL(page.url()).pathname).toBe('/areas')
  await page.context().close()
})

it('says at once that the server is silent, and opens when it answers', async () => {
  const context = await browser.newContext({ viewport: phone, locale: 'en-GB', reducedMotion: 'reduce' })
  let tries = 0
  await context.route('**/api/v1/areas/hill', (route) => (++tries === 1 ? route.abort() : route.continue()))
  const page = await context.newPage()
  await page.goto(`${street.origin}/areas/hill`)
  await page.getByText('The server cannot be reached.').waitFor()
  expect(tries).toBe(1)
  await page.getByText('In Hill, roofs sell').waitFor()
  await context.close()
})

it('reads something before the script has come on a slow line, and then nothing jumps', async () => {
  await trade(street, 4)
  await opensSteadily(await open('/account', 'en-GB'), `${street.origin}/areas/test-street`)
})

it('says so where no area is', async () => {
  const page = await open('/areas/valley', 'en-GB')
  await page.getByRole('heading', { name: 'Nobody here' }).waitFor()
  await page.context().close()
})
