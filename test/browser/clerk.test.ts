/**
 * The clerk's two minutes: somebody who has never seen the page, and knows that a member asks about last month, finds that member's document
 * among those of 30 homes and proves one line of it. What the clerk does and waits for is counted. And a report that the clerk puts forward
 * and a second person, who is a clerk by the approvers of the documents alone, releases.
 */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { signFull } from '../../contracts/protocol/typed-data.ts'
import { approvalOf } from '../../server/billing/approval.ts'
import { pageFolder } from '../../server/project-files.ts'
import { requireArea } from '../../server/store/areas.ts'
import { approveDraft, draftToApprove, issueMonth, previewMonth } from '../../server/store/bill-desk.ts'
import { keepParties } from '../../server/store/billing-parties.ts'
import { lower, people, settingsOfArea } from '../api/people.ts'
import { type Street, startStreet } from '../api/street.ts'
import { assertBuilt } from '../built.ts'
import { face } from '../market/engine/street.ts'
import { fillStreet, month, area as number, parties, pointOf } from '../store/billed-street.ts'
import { patienceMs, phone, startBrowser, wide } from './browser.ts'
import { sweep } from './sweep.ts'

const now = new Date('2026-11-03T09:00:00Z')
const plain = settingsOfArea(number)
const settings = settingsOfArea(number, {
  name: 'Sonnenweg',
  chain: { ...plain.chain, escrow: face.escrow },
  rules: { ...plain.rules, intervalSeconds: 3_600, batchSeconds: 86_400 },
})

let street: Street
let browser: Browser
beforeAll(async () => {
  assertBuilt(['web'])
  vi.useFakeTimers({ toFake: ['Date'], now })
  street = await startStreet({ others: [settings], pageFolder })
  const { database } = street
  await fillStreet(database)
  const area = await requireArea(database, { area: number })
  await keepParties(database, area.areaId, { parties, now })
  await previewMonth(database, area, { month, incompleteBecause: null, now })
  for (const approver of [people.grid, people.stranger]) {
    const { domain, draft } = await draftToApprove(database, area, month)
    const signature = await signFull(approver, domain, 'DocumentApproval', approvalOf(draft, lower(approver)))
    const said = { month, revision: draft.revision, hash: draft.hash, approver: lower(approver), signature }
    await approveDraft(database, area, said, { now, isWalletSignature: null })
  }
  await issueMonth(database, area, month, { now, isWalletSignature: null })
  browser = await startBrowser()
})
afterAll(async () => {
  await browser?.close()
  await street?.stop()
  vi.useRealTimers()
})

async function open(viewport: { width: number; height: number }, locale: string): Promise<Page> {
  const context = await browser.newContext({ viewport, locale, reducedMotion: 'reduce' })
  context.setDefaultTimeout(patienceMs)
  await context.addInitScript(setClock, now.getTime())
  const page = await context.newPage()
  await page.goto(`${street.origin}/areas/sonnenweg/account`)
  return page
}

/** In the page: its clock shows this time and goes on from there, while timers run as ever. */
function setClock(ms: number): void {
  const Real = Date
  const ahead = ms - Real.now()
  globalThis.Date = class extends Real {
    constructor(...parts: []) {
      super(...((parts.length > 0 ? parts : [Real.now() + ahead]) as [number]))
    }
    static override now(): number {
      return Real.now() + ahead
    }
  } as DateConstructor
}

it('is enough to find last month’s bill of one member and to prove a line of it: six acts', async () => {
  const page = await open(wide, 'en-GB')
  const acts: string[] = []
  const waits: [what: string, seconds: number][] = []
  const act = async (what: string, doing: Promise<unknown>) => {
    acts.push(what)
    await doing
  }
  const wait = async (what: string, until: Promise<unknown>) => {
    const since = performance.now()
    await until
    waits.push([what, (performance.now() - since) / 1000])
  }
  const documents = page.locator('.card.documents')
  await act('paste the key', page.getByLabel('Or paste a private key').fill(people.grid.privateKey))
  await act('sign in', page.getByRole('button', { name: 'Sign in', exact: true }).click())
  const find = documents.getByRole('searchbox', { name: 'member or number' })
  await wait('the page of the area', find.waitFor())
  // Last month is the one that is shown.
  expect(await documents.getByLabel('month').inputValue()).toBe(month)
  const rows = documents.getByRole('table').last().getByRole('row')
  expect(await rows.count()).toBeGreaterThan(30)
  await act('scroll to the documents', find.scrollIntoViewIfNeeded())
  await act('type the member', find.fill('Home 7'))
  const show = documents.getByRole('button', { name: /^Show / })
  expect(await show.count()).toBe(1)
  await act('show the document', show.click())
  await page.getByRole('heading', { name: /^Document .*, Home 7$/ }).waitFor()
  expect(await documents.getByRole('row', { name: pointOf(7) }).count()).toBeGreaterThan(0)
  await act('prove its line', documents.getByRole('button', { name: 'Prove 1' }).click())
  await wait('the proof', documents.getByText('proved', { exact: true }).waitFor())
  const proof = documents.locator('.line-proof')
  // 31 local days with 25 hours in one of them, which lie in 32 batches of days of UTC.
  expect(await proof.getByRole('row').count()).toBe(1 + 32 + 1)
  expect(await proof.getByRole('row').last().textContent()).toContain('745')
  await sweep(page, 'documents with a line that is proved', 'utility')
  expect(acts).toHaveLength(6)
  const seconds = waits.map(([what, time]) => `${what} ${time.toFixed(1)} s`).join(', ')
  process.stdout.write(`the clerk: ${acts.length} acts (${acts.join(', ')}); waited for ${seconds}\n`)
  await page.context().close()
})

it('goes the same way on a phone, in German', async () => {
  const page = await open(phone, 'de-AT')
  await page.getByLabel('Oder einen privaten Schlüssel einfügen').fill(people.grid.privateKey)
  await page.getByRole('button', { name: 'Anmelden' }).click()
  const documents = page.locator('.card.documents')
  await documents.getByRole('searchbox').fill('Home 7')
  await documents.getByRole('button', { name: /^Zeigen / }).click()
  await documents.getByRole('button', { name: /1$/ }).first().click()
  await documents.locator('.line-proof .badge.good').waitFor()
  await page.getByRole('tab', { name: 'Messwerte des Netzes' }).click()
  const points = page.getByRole('region', { name: 'Zählpunkte' })
  await points.getByRole('row').nth(60).waitFor()
  await page.getByText('Noch kam keine Datei mit Messwerten.').waitFor()
  await sweep(page, 'metering points', 'utility')
  await page.context().close()
})

it('prints every row and column', async () => {
  const page = await open({ width: 718, height: 1_000 }, 'en-GB')
  await page.getByLabel('Or paste a private key').fill(people.grid.privateKey)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByRole('tab', { name: 'Official values' }).click()
  await page.getByRole('region', { name: 'Metering points' }).getByRole('row').nth(60).waitFor()
  await page.emulateMedia({ media: 'print' })
  const cut = () =>
    page.locator('.table-scroll').evaluateAll((frames) =>
      frames.flatMap(({ ariaLabel, clientHeight, clientWidth, scrollHeight, scrollWidth }) => {
        const isWhole = scrollWidth <= clientWidth && scrollHeight <= clientHeight
        return isWhole ? [] : [`${ariaLabel}: ${scrollWidth}×${scrollHeight} in ${clientWidth}×${clientHeight}`]
      }),
    )
  expect(await cut()).toEqual([])
  await page.context().close()
})

it('puts a report forward, which the clerk and a second person release', async () => {
  const page = await open(wide, 'en-GB')
  const signIn = async () => {
    await page.getByLabel('Or paste a private key').fill(people.grid.privateKey)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  }
  await signIn()
  await page.getByRole('tab', { name: 'Report' }).click()
  const panel = page.getByRole('tabpanel', { name: 'Report' })
  await panel.getByLabel('from').fill('2026-10-05T00:00')
  await panel.getByLabel('to', { exact: true }).fill('2026-10-06T00:00')
  const saved = page.waitForEvent('download')
  await panel.getByRole('button', { name: 'Download', exact: true }).click()
  expect((await saved).suggestedFilename()).toMatch(/\.csv$/)
  await panel.getByText('720 rows saved').waitFor()
  // Beside it stands yesterday's report, by day, which the page itself has asked for.
  await panel.getByRole('cell', { name: 'csv, by day', exact: true }).waitFor()
  const row = panel.getByRole('row', { name: '5 Oct 2026' }).filter({ hasText: '720' })
  await row.getByRole('button', { name: 'Put forward for release' }).click()
  const release = page.getByRole('region', { name: 'csv, version 1' })
  await release.getByText('0 of 2 have approved').waitFor()
  await page.getByText('One report waits to be released by two people.').waitFor()
  await release.getByRole('button', { name: 'Approve with your signature' }).click()
  await release.getByText('1 of 2 have approved').waitFor()
  await release.getByText('You have approved this.').waitFor()
  expect(await release.getByRole('button').count()).toBe(0)

  const second = await open(phone, 'de-AT')
  await second.getByLabel('Oder einen privaten Schlüssel einfügen').fill(people.stranger.privateKey)
  await second.getByRole('button', { name: 'Anmelden' }).click()
  const same = second.getByRole('region', { name: 'csv, Fassung 1' })
  await same.getByText('1 von 2 haben freigegeben').waitFor()
  // Both see the same fingerprint of what they sign.
  const fingerprint = async (of: typeof same) => /[0-9a-f]{64}/.exec((await of.textContent()) ?? '')?.[0]
  expect(await fingerprint(same)).toBe(await fingerprint(release))
  await same.getByRole('button', { name: 'Mit Ihrer Unterschrift freigeben' }).click()
  await same.getByText('freigegeben', { exact: true }).waitFor()
  await same.getByText('2 von 2 haben freigegeben').waitFor()
  await sweep(second, 'a report that is released', 'utility')
  await second.context().close()

  // A pasted key is kept nowhere.
  await page.reload()
  await signIn()
  await release.getByText('released', { exact: true }).waitFor()
  await release.getByText('2 of 2 have approved').waitFor()
  expect(await page.getByText('waits to be released by two people').count()).toBe(0)
  await page.context().close()
}, 180_000)

it('says that a billed month has changed until somebody has looked at it again', async () => {
  const { database } = street
  const { areaId } = await requireArea(database, { area: number })
  await database`
    insert into official_differences (area_id, start, point, direction, channel, file_before, file, kind)
    values (${areaId}, ${Date.UTC(2026, 9, 12, 9) / 1000}, ${pointOf(7)}, 'import', 'total', 1, 2, 'replaced')`
  const page = await open(wide, 'en-GB')
  await page.getByLabel('Or paste a private key').fill(people.grid.privateKey)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  const inbox = page.getByText('Values of October 2026 were corrected after its documents were issued.')
  await inbox.waitFor()
  const documents = page.locator('.card.documents')
  const changed = documents.getByText('official values replaced: 1')
  await changed.waitFor()
  await sweep(page, 'a billed month that changed', 'utility')
  await documents.getByRole('button', { name: 'Preview again' }).click()
  await documents.getByText(/nothing is to be issued for 2026-10/).waitFor()
  await changed.waitFor({ state: 'detached' })
  await inbox.waitFor({ state: 'detached' })
  await page.context().close()
})
