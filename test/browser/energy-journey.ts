/** The journey of somebody who looks at a home's energy without a pointer, on the smallest phone. */
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { accessibilityFaults, overflow, shows, tabTo, textOf } from './browser.ts'

export async function energyJourney(page: Page): Promise<void> {
  await shows(page, '.takeaway', /^Together sold/)
  await tabTo(page, 'slider', /Point of the chart/)
  await shows(page, '.readout', /^\d\d:\d\d:\d\d: sold \d+ Wh/)
  const newest = await textOf(page, '.readout')
  await page.keyboard.press('ArrowLeft')
  await shows(page, '.readout', new RegExp(`^(?!${newest.slice(0, 8)})`))
  await page.locator('.spans').getByRole('button', { name: 'Day' }).click()
  await shows(page, '.history .takeaway', /^Together .*sold [\d.]+ k?Wh/)
  await page.locator('.history .numbers-table summary').click()
  await shows(page, '.history table tbody', /\d\d:\d\d–\u2060\d\d:\d\d/)
  expect(await overflow(page)).toBe(0)
  expect(await accessibilityFaults(page)).toEqual([])
  await page.getByRole('button', { name: 'The day before' }).click()
  await shows(page, '.history', /No result of this time is known/)
}
