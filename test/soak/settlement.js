// Settles batches of many entries through the whole service on a real chain: `node test/soak/settlement.js [ENTRIES]`, 1,000
// by default, and prints the gas of each. Opening that many seats takes some minutes.
import { spawnSync } from 'node:child_process'

const env = { ...process.env, ENTRIES: process.argv[2] ?? '1000' }
const { status } = spawnSync('npx', ['vitest', 'run', 'test/chain/large-batch.test.ts'], { env, stdio: 'inherit' })
process.exit(status ?? 1)
