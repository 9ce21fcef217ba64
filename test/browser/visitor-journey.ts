/** A visitor of the demo on the way to a home of its own: what a person does, and what is waited for beside the page. */
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { accessibilityFaults, overflow } from './browser.ts'

export interface Journey {
  acts: string[]
  /** For what the demo, the agent or the chain does, in seconds. */
  waits: [what: string, seconds: number][]
}

/** From the first page, in German, to the first live value of a home that feeds `power` in; `shows` waits for a text. */
export async function toFirstLiveValue(
  page: Page,
  power: string,
  shows: (page: Page, selector: string, text: RegExp) => Promise<unknown>,
): Promise<Journey> {
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
  const button = (name: string) => page.getByRole('button', { name, exact: true })
  await act('join', page.getByRole('link', { name: 'Mit meinem Haus mitmachen' }).click())
  await act('choose a passphrase', page.getByLabel('Wählen Sie einen Passwortsatz').fill('Sonne von nebenan, bitte'))
  await act('make the account', button('Mit diesem Gerät fortfahren').click())
  await act('ask for a home', button('Leih mir ein Haus').click())
  await wait('devices and agent start', page.getByText('Ihr Haus ist da').waitFor())
  expect(await accessibilityFaults(page)).toEqual([])
  expect(await overflow(page)).toBe(0)
  expect(await page.getByRole('textbox', { name: 'Code' }).inputValue()).toMatch(/^[2-9A-Z]{4}-[2-9A-Z]{4}$/)
  await act('find it by its code', button('Mein Haus finden').click())
  await shows(page, '.join-card', new RegExp(`${power}0?\\skW`))
  await act('say that it is mine', button('Das ist mein Haus').click())
  await wait('the meter signs', button('Unterschreiben und mitmachen').waitFor())
  // Cheaper than every neighbour, whatever the tests before have left of their prices.
  await act('name my price', page.getByLabel(/^Verkaufen für mindestens/).fill('1'))
  await act('sign', button('Unterschreiben und mitmachen').click())
  await wait('the seat opens on chain', shows(page, '.join-card h2', /^Sie sind dabei$/))
  await act('start trading', button('Handel beginnen').click())
  await shows(page, '.join-card [role=status]', /Ihre Preise gelten/)
  await act('see my page', page.getByRole('link', { name: 'Zu meiner Seite' }).click())
  const live = page.getByRole('img', { name: new RegExp(`${power}0? kW gehen ins Netz`) })
  await wait('first live value', live.waitFor())
  return journey
}
