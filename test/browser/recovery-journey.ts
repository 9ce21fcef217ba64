/** The passkey of an account is lost: a printed key hands the account to a passkey of another device. */
import { readFileSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { accessibilityFaults, overflow, shows } from './browser.ts'

/** What is on the paper. */
export async function printRecoveryKey(page: Page): Promise<string> {
  const saved = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Save a recovery key to print' }).click()
  const paper = readFileSync(await (await saved).path(), 'utf8')
  await shows(page, '.card', /A second key is named/)
  await shows(page, '.session', /Chrome on Linux.*here/)
  expect(await accessibilityFaults(page)).toEqual([])
  expect(await overflow(page)).toBe(0)
  return paper
}

/** `other` opens the page on another device; `page` is the owner, who could object. */
export async function recoverAccount(page: Page, other: Page, paper: string): Promise<void> {
  await other.getByRole('button', { name: 'I lost my passkey' }).click()
  await other.getByLabel('Account', { exact: true }).fill(/Account: (\S+)/.exec(paper)![1]!)
  await other.getByLabel('Recovery key').fill(/Key: +(\S+)/.exec(paper)![1]!)
  expect(await accessibilityFaults(other)).toEqual([])
  await other.getByRole('button', { name: 'Ask for my account' }).click()
  await shows(page, '[role=alert]', /Somebody with your second key asks for this account/)
  await shows(other, '.effect', /can take it over/)
  await other.getByRole('button', { name: 'Take it over' }).click()
  await shows(other, '.page-sub', /meter not confirmed yet/)
  await other.getByText(/since/).first().waitFor()
}
