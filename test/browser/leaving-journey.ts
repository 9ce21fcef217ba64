/** What somebody does seldom with a meter and an account, on a phone: other limits, taking data along, being erased, stopping. */
import { readFileSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { accessibilityFaults, overflow, shows } from './browser.ts'

const opened = (page: Page, title: string) => page.locator('summary', { hasText: title }).click()

/** Each act says first what will happen, and afterwards what came of it. The home is one that has traded nothing. */
export async function leavingJourney(page: Page): Promise<void> {
  await opened(page, 'My signed limits')
  await shows(page, '.limits', /count from the next period on.*Nobody else has to agree/s)
  await page.getByLabel('Sell for at least, ct/kWh').fill('1000')
  await shows(page, '.limits [aria-live]', /The lowest price for selling is a number of cents between/)
  await page.getByLabel('Sell for at least, ct/kWh').fill('12,5')
  await shows(page, '.limits .join-words', /never get less than 12\.5 ct\/kWh/)
  await page.getByRole('button', { name: 'Sign the new limits' }).click()
  await shows(page, '.limits [role=status]', /Signed, in transaction 0x/)
  await shows(page, '.my-price', /Your signed limit ends at 12\.5 ct\/kWh/)

  await opened(page, 'Money: other ways in and out')
  await shows(page, '.money-ways', /Send Local Euro, on the network \d+, to this address/)
  await page.getByLabel('To the address').fill(`0x${'aB'.repeat(20)}`)
  await shows(page, '.money-ways .wrong', /A letter or digit of this one is wrong/)

  await opened(page, 'Moving, my data, being erased')
  await shows(page, '.moving-house', /ends by itself with the running period.*Your money does not move by itself/s)
  const saved = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Save everything (JSON)' }).click()
  const lines = readFileSync(await (await saved).path(), 'utf8')
    .trimEnd()
    .split('\n')
  const lists = lines.map((line) => (JSON.parse(line) as { list: string }).list)
  expect(lists).toContain('listSeats')
  expect(lists.at(-1)).toBe('end')
  await shows(page, '.take-along [role=status]', /^Saved: \d+ things\.$/)
  await shows(page, '.erase', /it forgets nothing.*It happens at once, nobody else has to agree/s)
  const erase = page.getByRole('button', { name: 'Erase it' })
  expect(await erase.getAttribute('aria-disabled')).toBe('true')
  await page.getByLabel('I have saved what I need').check()
  await erase.click()
  await shows(page, '.erase [role=status]', /There was nothing to erase/)
  expect(await accessibilityFaults(page)).toEqual([])
  expect(await overflow(page)).toBe(0)

  const file = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Save my account as a file' }).click()
  expect(JSON.parse(readFileSync(await (await file).path(), 'utf8'))).toMatchObject({ commonwatt: 'account' })

  await opened(page, 'Stop trading for good')
  await page.getByLabel('I want to stop').check()
  await page.getByRole('button', { name: 'Stop for good' }).click()
  await shows(page, '.more [role=status]', /This meter (stops at \d\d:\d\d:\d\d|has stopped)/)
  await shows(page, '.problems', /This meter was closed and trades no more/)
}

/** The grid operator confirms the meter of the household, in German, and takes a confirmation back. */
export async function confirmingJourney(page: Page, agentName: string): Promise<void> {
  const waiting = page.locator('.confirming', { hasText: agentName }).last()
  await waiting.waitFor()
  expect(await accessibilityFaults(page)).toEqual([])
  expect(await overflow(page)).toBe(0)
  const most = waiting.getByLabel(/^Was er in einer/)
  await most.fill('viel')
  await shows(page, '.confirming .wrong', /ganze Zahl/)
  await most.fill('60')
  await waiting.getByRole('button', { name: 'Unterschreiben und bestätigen' }).click()
  await shows(page, '.confirming .sent', /Unterwegs, in Transaktion 0x/)
}

export async function revokingJourney(page: Page, meter: string): Promise<void> {
  await page.getByRole('tab', { name: 'Zähler', exact: true }).click()
  const short = `${meter.slice(0, 8)}…${meter.slice(-4)}`
  await page.getByRole('button', { name: `Den Zähler ${short} widerrufen` }).click()
  await shows(page, '.revoking', /handelt er nichts.*Niemand sonst muss zustimmen/s)
  expect(await accessibilityFaults(page)).toEqual([])
  expect(await overflow(page)).toBe(0)
  await page.getByRole('button', { name: 'Unterschreiben und widerrufen' }).click()
  await shows(page, '.revoking [role=status]', /Unterwegs, in Transaktion 0x/)
}
