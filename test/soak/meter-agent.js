// Kills meter agents for as long as you like: `node test/soak/meter-agent.js [ROUNDS]`, each round with seeds of its own,
// 100 deaths of the store, 40 of the whole agent and 2,000 random lives of a meter. Ends at the first failure and prints its seed.
import { spawnSync } from 'node:child_process'

const rounds = Number(process.argv[2] ?? 10)

for (let round = 1; round <= rounds; round += 1) {
  const seed = (Date.now() + round) % 2 ** 31
  for (const [file, kills] of [
    ['test/meter-agent/registers/laws.test.ts', 0],
    ['test/meter-agent/outbox/crash.test.ts', 100],
    ['test/meter-agent/home/process.test.ts', 40],
  ]) {
    console.log(`round ${round} of ${rounds}: ${file} SEED=${seed}`)
    const env = { ...process.env, SEED: `${seed}`, KILLS: `${kills}`, RUNS: '2000' }
    const { status } = spawnSync('npx', ['vitest', 'run', file, '--testTimeout', '900000'], { env, stdio: 'inherit' })
    if (status !== 0) process.exit(1)
  }
}
