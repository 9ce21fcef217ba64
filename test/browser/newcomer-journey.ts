/** A newcomer of the demo on the whole way, from the first page to money that has arrived: what a person does, and what is waited for. */
import { readFileSync } from 'node:fs'
import type { Locator, Page } from 'playwright-core'
import { expect } from 'vitest'
import { readStatementFile } from '../../server/settlement/statement-file.ts'
import { readCsv } from '../../web/utility/report-check.ts'
import { accessibilityFaults, overflow, shows } from './browser.ts'
import { allowNotices, noticeOfPayout } from './money-journey.ts'

interface Journey {
  acts: string[]
  /** For what the demo, the agent or the chain does, in seconds. */
  waits: [what: string, seconds: number][]
}

/** What a person of each language reads, as far as it must be found. */
export const newcomerWords = {
  de: {
    join: 'Mit meinem Haus mitmachen',
    passphrase: 'Wählen Sie einen Passwortsatz',
    withPassphrase: 'Mit diesem Gerät fortfahren',
    withPasskey: 'Fingerabdruck, Gesicht oder PIN dieses Geräts benutzen',
    home: { lend: 'Leih mir ein Haus', find: 'Mein Haus finden', mine: 'Das ist mein Haus', here: /Ihr Haus ist da/ },
    flat: {
      ...{ lend: 'Leih mir eine Wohnung', find: 'Meinen Zähler finden', mine: 'Das ist mein Zähler' },
      here: /Der Messstellenbetreiber hat den Code .* geschickt/,
    },
    sellFor: /^Verkaufen für mindestens/,
    sign: 'Unterschreiben und mitmachen',
    youAreIn: /^Sie sind dabei$/,
    start: 'Handel beginnen',
    pricesCount: /Ihre Preise gelten/,
    toMyPage: 'Zu meiner Seite',
    feedsIn: 'gehen ins Netz',
    add: 'Auf mein Guthaben einzahlen',
    putIn: 'Einzahlen',
    onItsWay: /Unterwegs, in Transaktion 0x/,
    sold: 'verkauft',
    bought: 'gekauft',
    takeBack: 'Geld zurückholen',
    payout: /^(Auszahlung verlangen|Geld zurückverlangen)/,
    ask: 'Verlangen',
    all: 'alles',
    askForAll: 'Alles verlangen',
    asked: /[\d,]+ (ct|€) verlangt/,
    ready: /Es liegt zum Abholen bereit/,
    collect: 'Abholen',
    collected: /Abgeholt in Transaktion 0x/,
    statement: 'Abrechnung eines Monats',
    adds: /geht auf/,
    verify: 'Hier nachprüfen',
    verified: /hier nachgeprüft/,
  },
  en: {
    join: 'Join with my home',
    passphrase: 'Choose a passphrase',
    withPassphrase: 'Continue with this device',
    withPasskey: 'Use this device’s fingerprint, face or PIN',
    home: { lend: 'Lend me a home', find: 'Find my home', mine: 'This is my home', here: /Your home is there/ },
    flat: {
      ...{ lend: 'Lend me a flat', find: 'Find my meter', mine: 'This is my meter' },
      here: /The metering operator has sent the code/,
    },
    sellFor: /^Sell for at least/,
    sign: 'Sign and join',
    youAreIn: /^You are in$/,
    start: 'Start trading',
    pricesCount: /Your prices count/,
    toMyPage: 'To my page',
    feedsIn: 'go to the grid',
    add: 'Add to my purse',
    putIn: 'Put in',
    onItsWay: /On its way, in transaction 0x/,
    sold: 'sold',
    bought: 'bought',
    takeBack: 'Take money back',
    payout: /^Ask for (a payout|money back)/,
    ask: 'Ask for it',
    all: 'all',
    askForAll: 'Ask for all of it',
    asked: /[\d.]+ (ct|€) asked for/,
    ready: /ready to collect/,
    collect: 'Collect it',
    collected: /Collected in transaction 0x/,
    statement: 'Statement of a month',
    adds: /adds up/,
    verify: 'Verify it here',
    verified: /verified here/,
  },
}
type NewcomerWords = (typeof newcomerWords)['de' | 'en']

type AccountKind = 'passkey' | 'passphrase'

/** Notes what a person does and waits for. */
function noting() {
  const journey: Journey = { acts: [], waits: [] }
  const act = async (what: string, doing: Promise<unknown>) => {
    journey.acts.push(what)
    await doing
  }
  const wait = async (what: string, until: Promise<unknown>) => {
    const since = performance.now()
    await until
    journey.waits.push([what, (performance.now() - since) / 1000])
  }
  return { journey, act, wait }
}

const button = (page: Page | Locator, name: string) => page.getByRole('button', { name, exact: true })

/**
 * By the keyboard, once the button can be pressed: a pointer misses a button that moves between its press and its release, as new
 * results come in above.
 */
const press = (page: Page | Locator, name: string) =>
  button(page, name).and(page.locator(':not([aria-disabled="true"])')).press('Enter')

/** What holds of every page on the way. */
async function isFitToShow(page: Page): Promise<void> {
  expect(await accessibilityFaults(page)).toEqual([])
  expect(await overflow(page)).toBe(0)
}

interface Place {
  kind: 'home' | 'flat'
  account: AccountKind
  found: RegExp
  /** Who sells names a price for it; whose meter could sell, and does not want to, leaves that field empty. */
  sells?: boolean
  /** What the agent shows that the owner has installed; without it the demo lends a home or a flat. */
  code?: string
}

/** From the first page to an open place that trades: with a home that has an agent, or a flat whose meter the metering operator reads. */
async function toOpenPlace(
  page: Page,
  words: NewcomerWords,
  { kind, account, found, code, sells = kind === 'home' }: Place,
) {
  const { journey, act, wait } = noting()
  const { lend, find, mine, here } = words[kind]
  await act('join', page.getByRole('link', { name: words.join }).click())
  if (account === 'passphrase') {
    await act('choose a passphrase', page.getByLabel(words.passphrase).fill('Sonne von nebenan, bitte'))
    await act('make the account', button(page, words.withPassphrase).click())
  } else await act('make the account', button(page, words.withPasskey).click())
  if (code === undefined) {
    await act(`ask for a ${kind}`, button(page, lend).click())
    await wait('the code comes', shows(page, '.join-card [role=status]', here))
  } else
    await act('type the code', page.getByRole('textbox', { name: 'Code' }).fill(`${code.slice(0, 4)}-${code.slice(4)}`))
  await isFitToShow(page)
  expect(await page.getByRole('textbox', { name: 'Code' }).inputValue()).toMatch(/^[2-9A-Z]{4}-[2-9A-Z]{4}$/)
  await act('find it by its code', button(page, find).click())
  await shows(page, '.join-card', found)
  await isFitToShow(page)
  await act('say that it is mine', button(page, mine).click())
  await wait('the meter signs', button(page, words.sign).waitFor())
  // Cheaper than every neighbour, whatever the tests before have left of their prices.
  if (sells) await act('name my price', page.getByLabel(words.sellFor).fill('1'))
  else if (code !== undefined) await act('sell nothing', page.getByLabel(words.sellFor).fill(''))
  await isFitToShow(page)
  await act('sign', button(page, words.sign).click())
  await wait('the seat opens on chain', shows(page, '.join-card h2', words.youAreIn))
  await act('start trading', button(page, words.start).click())
  await shows(page, '.join-card [role=status]', words.pricesCount)
  await act('see my page', page.getByRole('link', { name: words.toMyPage }).click())
  return { journey, act, wait }
}

/** From the first page to the first live value of a home that feeds `power` in. */
export async function toFirstLiveValue(
  page: Page,
  words: NewcomerWords,
  { account, power }: { account: AccountKind; power: string },
): Promise<Journey> {
  const { journey, wait } = await toOpenPlace(page, words, {
    kind: 'home',
    account,
    found: new RegExp(`${power}0?\\skW`),
  })
  const live = page.getByRole('img', { name: new RegExp(`${power}0? kW ${words.feedsIn}`) })
  await wait('first live value', live.waitFor())
  return journey
}

/** The grid operator confirms the meter. */
async function confirmed(page: Page): Promise<void> {
  await page.locator('.page-sub .badge').waitFor({ state: 'detached' })
}

/** Three euro from the wallet, and one of them asked for at once: its delay goes by meanwhile. */
async function putInAndAsk(page: Page, words: NewcomerWords): Promise<void> {
  await page.getByLabel(words.add).fill('3')
  await press(page, words.putIn)
  await shows(page, '.sent', words.onItsWay)
  await page.locator('summary', { hasText: words.takeBack }).click()
  const back = page.locator('.withdrawal')
  await back.getByLabel(words.payout).fill('1')
  await press(back, words.ask)
  await shows(page, '.step', words.asked)
}

/** All that was earned is asked for. */
async function askForAll(page: Page, words: NewcomerWords): Promise<void> {
  const payout = page.locator('.withdrawal')
  await press(payout, words.all)
  await press(payout, words.askForAll)
  // Where that does not come, the card says why.
  await shows(page, '.withdrawal', words.asked)
}

/** The first payment is listed, and the month's statement is verified here, in the browser. */
async function verifyStatement(page: Page, words: NewcomerWords, traded: RegExp): Promise<void> {
  await shows(page, '.settlement-list', traded)
  await page.locator('summary', { hasText: words.statement }).click()
  await shows(page, '.month-statement', words.adds)
  await press(page, words.verify)
  await shows(page, '.month-verify', words.verified)
  await isFitToShow(page)
}

async function collect(page: Page, words: NewcomerWords): Promise<void> {
  await shows(page, '.step', words.ready)
  await press(page, words.collect)
  await shows(page, '.sent', words.collected)
  await page.locator('.step').waitFor({ state: 'detached' })
}

/** What was paid, as files: the proof of one payment, and the lines of the month. */
async function saveStatements(page: Page): Promise<void> {
  const saved = page.waitForEvent('download')
  await page
    .getByRole('button', { name: /^Save the statement/ })
    .first()
    .click()
  const statement = readStatementFile(JSON.parse(readFileSync(await (await saved).path(), 'utf8')))
  expect(statement.leaves.length).toBeGreaterThan(0)
  await shows(page, '.month-verify', /which asked 127\.0\.0\.1:\d+.*Not checked here/s)
  const csv = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Save as CSV' }).click()
  const lines = readCsv(readFileSync(await (await csv).path(), 'utf8'))
  expect(lines.map(([, name]) => name)).toContain('sold to the street')
  const pdf = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Save as PDF' }).click()
  expect((await pdf).suggestedFilename()).toMatch(/^commonwatt-\d{4}-\d\d-\d+\.pdf$/)
  expect(readFileSync(await (await pdf).path(), 'latin1')).toMatch(/^%PDF-1\.7\n.*\(sold to the street\) Tj/s)
}

/** Somebody who asks for money: too much is refused in words, and what was asked for can stay. */
async function askAndLeave(page: Page): Promise<void> {
  await shows(page, '.step', /[\d.]+ (ct|€) asked for\. You can collect it from \d\d:\d\d:\d\d on, in \d+ s/)
  expect(await page.getByRole('button', { name: 'Collect it' }).isDisabled()).toBe(true)
  await page.getByRole('button', { name: 'Leave it in the purse' }).click()
  await page.locator('.step').waitFor({ state: 'detached' })
  await shows(page, '.sent', /all of it stays in the purse/)
  await page.getByLabel('Ask for a payout').fill('99,999')
  await shows(page, '.withdrawal .wrong', /more than is in the purse: at most [\d.]+ (ct|€)/)
}

const paidFor = (what: string) => new RegExp(`${what}.*0x`, 's')

/** A home that sells `wh` in every interval, from its first trade to its money. */
export async function sellToPayout(page: Page, words: NewcomerWords, wh: number): Promise<void> {
  await confirmed(page)
  await shows(page, '.result-list', new RegExp(`${wh} Wh ${words.sold}`))
  await verifyStatement(page, words, paidFor(words.sold))
  await askForAll(page, words)
  await collect(page, words)
}

/** The same in English, by somebody who hesitates, keeps the papers, and wants to be told of the payout. */
export async function sellWithNotices(page: Page, wh: number): Promise<void> {
  const words = newcomerWords.en
  await confirmed(page)
  await allowNotices(page)
  await shows(page, '.result-list', new RegExp(`${wh} Wh ${words.sold}`))
  await verifyStatement(page, words, paidFor(words.sold))
  await askForAll(page, words)
  await askAndLeave(page)
  await askForAll(page, words)
  await saveStatements(page)
  await collect(page, words)
  await noticeOfPayout(page)
}

/** Somebody who buys, from money that is put in to what it bought, and money that is taken back. */
async function buyToMoneyBack(page: Page, words: NewcomerWords, wh: number): Promise<void> {
  await confirmed(page)
  await putInAndAsk(page, words)
  await shows(page, '.result-list', new RegExp(`${wh} Wh ${words.bought}`))
  await verifyStatement(page, words, paidFor(words.bought))
  await collect(page, words)
}

/** A flat of which the metering operator reads the meter, from the neighbourhood's page to what it bought, and money it takes back. */
export async function flatToMoneyBack(page: Page, words: NewcomerWords, { point, wh }: { point: string; wh: number }) {
  await toOpenPlace(page, words, { kind: 'flat', account: 'passphrase', found: new RegExp(point) })
  await buyToMoneyBack(page, words, wh)
}

/**
 * A buyer who has installed an agent, on the same way: what it takes is found by the agent's code, somebody sends it money, and the grid
 * operator confirms its meter by hand.
 */
export async function installedToMoneyBack(
  page: Page,
  words: NewcomerWords,
  home: { code: string; found: RegExp; wh: number; meanwhile: () => Promise<unknown> },
): Promise<void> {
  const { code, found, wh, meanwhile } = home
  await toOpenPlace(page, words, { kind: 'home', account: 'passphrase', sells: false, found, code })
  await meanwhile()
  await buyToMoneyBack(page, words, wh)
}

/** What a person needs for one act, to read, find and do it, and how long all of it may take. */
const [secondsAnAct, goalSeconds] = [20, 300]

/** Prints how long a newcomer took to its first live value, and holds it to the goal. */
export function isWithinFiveMinutes(who: string, { acts, waits }: Journey): void {
  const waited = waits.reduce((sum, [, seconds]) => sum + seconds, 0)
  const told = waits.map(([what, seconds]) => `${what} ${seconds.toFixed(1)} s`).join(', ')
  console.info(`${who}: a first live value after ${acts.length} acts and ${waited.toFixed(1)} s of waiting: ${told}`)
  expect(acts.length * secondsAnAct).toBeLessThan(goalSeconds)
}
