/**
 * The operator's walk: signs in, sees that all is in order and then what is not, what the watchers say, invites; on a desk in English
 * and light, on a phone in German and dark. An unchanged list that the open page asks for again costs a 304.
 */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readInvitation } from '../../contracts/protocol/invitation-link.ts'
import type { OperationFacts } from '../../server/api/parts.ts'
import { pageFolder } from '../../server/project-files.ts'
import { lower, people } from '../api/people.ts'
import { ask, type Street, startStreet, tokenOf, trade } from '../api/street.ts'
import { assertBuilt } from '../built.ts'
import { batchSeconds, t0 } from '../market/engine/street.ts'
import { patiently } from '../patience.ts'
import { patienceMs, phone, startBrowser, wide } from './browser.ts'
import { looks, sweep } from './sweep.ts'

const watchers = [lower(people.alice), lower(people.bob), lower(people.metering)]

let street: Street
let browser: Browser
beforeAll(async () => {
  assertBuilt(['web'])
  street = await startStreet({ pageFolder })
  await trade(street, 4)
  street.watching.watchers = { keys: watchers, quorum: 2 }
  browser = await startBrowser()
})
afterAll(async () => {
  await browser?.close()
  await street?.stop()
})

async function open(at: number, viewport: { width: number; height: number }): Promise<Page> {
  const context = await browser.newContext({ ...looks[at], viewport, reducedMotion: 'reduce' })
  context.setDefaultTimeout(patienceMs)
  const page = await context.newPage()
  await page.goto(`${street.origin}/account`)
  const [paste, signIn] = [
    { name: 'Or paste a private key', button: 'Sign in' },
    { name: 'Oder einen privaten Schlüssel einfügen', button: 'Anmelden' },
  ].map(({ name, button }) => [page.getByLabel(name), page.getByRole('button', { name: button, exact: true })])[at]!
  await paste!.fill(people.stranger.privateKey)
  await signIn!.click()
  return page
}

/** The paths that the server answered with a 304 from now on, as the network and not the page saw it. */
async function unchanged(page: Page): Promise<Set<string>> {
  const devtools = await page.context().newCDPSession(page)
  const [paths, found] = [new Map<string, string>(), new Set<string>()]
  devtools.on('Network.requestWillBeSent', ({ requestId, request }) =>
    paths.set(requestId, new URL(request.url).pathname),
  )
  devtools.on('Network.responseReceivedExtraInfo', ({ requestId, statusCode }) => {
    if (statusCode === 304) found.add(paths.get(requestId) ?? '')
  })
  await devtools.send('Network.enable')
  return found
}

/** A batch that one watcher has signed and one refuses. */
function waitingBatch(): NonNullable<Street['watching']['waiting']> {
  const word = { signature: null, sentence: null, reason: null }
  return {
    ...{ area: 1, watchers: street.watching.watchers!, settlesFrom: t0 + 7_200 },
    batch: {
      ...{ start: t0, end: t0 + batchSeconds, header: `0x${'9'.repeat(64)}`, since: new Date() },
    } as NonNullable<Street['watching']['waiting']>['batch'],
    words: [
      { ...word, watcher: watchers[0]! },
      { ...word, watcher: watchers[1]!, reason: 'grid-take', sentence: 'the grid’s take is 4 and not 5' },
    ],
  }
}

const troubled: Partial<OperationFacts> = {
  heldUp: { code: 'CHAIN_FUNDS', sentence: 'the key 0x12 has too little for 812345 gas', since: new Date() },
  troubles: [
    {
      ...{ code: 'gas-short', sentence: 'chain 31337: the key cannot pay', seconds: null, area: null, chainId: 31337 },
      address: lower(people.stranger),
    },
  ],
}

it('sees that all is in order, invites, and reads how payments go', async () => {
  const page = await open(0, wide)
  const card = (name: string) => page.getByRole('region', { name, exact: true })
  await card('How things stand').getByText('all in order').waitFor()
  const repeated = await unchanged(page)
  expect(await card('How things stand').textContent()).toContain('Read up to block 41')
  await card('How payments go').getByRole('table').waitFor()
  expect(await card('Watchers').textContent()).toContain('2 of 3 must sign each payment')
  const gas = card('Gas')
  expect(await gas.locator('dl').count()).toBe(3)
  expect(await gas.textContent()).toContain('0 of at most 2,000 transactions')
  expect(await card('Offices').textContent()).toContain(`${lower(people.stranger)} (you)`)
  const members = card('Members and invitations')
  await members.getByRole('table').waitFor()
  await members.getByLabel('For how many members').fill('3')
  await members.getByRole('button', { name: 'Sign the link' }).click()
  const link = await members.getByRole('status').getByRole('textbox').inputValue()
  const invited = readInvitation(new URL(link).hash.slice(1))!
  const token = await tokenOf(street, people.bob)
  const { inviter, invitation, signature } = invited
  const taken = await ask(street, 'POST', 'areas/1/invitations', { token, body: { inviter, invitation, signature } })
  expect([taken.status, inviter]).toEqual([200, lower(people.stranger)])
  // An open page asks again every few seconds.
  await expect
    .poll(() => [...repeated].sort(), { ...patiently, interval: 200 })
    .toEqual(expect.arrayContaining(['/api/v1/areas/1/operation', '/api/v1/areas/1/watchers']))
  await sweep(page, 'the operator’s page', 'utility')
  await page.context().close()
})

it('sees on a phone, in German, what is in the way and which watcher refuses', async () => {
  Object.assign(street.operation, troubled)
  street.watching.waiting = waitingBatch()
  const page = await open(1, phone)
  const card = (name: string) => page.getByRole('region', { name, exact: true })
  await card('Wie es steht').getByText('etwas ist im Weg').waitFor()
  const said = await card('Wie es steht').textContent()
  expect(said).toContain('Der Schlüssel, der abrechnet, kann das Gas nicht zahlen.')
  expect(said).toContain(`Der Schlüssel ${lower(people.stranger)} kann das Gas einer Zahlung nicht mehr zahlen`)
  expect(await page.locator('.server-says [lang=en]').first().textContent()).toContain('too little for 812345 gas')
  const words = card('Wächter').getByRole('listitem')
  expect(await words.allTextContents()).toEqual([
    expect.stringContaining('unterschrieben'),
    expect.stringContaining('unterschreibt nicht Der Anteil des Netzes ist ein anderer.'),
    expect.stringContaining('noch nichts'),
  ])
  await card('Wie die Zahlungen laufen').getByRole('table').waitFor()
  await card('Mitglieder und Einladungen').getByRole('table').waitFor()
  await sweep(page, 'the operator’s page with troubles', 'utility')
  await page.context().close()
})

it('stands below the grid operator’s page where one account holds both offices', async () => {
  street.offices.grid = lower(people.stranger)
  const page = await open(0, wide)
  await page.getByRole('heading', { level: 2, name: 'How things stand' }).waitFor()
  await page.getByRole('heading', { level: 2, name: 'Zones and links' }).waitFor()
  street.offices.grid = lower(people.grid)
  await page.context().close()
})
