/**
 * The page as people use it: a real browser, and behind it a whole street of real processes. Every five seconds the north roof exports 40 Wh,
 * the south roof 40 Wh and the buyer takes 45 Wh. The south roof asks 8 ct, the north roof 10 ct; the way to the buyer costs 0.5 ct from the
 * south, over a link that carries 20 Wh, and 1 ct from the north. So the south link is full, the north roof sells the other 25 Wh and sets the
 * price: 11 ct at the transformer, 10 ct in the north. When the north roof asks 5 ct it sells all of its 40 Wh, the south roof sells 5 Wh and
 * sets the price: 8.5 ct at the transformer, 7.5 ct in the north, where 40 Wh then earn 0.3 ct.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { readInvitation } from '../../contracts/protocol/invitation-link.ts'
import { rotateKeys } from '../../meter-agent/keys/rotation.ts'
import { readConfig } from '../../meter-agent/setup/config.ts'
import type { DemoHomes } from '../../server/api/demo-resources.ts'
import { publicClient } from '../../server/api-client.ts'
import { type RunningDemo, startDemo } from '../../server/demo/demo.ts'
import { removeDataFolder } from '../../server/demo/postgres-folder.ts'
import type { Street } from '../../server/demo/street.ts'
import { checkReport } from '../../web/utility/report-check.ts'
import { assertBuilt } from '../built.ts'
import { freeDemoPorts } from '../end-to-end/demo-ports.ts'
import { batchSeconds, guestWh, zoneOfNoon } from '../end-to-end/scripted-street.ts'
import {
  flatPoint,
  flatWh,
  installedHome,
  installedWh,
  steadyHouse,
  steadyStreet,
} from '../end-to-end/steady-street.ts'
import { agreeAndGiveNotice, tradeAheadByKeyboard } from './agreeing-journey.ts'
import {
  accessibilityFaults,
  changes,
  overflow,
  patienceMs,
  phone,
  shows,
  startBrowser,
  tabTo,
  textOf,
  wide,
  withAuthenticator,
  withNoticeCentre,
} from './browser.ts'
import { budgetJourney } from './budget-journey.ts'
import { energyJourney } from './energy-journey.ts'
import { firstThingsFirst } from './first-things.ts'
import { installHome, lend } from './installed-home.ts'
import {
  claimAndSign,
  codeOfAnswer,
  demoArea,
  findByCode,
  invitationOf,
  keyOfPerson,
  offeredMeter,
  ownersOf,
  resultsIn,
  takeOver,
} from './joining-journey.ts'
import { confirmingJourney, leavingJourney, revokingJourney } from './leaving-journey.ts'
import { askForSomebody, collectAndSendOn, moveAndStay } from './money-journey.ts'
import {
  flatToMoneyBack,
  installedToMoneyBack,
  isWithinFiveMinutes,
  newcomerWords,
  sellToPayout,
  sellWithNotices,
  toFirstLiveValue,
} from './newcomer-journey.ts'
import { printRecoveryKey, recoverAccount } from './recovery-journey.ts'
import { looks, narrow, sweep } from './sweep.ts'
import { TestWallet } from './test-wallet.ts'

/** How long the street takes to start, and enough of it for the tests on a slow machine. */
const [startUpSeconds, scriptedIntervals] = [50, 720]

let folder: string
let street: Street
let times: { startSeconds: number; intervals: number }
let ports: Awaited<ReturnType<typeof freeDemoPorts>>
let demo: RunningDemo
let browser: Browser
const faults: string[] = []

beforeAll(async () => {
  assertBuilt(['commonwatt', 'commonwatt-agent', 'web'])
  folder = mkdtempSync(join(tmpdir(), 'commonwatt-browser-'))
  const startSeconds = Math.ceil((Date.now() / 1000 + startUpSeconds) / batchSeconds) * batchSeconds
  times = { startSeconds, intervals: scriptedIntervals }
  street = { ...steadyStreet(folder, times), house: steadyHouse(times) }
  ports = await freeDemoPorts()
  browser = await startBrowser()
  demo = await startDemo({ street, dataFolder: join(folder, 'data'), ports, print: () => {} })
}, 240_000)

afterAll(async () => {
  await browser?.close()
  await demo?.stop()
  removeDataFolder(join(folder, 'data'))
  rmSync(folder, { recursive: true, force: true })
}, 60_000)

afterEach(async () => {
  await Promise.all(browser.contexts().map((context) => context.close()))
  expect(faults.splice(0), 'errors in the browser').toEqual([])
})

async function open(
  path: string,
  options: BrowserContextOptions = { viewport: wide },
  prepare: (context: BrowserContext) => Promise<unknown> = async () => {},
): Promise<Page> {
  const context = await browser.newContext({
    ...{ reducedMotion: 'reduce', timezoneId: zoneOfNoon(times.startSeconds) },
    ...options,
  })
  context.setDefaultTimeout(patienceMs)
  await prepare(context)
  const page = await context.newPage()
  page.on('pageerror', (error) => faults.push(error.message))
  await page.goto(`${demo.url}${path}`)
  return page
}

describe('the neighbourhood', () => {
  it('shows a live price that the street agrees on, and renews it by itself', async () => {
    const page = await open('/')
    await shows(page, '.hero-price .huge', /11\.0/)
    await changes(page, '.hero-price .lead')
    await shows(
      page,
      '.hero-now',
      /^In the last .*came from next door: [\d.]+ k?Wh\. Today that has saved the street [\d.]+ (ct|€)/,
    )
    await shows(page, '.zones', /45 Wh sold.*South.*few homes/s)
    await shows(page, '.link.full', /not shown, since few homes.*room for 20 Wh.*full/s)
  }, 180_000)
})

describe('a price', () => {
  it('is changed by the keyboard alone, on a phone, and counts from a later interval on', async () => {
    const page = await open('/', { viewport: phone })
    await shows(page, '.hero-price .huge', /11\.0/)
    await tabTo(page, 'button', /See it as/)
    await page.keyboard.press('Enter')
    await tabTo(page, 'link', /roof-north/)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { level: 1, name: 'roof-north' }).waitFor()
    await shows(
      page,
      '.result-list',
      /25 Wh sold · [\d.]+ ct\/kWh \(10\.0 ct\/kWh, and [\d.]+ ct\/kWh back from a full line\)/,
    )

    await tabTo(page, 'slider', /lowest selling price/)
    await page.keyboard.press('Home')
    await shows(page, '.my-price output', /^5\.0 ct\/kWh$/)
    await tabTo(page, 'button', /Set my price/)
    await page.keyboard.press('Enter')
    await shows(page, '.effect', /counts (from|since) \d\d:\d\d:\d\d/)
    await shows(page, '.effect', /with 5\.0 ct\/kWh\. Selling: all of 40 Wh at 7\.5 ct\/kWh\./)
    await shows(page, '.result-list', /40 Wh sold · 7\.5 ct\/kWh\+0\.300 ct/)

    const results = await resultsIn(demo.url, 'north')
    const first = results.findIndex(({ soldWh }) => soldWh === 40)
    expect(results[first]).toMatchObject({ soldWh: 40, pricePerKwh: '0.0750' })
    expect(results.slice(0, first).map(({ soldWh }) => soldWh)).toContain(25)
  }, 180_000)

  it('can be paused and comes back as it was', async () => {
    const page = await open('/people/roof-north')
    const onOff = page.getByRole('switch', { name: 'Sell to neighbours' })
    await onOff.click()
    await shows(page, '.effect', /^Paused/)
    await shows(page, '.result:first-child', /no trade/)
    await onOff.click()
    await shows(page, '.effect', /5\.0 ct\/kWh/)
    await shows(page, '.effect', /with 5\.0 ct\/kWh\. Selling: all of 40 Wh at 7\.5 ct\/kWh/)
  }, 180_000)
})

it('tells a home’s energy by the keyboard, point by point and in a table, newest and by day', async () => {
  await energyJourney(await open('/people/roof-north', { viewport: { width: 320, height: 640 } }))
}, 120_000)

it('keeps to a daily budget: buying ends when it is reached, the page says until when, and it is lifted again', async () => {
  await budgetJourney(await open('/people/buyer', { viewport: phone }))
}, 180_000)

describe('trading ahead', () => {
  it('is signed and taken back by the keyboard alone, on a phone', async () => {
    await tradeAheadByKeyboard(await open('/people/buyer', { viewport: phone }))
  }, 180_000)
})

describe('a standing agreement', () => {
  const withAgreements = async (path: string, options?: BrowserContextOptions) => {
    const page = await open(path, options)
    await page.getByText('Standing agreements with a neighbour').click()
    return page
  }

  it('is signed by both, comes before everything else that is traded, and ends by notice', async () => {
    const roof = await withAgreements('/people/roof-north', { viewport: phone })
    await agreeAndGiveNotice(roof, await withAgreements('/people/buyer'))
  }, 180_000)

  it('is opened by the link that the neighbour sent', async () => {
    const roof = await withAgreements('/people/roof-south')
    await roof.getByLabel('The neighbour’s line').fill(await lineOf('/people/buyer'))
    await roof.getByLabel('for, ct/kWh').fill('8,5')
    await roof.getByRole('button', { name: 'Sign it' }).click()
    const link = await roof.getByRole('link', { name: 'open it on the neighbour’s page' }).getAttribute('href')
    const { pathname, hash } = new URL(link!)
    const wallet = new TestWallet(await keyOfPerson(demo.url, ({ name }) => name === 'buyer'))
    const buyer = await open(`${pathname}${hash}`, { viewport: phone }, (context) => wallet.install(context))
    await buyer.getByRole('button', { name: 'Use the wallet in this browser' }).click()
    await shows(buyer, '.agreements-sent .explain', /^You buy all of the surplus from 0x[0-9a-f]{40} at 8\.5 ct\/kWh/)
    expect(await overflow(buyer)).toBe(0)
    await buyer.getByRole('button', { name: 'Sign and hand in' }).click()
    await shows(buyer, '.agreements-sent .sent', /^Agreed: all of the surplus at 8\.5 ct\/kWh\.$/)
    expect(wallet.asked.filter((method) => method === 'eth_signTypedData_v4')).toHaveLength(1)
  }, 180_000)

  async function lineOf(path: string): Promise<string> {
    return textOf(await withAgreements(path), '.agreement-line')
  }
})

describe('a wallet in the browser', () => {
  it('changes to the market’s chain, signs in and signs a price', async () => {
    const wallet = new TestWallet(await keyOfPerson(demo.url, ({ name }) => name === 'roof-south'))
    const page = await open('/account', { viewport: phone }, (context) => wallet.install(context))
    await page.getByRole('button', { name: 'Use the wallet in this browser' }).click()
    await shows(page, '.result-list', /Wh sold/)
    await page.getByRole('slider', { name: /lowest selling price/ }).focus()
    await page.keyboard.press('ArrowLeft')
    await page.getByRole('button', { name: /Set my price/ }).click()
    await shows(page, '.effect', /counts (from|since) \d\d:\d\d:\d\d/)
    expect(wallet.asked).toEqual([
      'eth_requestAccounts',
      'wallet_switchEthereumChain',
      'personal_sign',
      'eth_signTypedData_v4',
    ])
    expect(await accessibilityFaults(page)).toEqual([])
  }, 180_000)

  it('that shares no account is an error in plain words', async () => {
    const wallet = new TestWallet(`0x${'77'.repeat(32)}`, { refuses: ['eth_requestAccounts'] })
    const page = await open('/account', { viewport: phone }, (context) => wallet.install(context))
    await page.getByRole('button', { name: 'Use the wallet in this browser' }).click()
    await shows(page, '.sign-in', /The wallet did not share an account\./)
  })
})

describe('the key of a meter', () => {
  it('is changed by its owner with the line that the agent printed, and the meter goes on', async () => {
    const page = await open('/people/roof-north', { viewport: phone })
    await page.getByText('Meter’s key', { exact: true }).first().click()
    const config = await readConfig(join(folder, 'data/homes/roof-north/agent.toml'))
    const [ticket] = await rotateKeys(config, { nowMs: Date.now() })
    const line = page.getByLabel('The agent’s line')
    await line.fill(JSON.stringify(ticket).slice(5))
    await shows(page, '[role=alert]', /Paste all of it/)
    await line.fill(JSON.stringify(ticket))
    await shows(page, '.more .explain', new RegExp(`Next key: ${ticket!.rotation.next}`))
    expect(await accessibilityFaults(page)).toEqual([])
    expect(await overflow(page)).toBe(0)
    await page.getByRole('button', { name: 'Approve the next key' }).click()
    await shows(page, '.sent', /Approved in transaction 0x/)
    await shows(page, '.more .explain', new RegExp(`newest key is ${ticket!.rotation.next}, which signs since`))
    const { keyFile } = config.meters[0]!
    await vi.waitFor(async () => expect(await readFile(keyFile, 'utf8')).toContain(`meter ${ticket!.rotation.meter}`), {
      timeout: patienceMs,
      interval: 200,
    })
  }, 180_000)
})

describe('money', () => {
  it('goes into the budget by a signature, and from the wallet exactly that much', async () => {
    const page = await open('/people/buyer')
    const held = async () => {
      const text = await shows(page, '.amount-form .explain', /In my wallet: [\d.,]+ €/)
      return Number(/wallet: ([\d.,]+)/.exec(text)![1]!.replaceAll(',', ''))
    }
    const before = await held()
    await page.getByLabel('Add to my purse').fill('1,25')
    await page.getByRole('button', { name: 'Put in' }).click()
    await shows(page, '.sent', /On its way, in transaction 0x/)
    const after = new RegExp(`In my wallet: ${(before - 1.25).toFixed(2).replace('.', '\\.')} €`)
    await shows(page, '.amount-form .explain', after)
    await shows(page, '.today', /saved/)
  }, 180_000)
})

describe('joining', () => {
  it('makes an account, finds the home by its code, signs limits in plain words and starts trading', async () => {
    const { agent, code } = await offeredMeter(demo.url)
    const page = await open((await invitationOf(demo.url)).slice(demo.url.length), { viewport: phone })
    await page.getByLabel('Choose a passphrase').fill('short')
    await shows(page, '.sign-in .explain', /^5 more characters\./)
    await page.getByLabel('Choose a passphrase').fill('sunshine from next door')
    await page.getByRole('button', { name: 'Continue with this device' }).click()
    await page.getByRole('textbox', { name: 'Code' }).fill('AAAA AAAA')
    await page.getByRole('button', { name: 'Find my home' }).click()
    await shows(page, '.trouble', /This code is wrong or has expired/)
    await page.getByRole('button', { name: 'Enter another code' }).click()
    await page.getByRole('textbox', { name: 'Code' }).fill(`${code.slice(0, 4).toLowerCase()}-${code.slice(4)}`)
    await page.getByRole('button', { name: 'Find my home' }).click()
    await shows(page, '.join-card', /Example Meter 3.*feeds in now\s*1\.25\skW/s)
    expect(await accessibilityFaults(page)).toEqual([])
    await page.getByRole('button', { name: 'This is my home' }).click()
    await shows(page, '.effect', /Waiting for the agent/)
    expect(await agent.go()).toBe('consented')
    await page.getByLabel(/Sell for at least/).fill('many')
    await shows(page, '.join-card [aria-live] .explain', /lowest price for selling is a number of cents between/)
    await page.getByLabel(/Sell for at least/).fill('9')
    await shows(page, '.join-words', /never get less than 9\.0\sct\/kWh/)
    await sweep(page, 'joining, before anything is signed')
    await page.getByRole('button', { name: 'Sign and join' }).click()
    await shows(page, '.join-card h2', /^You are in$/)
    expect(await agent.go()).toBe('opened')
    await page.getByRole('button', { name: 'Start trading' }).click()
    await shows(page, '.join-card [role=status]', /Your prices count from the next period on/)
    await shows(page, '.join-words', /Waiting for the grid operator/)
    await sweep(page, 'joining, done')
    await page.getByRole('link', { name: 'To my page' }).click()
    await shows(page, '.page-sub', /meter not confirmed yet/)
    await page.reload()
    await page.getByLabel(/Passphrase of the account/).fill('sunshine from next door')
    await page.getByRole('button', { name: 'Open my account' }).click()
    await shows(page, '.page-sub', /meter not confirmed yet/)
    await sweep(page, 'an account, before its meter has sent anything')

    const grid = await open('/people/grid', { viewport: phone, locale: 'de-AT' })
    await confirmingJourney(grid, 'house')
    await page.locator('.page-sub .badge').waitFor({ state: 'detached' })
    await revokingJourney(grid, agent.address)
    await shows(page, '.problems', /closed and trades no more/)
  }, 180_000)

  it('can be undone: other limits, data taken along and erased, and a meter that stops for good', async () => {
    const { agent, code } = await offeredMeter(demo.url)
    const page = await open((await invitationOf(demo.url)).slice(demo.url.length), { viewport: phone })
    await page.getByLabel('Choose a passphrase').fill('sunshine from next door')
    await page.getByRole('button', { name: 'Continue with this device' }).click()
    await findByCode(page, code)
    await claimAndSign(page, agent)
    await page.getByRole('link', { name: 'To my page' }).click()
    await leavingJourney(page)

    // The house is sold: its meter goes on in another account, of which the former owner sees nothing.
    const next = await open((await invitationOf(demo.url)).slice(demo.url.length), { viewport: phone })
    await takeOver(next, agent)
    const owners = await ownersOf(demo.url, agent)
    expect(owners.map(({ closed }) => closed)).toEqual([true, false])
    const [former, now] = owners
    expect(former!.account).not.toBe(now!.account)
    await page.reload()
    await page.getByLabel(/Passphrase of the account/).fill('sunshine from next door')
    await page.getByRole('button', { name: 'Open my account' }).click()
    await shows(page, '.problems', /This meter was closed and trades no more/)
    expect(await page.getByRole('combobox', { name: 'Meter' }).count()).toBe(0)
    expect(await codeOfAnswer(page, { path: `accounts/${now!.account}/seats`, account: former!.account })).toBe(
      'ACCOUNT_FOREIGN',
    )
  }, 180_000)

  it('with a second meter lets money move to its purse, and stay where it is', async () => {
    const { agent, code } = await offeredMeter(demo.url)
    const wallet = new TestWallet(await keyOfPerson(demo.url, ({ name }) => name === 'buyer'))
    const page = await open(`/join/${code}`, { viewport: phone }, (context) => wallet.install(context))
    await page.getByRole('button', { name: 'Use the wallet in this browser' }).click()
    await claimAndSign(page, agent)
    await page.goto(`${demo.url}/people/buyer`)
    await moveAndStay(page)
  }, 180_000)
})

describe('an account of a passkey', () => {
  it('is made by the device, opened on chain, asked for no finger when a price changes, and recovered by a printed key', async () => {
    const { area } = await demoArea(demo.url)
    const { agent, code } = await offeredMeter(demo.url)
    const link = await invitationOf(demo.url)
    const page = await open('/', { viewport: phone })
    const device = await withAuthenticator(page)
    await page.goto(link)
    const make = page.getByRole('button', { name: 'Use this device’s fingerprint, face or PIN' })
    await make.waitFor()
    expect(await accessibilityFaults(page)).toEqual([])
    expect(await overflow(page)).toBe(0)
    await make.click()
    await findByCode(page, code)
    await claimAndSign(page, agent)
    await page.getByRole('button', { name: 'Start trading' }).click()
    await shows(page, '.join-card [role=status]', /Your prices count from the next period on/)
    await page.getByRole('link', { name: 'To my page' }).click()
    await shows(page, '.page-sub', /meter not confirmed yet/)
    const [kept] = JSON.parse(await page.evaluate(() => localStorage.getItem('commonwatt.passkeys') ?? ''))
    const path = `/areas/${area}/passkey-accounts/${kept.account}`
    expect(await publicClient(demo.url).get(path)).toMatchObject({ owner: kept.key, nextNonce: '0' })

    // Somebody pays this account; the wait goes by meanwhile.
    const payer = await open('/people/buyer', { viewport: phone })
    await askForSomebody(payer, kept.account)

    const before = await device.signed()
    const slider = page.getByRole('slider', { name: 'My lowest selling price' })
    await slider.focus()
    await page.keyboard.press('ArrowRight')
    await page.getByRole('button', { name: 'Set my price' }).first().click()
    await shows(page, '.effect', /counts (from|since) \d\d:\d\d:\d\d/)
    expect(await device.signed()).toBe(before)

    // The browser forgets what it knew: the passkey alone leads back to the account.
    await page.evaluate(() => localStorage.clear())
    await page.goto(`${demo.url}/account`)
    await page.getByRole('button', { name: 'I have a passkey already' }).click()
    await shows(page, '.page-sub', /meter not confirmed yet/)

    // A recovery key is printed, and another device asks with it for the account, which the first one is told.
    const paper = await printRecoveryKey(page)
    const other = await open('/', { viewport: phone })
    await withAuthenticator(other)
    await other.goto(`${demo.url}/account`)
    await recoverAccount(page, other, paper)
    await collectAndSendOn(payer, other, kept.account)
    await other.getByRole('button', { name: 'Sign out' }).click()
    await other.getByRole('button', { name: 'Open my account with fingerprint, face or PIN' }).waitFor()
  }, 240_000)
})

describe('newcomers of the demo', () => {
  const withPasskey = async () => {
    const page = await open('/', { viewport: phone, locale: 'de-AT', colorScheme: 'dark' })
    await withAuthenticator(page)
    const { de } = newcomerWords
    isWithinFiveMinutes('with a passkey', await toFirstLiveValue(page, de, { account: 'passkey', power: '7,2' }))
    await sellToPayout(page, de, guestWh)
  }

  const withPassphrase = async () => {
    const page = await open('/', { viewport: wide, locale: 'en-GB', colorScheme: 'light' }, withNoticeCentre)
    const account = 'passphrase' as const
    const { en } = newcomerWords
    isWithinFiveMinutes('with a passphrase', await toFirstLiveValue(page, en, { account, power: '7\\.2' }))
    await sellWithNotices(page, guestWh)
  }

  const withoutAgent = async () => {
    const page = await open('/areas/scripted-house', { viewport: wide, locale: 'en-GB', colorScheme: 'dark' })
    await flatToMoneyBack(page, newcomerWords.en, { point: flatPoint, wh: flatWh })
  }

  /** It only buys, a neighbour sends it money, and the grid operator confirms its meter by hand. */
  const withInstalledAgent = async () => {
    const area = await demoArea(demo.url)
    const page = await open('/', { viewport: phone, locale: 'de-AT', colorScheme: 'light' })
    const parts = { street, area, serverUrl: demo.url, dataFolder: join(folder, 'installed') }
    const home = await installHome({ ...parts, home: installedHome(street, times) })
    onTestFinished(home.stop)
    const meanwhile = async () => {
      const from = await keyOfPerson(demo.url, ({ name }) => name === 'buyer')
      await lend(
        { rpcUrl: `http://127.0.0.1:${ports.chain}`, token: demo.token },
        { from, to: await home.account, euro: '4' },
      )
      await confirmingJourney(await open('/people/grid', { viewport: phone, locale: 'de-AT' }), 'installed')
      await home.runs
    }
    const { code } = home
    await installedToMoneyBack(page, newcomerWords.de, { code, found: /7,20?\skW/, wh: installedWh, meanwhile })
  }

  // At the same time, since most of it is waiting for the street.
  it('go the whole way, from the first page to money that has arrived: homes with an agent, lent or installed, and a flat without', async () => {
    await Promise.all([withPasskey(), withPassphrase(), withoutAgent(), withInstalledAgent()])
    const homes = await publicClient(demo.url).get<DemoHomes>('/demo/homes')
    expect(homes.map(({ most, free }) => ({ most, free }))).toEqual([
      { most: 2, free: 0 },
      { most: 1, free: 0 },
    ])
  }, 900_000)
})

describe('the utility', () => {
  it('sees results that add up, how payments go, who takes part, invites more, and has a report that agrees', async () => {
    const page = await open('/people/grid')
    await shows(page, '.attention', /(all in order|look at this).*Yesterday.*Nothing was traded yesterday/s)
    await shows(page, '.lines', /South.*of 20 Wh.*Full in \d+ of/s)
    await shows(page, '.check', /adds up/)
    await page.getByRole('tab', { name: 'Payments' }).click()
    await shows(page, 'table', /paid.*0x[0-9a-f]{4}…/s)
    await shows(page, '.tabs .facts', /paid until.*waiting to be paid.*gas of a payment.*watchers.*nobody/s)
    await page.getByRole('tab', { name: 'Meters' }).click()
    await shows(page, '.tabs table', /members.*North.*South.*Transformer/s)
    await page.getByLabel('For how many members').fill('0')
    await shows(page, '.inviting .wrong', /a whole number from 1 to/)
    await page.getByLabel('For how many members').fill('3')
    await page.getByRole('button', { name: 'Sign the link' }).click()
    const link = await page.getByLabel(/^Send this link to 3 new members/).inputValue()
    expect(readInvitation(new URL(link).hash)).toMatchObject({ invitation: { accounts: 3 } })
    expect(await accessibilityFaults(page)).toEqual([])
    await page.getByRole('tab', { name: 'Report' }).click()
    const saved = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Download', exact: true }).click()
    const text = readFileSync(await (await saved).path(), 'utf8')
    const { rows, faults: wrong } = checkReport(text)
    expect(wrong).toEqual([])
    expect(rows).toBeGreaterThan(0)
    await shows(page, '.report', new RegExp(`${rows} rows saved`))
  })
})

describe('everybody', () => {
  const views = [
    { path: '/', ready: '.zones' },
    { path: '/people/roof-north', ready: '.result-list' },
    { path: '/people/buyer', ready: '.result-list' },
    { path: '/people/grid', ready: '.lines' },
    { path: '/people/operator', ready: '.operator .offices' },
    { path: '/account', ready: '.sign-in' },
    { path: '/join', ready: '.sign-in' },
    { path: '/people/nobody', ready: 'main h1' },
  ]
  const viewsInLooks = views.flatMap((view) => looks.map((look) => ({ ...view, ...look })))
  it.each(viewsInLooks)(
    'can use $path: at 320 pixels, in large text, with all that opens, $colorScheme',
    async ({ path, ready, locale, colorScheme }) => {
      const page = await open(path, { viewport: narrow, locale, colorScheme })
      await page.locator(ready).first().waitFor()
      expect(await page.locator('html').getAttribute('lang')).toBe(locale.slice(0, 2))
      await sweep(page, `${path}, ${colorScheme}`, /grid|operator/.test(path) ? 'utility' : 'home')
    },
  )

  it.each([
    ['/people/roof-north', ['Yesterday, against the supplier', 'My home now', 'My price', 'My energy'], 'My money'],
    ['/people/buyer', ['Price now', 'This month', 'My price', 'My energy'], 'My purse'],
  ] as const)(
    'sees first things first on a phone: %s',
    async (path, titles, money) => {
      await firstThingsFirst(await open(path, { viewport: phone }), titles, money)
    },
    120_000,
  )

  it('can change the language, by the keyboard too, and it is remembered', async () => {
    const page = await open('/people/roof-north')
    await shows(page, 'h2', /Sold to neighbours today/)
    const choice = page.getByLabel('Language')
    await choice.selectOption('de')
    await shows(page, 'h2', /Heute an Nachbarn verkauft/)
    expect(await page.evaluate(() => document.activeElement?.className)).toBe('language')
    await shows(page, '.result-list', /Wh verkauft · \d+,\d+ ct\/kWh/)
    await page.reload()
    await shows(page, '.result-list', /Verkauf: /)
    await page.getByLabel('Sprache').selectOption('en')
    await shows(page, 'h2', /Sold to neighbours today/)
  }, 180_000)

  it('reads everything else where a chart cannot be fetched, and the chart once it can be', async () => {
    let isBlocked = true
    const page = await open('/', { viewport: wide }, async (context) => {
      await context.route('**/assets/market-chart-*.js', (route) => (isBlocked ? route.abort() : route.continue()))
    })
    await shows(page, '.trouble', /could not be fetched/)
    await shows(page, '.hero-price .huge', /\d/)
    isBlocked = false
    await page.getByRole('button', { name: 'Load the page again' }).click()
    await page.locator('.today .chart').waitFor()
  }, 180_000)

  it('is told when the connection is lost, and when it is back', async () => {
    const page = await open('/')
    await shows(page, '.hero-price .huge', /\d/)
    process.kill(demo.pids().server!, 'SIGKILL')
    await shows(page, '.connection', /Connection lost/)
    await page.locator('.offline').waitFor({ state: 'detached' })
    await changes(page, '.hero-price .lead')
  }, 180_000)
})
