// Simulates seeds for as long as wanted: `npm run soak:simulate -- [MINUTES] [FIRST]`, 10 minutes from seed 1 by default, on as
// many processes as the machine has processors. Ends with the first seed that breaks a law, and says how to see it again.
import { spawn } from 'node:child_process'
import { builtinModules } from 'node:module'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'
import { rawText } from '../../raw-text.js'

const [minutes = 10, first = 1] = process.argv.slice(2).map(Number)
const folder = dirname(fileURLToPath(import.meta.url))
const output = join(folder, '../../node_modules/.commonwatt-simulation')

const bundle = await rolldown({
  input: { seeds: join(folder, '../simulation/seeds.ts') },
  platform: 'node',
  plugins: [rawText],
  external: (id) => builtinModules.includes(id) || id.startsWith('node:') || /^[@a-z]/i.test(id),
})
await bundle.write({ dir: output, format: 'esm', entryFileNames: '[name].js', sourcemap: true })
await bundle.close()

const processes = availableParallelism()
const ends = Array.from({ length: processes }, (_, index) => {
  const numbers = [minutes, first + index, processes].map(String)
  const child = spawn(process.execPath, ['--enable-source-maps', join(output, 'seeds.js'), ...numbers], {
    stdio: 'inherit',
  })
  return new Promise((resolve) => child.once('close', (status) => resolve(status ?? 1)))
})
process.exit(Math.max(...(await Promise.all(ends))))
