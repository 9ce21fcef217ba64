/** Money on other ways than between wallet and purse: to another address, out of a passkey's wallet, to another meter; and its notices. */
import { getAddress, Wallet } from 'ethers'
import type { Page } from 'playwright-core'
import { expect, vi } from 'vitest'
import { accessibilityFaults, overflow, patienceMs, shownBySystem, shows } from './browser.ts'

const openWays = (page: Page) => page.locator('summary', { hasText: 'Money: other ways in and out' }).click()

/** Half a euro is asked for, for somebody else's account; it can be collected after the escrow's delay. */
export async function askForSomebody(payer: Page, account: string): Promise<void> {
  await openWays(payer)
  await payer.getByLabel('Pay out, €').fill('0,5')
  await payer.getByLabel('To the address').fill(`0x${account.slice(2).toUpperCase()}`)
  await shows(payer, '.money-ways', new RegExp(`read as ${getAddress(account)}`))
  await payer.locator('.money-ways').getByRole('button', { name: 'Ask for it' }).click()
  await shows(payer, '.step', new RegExp(`50\\.0 ct asked for.*It goes to ${account}`, 's'))
}

/** It is collected, and leaves the account by the word of its passkey. */
export async function collectAndSendOn(payer: Page, owner: Page, account: string): Promise<void> {
  await shows(payer, '.step', /ready to collect/)
  await payer.locator('.step').getByRole('button', { name: 'Collect it' }).click()
  await shows(payer, '.notices .effect', new RegExp(`Payout arrived at ${account}: 50\\.0 ct`))
  await openWays(owner)
  const send = owner.locator('.money-ways section', { hasText: 'Send what is in my wallet' })
  await send.getByLabel(/^Send \(50\.0\sct\), €/).fill('0,25')
  await send.getByLabel('To the address').fill(Wallet.createRandom().address)
  await send.getByRole('button', { name: 'Sign and send' }).click()
  await shows(owner, '.money-ways .sent', /Sent in transaction 0x/)
  await shows(owner, '.money-ways', /Send \(25\.0 ct\)/)
}

/** A purse is asked to move to the account's other meter, and stays after all. */
export async function moveAndStay(page: Page): Promise<void> {
  await page.locator('summary', { hasText: 'Moving, my data, being erased' }).click()
  await shows(page, '.moving-house', /Move money to my other meter.*you can leave it where it is/s)
  const amount = page.locator('.moving-house').getByLabel('Amount, €')
  await amount.fill('99999')
  await shows(page, '.moving-house .wrong', /more than is in the purse: at most [\d.]+ (ct|€)/)
  await amount.fill('1,5')
  await page.getByRole('button', { name: 'Ask for it to move' }).click()
  await shows(page, '.step', /1\.50 € asked for.*It goes to the purse of your other meter/s)
  await page.getByRole('button', { name: 'Leave it in the purse' }).click()
  await page.locator('.step').waitFor({ state: 'detached' })
  expect(await overflow(page)).toBe(0)
}

/** Nothing was asked before the button was pressed. */
export async function allowNotices(page: Page): Promise<void> {
  await page.locator('.notices summary').click()
  expect(await shownBySystem(page)).toEqual({ asked: 0, shown: [] })
  await page.getByRole('button', { name: 'Show notices on this device' }).click()
  await shows(page, '.notice-device', /This device shows them/)
  expect(await accessibilityFaults(page)).toEqual([])
}

/** A payout is told once on the page and by the device, until somebody has read it; beside it, on a slow machine, a silent meter. */
export async function noticeOfPayout(page: Page): Promise<void> {
  await shows(page, '.notices .effect', /\d new notices?.*Payout arrived: [\d.]+ (ct|€)/s)
  await vi.waitFor(
    async () => {
      const { asked, shown } = await shownBySystem(page)
      const payouts = shown.filter((text) => !/^The meter 0x\w+… has sent nothing since/.test(text))
      expect({ asked, payouts }).toEqual({
        asked: 1,
        payouts: [expect.stringMatching(/^Payout arrived: [\d.]+ (ct|€)\.$/)],
      })
    },
    { timeout: patienceMs },
  )
  await page.getByRole('button', { name: 'I have read them' }).click()
  await page.locator('.notices .effect').waitFor({ state: 'detached' })
  await shows(page, '.notice-list', /Payout arrived: [\d.]+ (ct|€)/)
}
