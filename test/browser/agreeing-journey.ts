/** The journeys of those who agree with neighbours: ahead in the book by the keyboard alone, and between two for good. */
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { accessibilityFaults, overflow, shows, tabTo, textOf } from './browser.ts'

/** From the buyer's page on a phone: asks for a period, and takes it back. */
export async function tradeAheadByKeyboard(page: Page): Promise<void> {
  const more = page.getByText('Agreed ahead, for later today and tomorrow')
  await more.focus()
  await page.keyboard.press('Enter')
  await shows(page, '.ahead-own', /Nothing yet/)
  const interval = page.getByLabel('For the period from')
  await shows(page, '.ahead-gate', /^open for another (\d+ min )?\d+ (s|min)$/)
  await interval.selectOption(await interval.evaluate((list: HTMLSelectElement) => list.options[40]!.value))
  await tabTo(page, 'textbox', /^Wh$/)
  await page.keyboard.type('30')
  await page.keyboard.press('Tab')
  await page.keyboard.type('12,5')
  await tabTo(page, 'button', /^Ask for \d\d:\d\d:\d\d/)
  await page.keyboard.press('Enter')
  await shows(page, '.ahead .sent', /^Signed\. What nobody takes stays open until/)
  await shows(page, '.ahead-level', /30 Wh at 12\.5 ct\/kWh.*mine/)
  await page.getByRole('img', { name: /at which price\. Wanted: 30 Wh, for up to 12\.5 ct\/kWh\.$/ }).waitFor()
  await page.locator('.depth summary').click()
  await shows(page, '.depth tbody', /12\.5 ct\/kWh\s*wanted\s*30 Wh\s*30 Wh/)
  await page.getByRole('button', { name: /^Take back/ }).waitFor()
  expect(await overflow(page)).toBe(0)
  expect(await accessibilityFaults(page)).toEqual([])
  await tabTo(page, 'button', /^Take back/)
  await page.keyboard.press('Enter')
  await shows(page, '.ahead-own', /Nothing yet/)
  await page.locator('.ahead-level').waitFor({ state: 'detached' })
}

/** Both have opened what is agreed with neighbours: the roof signs, the buyer hands it in, it is traded, the roof ends it. */
export async function agreeAndGiveNotice(roof: Page, buyer: Page): Promise<void> {
  await shows(roof, '.agreements-own', /Nothing yet/)
  const line = await textOf(buyer, '.agreement-line')

  await roof.getByLabel('I', { exact: true }).selectOption('sell')
  await roof.getByLabel('The neighbour’s line').fill(line)
  await roof.getByLabel('What', { exact: true }).selectOption('fixed')
  await roof.getByLabel('Wh a period').fill('12')
  await roof.getByLabel('for, ct/kWh').fill('9')
  await roof.getByRole('button', { name: 'Sign it' }).click()
  await shows(roof, '.agreements-new .sent', /^Signed\. Send this to your neighbour/)
  expect(await overflow(roof)).toBe(0)
  expect(await accessibilityFaults(roof)).toEqual([])
  const text = await roof.getByLabel('Text for the neighbour').inputValue()

  await roof.getByLabel('The neighbour’s text or link').fill(text)
  await shows(roof, '.agreements-sent [role=alert]', /your partner has to sign it now/)
  await buyer.getByLabel('The neighbour’s text or link').fill(text)
  await shows(buyer, '.agreements-sent .explain', /^You buy 12 Wh a period from 0x[0-9a-f]{40} at 9\.0 ct\/kWh/)
  await buyer.getByRole('button', { name: 'Sign and hand in' }).click()
  await shows(buyer, '.agreements-sent .sent', /^Agreed: 12 Wh a period at 9\.0 ct\/kWh\.$/)
  await shows(buyer, '.agreements-own .agreement', /^I buy 12 Wh a period at 9\.0 ct\/kWh running/)
  await shows(roof, '.agreements-own .agreement', /^I sell 12 Wh a period at 9\.0 ct\/kWh running/)
  await shows(roof, '.result-list', /Agreed sale: all of 12 Wh at 9\.0 ct\/kWh, as agreed/)
  // The buyer bears the north line's fee.
  await shows(buyer, '.result-list', /Agreed purchase: all of 12 Wh at 10\.0 ct\/kWh, as agreed/)
  expect(await accessibilityFaults(buyer)).toEqual([])

  await roof.getByRole('button', { name: 'Give notice' }).click()
  await roof.getByRole('button', { name: /^End it, shortly after/ }).click()
  await shows(roof, '.agreements-own .agreement', /ends.*I gave notice/)
  await shows(buyer, '.agreements-own .agreement', /the neighbour gave notice/)
  await shows(buyer, '.agreements-own .agreement', /ended/)
}
