// Measures what every call of the escrow costs, keeps the numbers in `gas/gas.json` and prints them as a table.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { forgePath, forgeRoot } from '../../contracts/build/forge.js'

const run = spawnSync(forgePath(), ['test', '--match-contract', 'GasTest'], {
  cwd: forgeRoot,
  encoding: 'utf8',
  env: { ...process.env, FORGE_SNAPSHOT_CHECK: 'false', FORGE_SNAPSHOT_EMIT: 'true' },
})
if (run.status !== 0) {
  process.stderr.write(run.stdout + run.stderr)
  process.exit(run.status ?? 1)
}
const gas = JSON.parse(readFileSync(new URL('gas/gas.json', import.meta.url), 'utf8'))
const width = Math.max(...Object.keys(gas).map((name) => name.length))
for (const [name, value] of Object.entries(gas)) {
  console.log(`${name.padEnd(width)}  ${Number(value).toLocaleString('en').padStart(10)}`)
}
