/** The numbered migrations, in order; bundled with the program, so that one file runs anywhere. */
import market from './migrations/0001_market.sql?raw'
import chain from './migrations/0002_chain.sql?raw'
import accounts from './migrations/0003_accounts.sql?raw'
import settlement from './migrations/0004_settlement.sql?raw'
import deviation from './migrations/0005_deviation.sql?raw'
import stated from './migrations/0006_stated.sql?raw'

export const migrations: readonly { name: string; text: string }[] = [
  { name: '0001_market', text: market },
  { name: '0002_chain', text: chain },
  { name: '0003_accounts', text: accounts },
  { name: '0004_settlement', text: settlement },
  { name: '0005_deviation', text: deviation },
  { name: '0006_stated', text: stated },
]
