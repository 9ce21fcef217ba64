// Settles an area as the server does (sender, indexer, settlement on their loops) until it is killed by its own hand: at
// the given request to the node, before or after the answer, or as the given statement goes to the database. Ends by itself when all is settled.
import { Wallet } from 'ethers'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import type { AreaSettings } from '../../server/areas/settings.ts'
import { openProvider } from '../../server/chain/escrow-client.ts'
import { createIndexer } from '../../server/chain/indexer.ts'
import { createSender } from '../../server/chain/sender.ts'
import { createSettlement, settlementMetrics } from '../../server/chain/settlement-service.ts'
import { openDatabase } from '../../server/store/database.ts'

export interface SettlingOrder {
  databaseUrl: string
  rpcUrl: string
  operatorKey: string
  firstBlock: number
  settings: AreaSettings
  entriesPerPart: number
  kill: { atRequest: number; answered: boolean } | { atStatement: number }
}

const order = JSON.parse(process.argv[2]!) as SettlingOrder
const { settings, kill } = order
const { area, chain } = settings
const die = () => process.kill(process.pid, 'SIGKILL')
const log = pino({ level: 'silent' })
let statements = 0
const database = new Proxy(openDatabase(order.databaseUrl, 3), {
  apply(target, self, parts) {
    statements += 1
    const answer = Reflect.apply(target, self, parts)
    if ('atStatement' in kill && statements === kill.atStatement) setImmediate(die)
    return answer
  },
})
const provider = openProvider(order.rpcUrl, chain.chainId)
let requests = 0
const ask = provider._send.bind(provider)
provider._send = async (payload) => {
  requests += 1
  const isLast = 'atRequest' in kill && requests === kill.atRequest
  if (isLast && !kill.answered) die()
  const answer = await ask(payload)
  if (isLast) die()
  return answer
}

const sender = createSender({
  ...{ database, provider, wallet: new Wallet(order.operatorKey), chainId: chain.chainId, log },
  ...{ confirmations: 1, replaceAfterMs: 60_000, maxFeePerGas: 10n ** 12n },
})
const indexer = createIndexer({
  ...{ database, provider, escrow: chain.escrow, chainId: chain.chainId, log, confirmations: 1 },
  firstBlock: order.firstBlock,
  async deliver() {},
})
const settlement = createSettlement({
  ...{ database, provider, sender, indexer, settings: [settings], log },
  metrics: settlementMetrics(new Registry()),
  entriesPerPart: order.entriesPerPart,
  leaveOut: async () => false,
  disown: async () => false,
  loadsOf: () => 1,
})
for (;;) {
  await sender.watch()
  await indexer.advance()
  await settlement.advance(area)
  const [left] = await database`select count(*) from batches
    left join batch_progress using (area_id, end_at) where status is distinct from 'settled'`
  const [unmined] = await database`select count(*) from transactions where status <> 'mined'`
  if (left!.count === 0 && unmined!.count === 0) process.exit(0)
}
