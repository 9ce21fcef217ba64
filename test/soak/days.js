// Lives days of all families for as long as you like: `node test/soak/days.js [DAYS]`, each with a seed of its own, polled every ten seconds,
// with faults mixed in. Ends at the first watt-hour that is sold and was not counted, and prints its seed.
import { spawnSync } from 'node:child_process'

const days = Number(process.argv[2] ?? 10)

for (let day = 1; day <= days; day += 1) {
  const seed = (Date.now() + day) % 2 ** 31
  console.log(`day ${day} of ${days}: SEED=${seed}`)
  const env = { ...process.env, SEED: `${seed}`, POLL_SECONDS: '10' }
  const { status } = spawnSync(
    'npx',
    ['vitest', 'run', 'test/meter-agent/profiles/day.test.ts', '--testTimeout', '900000'],
    { env, stdio: 'inherit' },
  )
  if (status !== 0) process.exit(1)
}
