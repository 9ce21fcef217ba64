/** What every way of joining has in common, from an invitation to an open place in the area. */
import { Wallet } from 'ethers'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { invitationLink } from '../../contracts/protocol/invitation-link.ts'
import { signFull } from '../../contracts/protocol/typed-data.ts'
import type { DemoPerson } from '../../server/api/demo-resources.ts'
import type { MeterResource } from '../../server/api/joining.ts'
import type { AreaResource, IntervalResource } from '../../server/api/resources.ts'
import { publicClient, signInWithKey } from '../../server/api-client.ts'
import { shows } from './browser.ts'
import { PairingAgent } from './pairing-agent.ts'

export async function demoArea(url: string): Promise<AreaResource> {
  const { items } = await publicClient(url).get<{ items: AreaResource[] }>('/areas')
  return items[0]!
}

export async function keyOfPerson(url: string, isWanted: (person: DemoPerson) => boolean): Promise<string> {
  return (await publicClient(url).get<DemoPerson[]>('/demo/people')).find(isWanted)!.privateKey
}

/** The results of a zone as the grid operator sees them, the oldest first: to others a zone of one home is told together with the rest. */
export async function resultsIn(
  url: string,
  name: string,
): Promise<{ start: string; soldWh: number; pricePerKwh: string | null }[]> {
  const grid = new Wallet(await keyOfPerson(url, ({ role }) => role === 'utility'))
  const { area, chain } = await demoArea(url)
  const client = await signInWithKey(url, grid, chain.chainId)
  const { items } = await client.get<{ items: IntervalResource[] }>(`/areas/${area}/intervals?limit=200`)
  return items.reverse().map(({ start, zones }) => {
    const { soldWh, pricePerKwh } = zones.find(({ zone }) => zone === name)!
    return { start, soldWh: soldWh ?? Number.NaN, pricePerKwh }
  })
}

/** The grid operator invites one account. */
export async function invitationOf(url: string): Promise<string> {
  const { area, chain, rules } = await demoArea(url)
  const grid = new Wallet(await keyOfPerson(url, ({ role }) => role === 'utility'))
  const validUntil = Math.floor(Date.now() / 1000) + 3_600
  const invitation = { rules: rules.hash, accounts: 1, validUntil, nonce: Date.now() }
  const signature = await signFull(grid, chain, 'Invitation', invitation)
  return invitationLink(url, { area, invitation, signature })
}

/** A meter that nobody has yet, and the code that its agent shows. */
export async function offeredMeter(url: string): Promise<{ agent: PairingAgent; code: string }> {
  const agent = new PairingAgent(url, await demoArea(url))
  return { agent, code: (await agent.offer()).code }
}

/** The home that was found is claimed, its agent consents, and its owner signs what the page proposes. */
export async function claimAndSign(page: Page, agent: PairingAgent): Promise<void> {
  await page.getByRole('button', { name: 'This is my home' }).click()
  await shows(page, '.effect', /Waiting for the agent/)
  expect(await agent.go()).toBe('consented')
  await page.getByRole('button', { name: 'Sign and join' }).click()
  await shows(page, '.join-card h2', /^You are in$/)
}

/** A house is sold: whoever lives there now pairs its meter in an account of their own, and needs nobody's leave. */
export async function takeOver(next: Page, agent: PairingAgent): Promise<void> {
  agent.epoch += 1
  const { code } = await agent.offer()
  await next.getByLabel('Choose a passphrase').fill('a new house in the street')
  await next.getByRole('button', { name: 'Continue with this device' }).click()
  await findByCode(next, code)
  await claimAndSign(next, agent)
  expect(await agent.go()).toBe('opened')
  await next.getByRole('link', { name: 'To my page' }).click()
  await shows(next, '.page-sub', /meter not confirmed yet/)
}

/** Whose the meter was and is, as the grid operator sees it. */
export async function ownersOf(
  url: string,
  { address }: PairingAgent,
): Promise<Pick<MeterResource, 'account' | 'closed'>[]> {
  const { area, chain } = await demoArea(url)
  const grid = new Wallet(await keyOfPerson(url, ({ role }) => role === 'utility'))
  const client = await signInWithKey(url, grid, chain.chainId)
  const { items } = await client.get<{ items: MeterResource[] }>(`/areas/${area}/meters?limit=500`)
  return items.filter(({ meter }) => meter === address).map(({ account, closed }) => ({ account, closed }))
}

/** What the server answers to whoever is signed in on the page as this account, by its code. */
export function codeOfAnswer(page: Page, asked: { path: string; account: string }): Promise<string> {
  return page.evaluate(async ({ path, account }) => {
    const answer = await fetch(`/api/v1/${path}`, { headers: { 'commonwatt-account': account } })
    return ((await answer.json()) as { code?: string }).code ?? String(answer.status)
  }, asked)
}

export async function findByCode(page: Page, code: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Code' }).fill(code)
  await page.getByRole('button', { name: 'Find my home' }).click()
}
