/** Every act of an area's offices, as `commonwatt area` carries it out on a chain: what it writes there, and who may not. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Wallet } from 'ethers'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { deployEscrow, deployToken, escrowAt, escrowInterface } from '../../contracts/build/deploy.ts'
import { seatIdOf } from '../../contracts/protocol/entry.ts'
import { signCompact, signFull } from '../../contracts/protocol/typed-data.ts'
import { readAreaFile } from '../../server/areas/settings.ts'
import { readEscrowFacts } from '../../server/chain/escrow-client.ts'
import { type AreaAct, carryOutAct, readOffices } from '../../server/founding/area-acts.ts'
import type { ConfiguredArea } from '../../server/founding/configured-areas.ts'
import { areaFile } from '../areas/area-file.ts'
import { startChain, type TestChain } from '../contracts/chain.ts'

const delaySeconds = 300
const monthSeconds = 30 * 86_400
const key = () => new Wallet(Wallet.createRandom().privateKey)
const addressOf = ({ address }: Wallet) => address.toLowerCase()
const [grid, nextGrid, successor, operator, nextOperator, account, meter] = Array.from({ length: 7 }, key) as Tuple
type Tuple = [Wallet, Wallet, Wallet, Wallet, Wallet, Wallet, Wallet]

let chain: TestChain
let folder: string
let place: ConfiguredArea

beforeAll(async () => {
  chain = await startChain()
  folder = mkdtempSync(join(tmpdir(), 'commonwatt-acts-'))
  const { provider } = chain
  for (const { address } of [grid, nextGrid, successor, operator, nextOperator]) {
    await provider.send('anvil_setBalance', [address, '0xde0b6b3a7640000'])
  }
  const signer = await provider.getSigner(0)
  const token = await deployToken(signer)
  const escrow = await deployEscrow(signer, { token: token.address, withdrawalDelaySeconds: delaySeconds })
  const rpcUrl = provider._getConnection().url
  const file = join(folder, 'area.json')
  const watchers = { keys: [nextOperator.address, meter.address], quorum: 2 }
  const rules = { grid: addressOf(grid), successor: addressOf(successor), watchers, watcherGraceSeconds: 60 }
  writeFileSync(file, JSON.stringify(areaFile({ rules })))
  place = { ...readAreaFile(file, await readEscrowFacts(rpcUrl, escrow.address)), rpcUrl }
})
afterAll(async () => {
  await chain?.close()
  if (folder) rmSync(folder, { recursive: true })
})

/** The events that the act wrote. */
async function did(holder: Wallet, act: AreaAct): Promise<string[]> {
  const receipt = await chain.provider.getTransactionReceipt(await carryOutAct(place, holder, act))
  return receipt!.logs.map((log) => escrowInterface.parseLog(log)!.name)
}

async function pass(seconds: number): Promise<void> {
  await chain.provider.send('evm_increaseTime', [seconds])
  await chain.provider.send('anvil_mine', [])
}

/** A seat that its account and its meter sign for; anybody sends it. */
async function openSeat(): Promise<bigint> {
  const { chain: facts, rules, rulesHash } = place.settings
  const domain = { chainId: facts.chainId, escrow: facts.escrow }
  const now = (await chain.provider.getBlock('latest'))!.timestamp
  const validFrom = (Math.floor(now / rules.intervalSeconds) + 6) * rules.intervalSeconds
  const parties = { account: addressOf(account), meter: addressOf(meter), rules: rulesHash }
  const times = { validFrom, deadline: now + 3_600 }
  const mandate = {
    ...{ ...parties, ...times, sellFloor: 800, buyCeiling: 3_000, maxSellWh: 50, maxBuyWh: 50, version: 1 },
    validUntil: (Math.floor(now / 86_400) + 10) * 86_400,
  }
  const epoch = { ...parties, epoch: 1, time: validFrom, importWh: 100, exportWh: 200 }
  const escrow = escrowAt(facts.escrow, await chain.provider.getSigner(0))
  const sent = await escrow.openSeat!(
    ...[mandate, await signFull(account, domain, 'Mandate', mandate)],
    ...[times, await signCompact(meter, domain, 'MeterConsent', { ...parties, ...times })],
    ...[epoch, await signCompact(meter, domain, 'EpochStart', epoch)],
  )
  await sent.wait()
  return seatIdOf(rules.area, 1)
}

it('an area has no offices before its grid operator opens it', async () => {
  expect(await readOffices(place)).toBeNull()
  const open = { act: 'open', operator: addressOf(operator) } as const
  await expect(did(nextGrid, open)).rejects.toMatchObject({ code: 'CHAIN_REFUSED' })
  expect(await did(grid, open)).toEqual(['AreaOpened'])
  expect(await readOffices(place)).toMatchObject({
    ...{ isAsFile: true, gridOperator: addressOf(grid), operator: addressOf(operator) },
    ...{ gridFees: '0', settledUntil: null },
  })
})

it('meters are confirmed and revoked by the grid operator, in zones and seats of the area', async () => {
  const seat = String(await openSeat())
  const confirm = { act: 'confirm', seat, zone: 'north', mostExportWh: 40, isCompanion: false } as const
  await expect(did(grid, { ...confirm, zone: 'west' })).rejects.toThrow('has no zone west: root, north, south')
  await expect(did(grid, { ...confirm, seat: '1' })).rejects.toThrow('1 is no seat of area')
  await expect(did(operator, confirm)).rejects.toMatchObject({ code: 'CHAIN_REFUSED' })
  expect(await did(grid, confirm)).toEqual(['MeterInstructed', 'MeterConfirmed'])
  await expect(did(operator, { act: 'revoke', seat })).rejects.toMatchObject({ code: 'CHAIN_REFUSED' })
  expect(await did(grid, { act: 'revoke', seat })).toEqual(['MeterInstructed', 'MeterBarred', 'MeterRevoked'])
})

it('fees that nobody has earned are not paid out', async () => {
  await expect(did(grid, { act: 'withdraw-fees', to: addressOf(account) })).rejects.toMatchObject({ code: 'FOUND_ACT' })
})

it('the operator’s office is offered, accepted and taken back', async () => {
  await expect(did(nextOperator, { act: 'accept' })).rejects.toMatchObject({ code: 'CHAIN_REFUSED' })
  expect(await did(grid, { act: 'appoint', to: addressOf(nextOperator) })).toEqual(['OperatorOffered'])
  // Nothing was settled yet, so nobody has to wait for it.
  expect(await did(nextOperator, { act: 'accept' })).toEqual(['OperatorAppointed'])
  expect(await readOffices(place)).toMatchObject({ operator: addressOf(nextOperator) })
  expect(await did(grid, { act: 'dismiss' })).toEqual(['OperatorAppointed'])
  expect(await readOffices(place)).toMatchObject({ operator: `0x${'0'.repeat(40)}` })
})

it('the grid operator’s office is handed over, and passes to the successor of one that is silent', async () => {
  expect(await did(grid, { act: 'hand-over', to: addressOf(nextGrid) })).toEqual(['GridOffered'])
  await expect(did(nextGrid, { act: 'take-over' })).rejects.toMatchObject({ code: 'CHAIN_REFUSED' })
  await pass(delaySeconds)
  expect(await did(nextGrid, { act: 'take-over' })).toEqual(['GridSucceeded'])
  await expect(did(grid, { act: 'present' })).rejects.toMatchObject({ code: 'CHAIN_REFUSED' })
  await pass(monthSeconds)
  expect(await did(nextGrid, { act: 'present' })).toEqual(['GridSeen'])
  await expect(did(successor, { act: 'claim-succession' })).rejects.toMatchObject({ code: 'CHAIN_REFUSED' })
  await pass(monthSeconds)
  expect(await did(successor, { act: 'claim-succession' })).toEqual(['SuccessionClaimed'])
  await pass(delaySeconds)
  expect(await did(successor, { act: 'take-over' })).toEqual(['GridSucceeded'])
  expect(await readOffices(place)).toMatchObject({ gridOperator: addressOf(successor) })
})
