/** A buyer's daily budget: wrong input, one that is reached soon, what is said then, and lifting it. */
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { accessibilityFaults, overflow, shows } from './browser.ts'

export async function budgetJourney(page: Page): Promise<void> {
  await shows(page, '.my-budget .effect', /^You have no daily budget/)
  const field = page.getByLabel('My daily budget in €')
  await field.fill('0.005')
  await shows(page, '.my-budget .wrong', /^A budget is an amount of more than nothing/)
  await field.fill('0.01')
  await page.getByRole('button', { name: 'Set my budget' }).click()
  await shows(page, '.my-budget .effect', /reached: buying goes on at midnight \(\d\d:\d\d\)\.$/)
  await shows(page, '.result-list', /Buying: your daily budget of 1\.00 ct is reached, with/)
  expect(await overflow(page)).toBe(0)
  expect(await accessibilityFaults(page)).toEqual([])
  await page.getByRole('switch', { name: 'Keep to a daily budget' }).click()
  await shows(page, '.my-budget .effect', /^You have no daily budget/)
}
