// `npm run bench`: bundles the benchmarks and runs them; see bench.ts for what may be named. Not in dist/, which a build
// replaces: a run of minutes must not end with it.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { builtinModules } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'
import { rawText } from '../../raw-text.js'

const folder = dirname(fileURLToPath(import.meta.url))
const output = join(folder, '../../node_modules/.commonwatt-bench')

const bundle = await rolldown({
  input: {
    bench: join(folder, 'bench.ts'),
    'durable-server': join(folder, 'durable-server.ts'),
    'durable-area': join(folder, 'durable-area.ts'),
    'meter-agent': join(folder, 'meter-agent.ts'),
    'report-memory': join(folder, 'report-memory.ts'),
    'statement-thread': join(folder, '../../server/statements/statement-thread.ts'),
    'signature-worker': join(folder, '../../server/signatures/signature-worker.ts'),
  },
  platform: 'node',
  plugins: [rawText],
  external: (id) => builtinModules.includes(id) || id.startsWith('node:') || /^[@a-z]/i.test(id),
})
await bundle.write({ dir: output, format: 'esm', entryFileNames: '[name].js', sourcemap: true })
await bundle.close()

// Its input is a pipe, by whose end it sees that this process is no more.
const child = spawn(process.execPath, [join(output, 'bench.js'), ...process.argv.slice(2)], {
  stdio: ['pipe', 'inherit', 'inherit'],
})
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
const [status] = await once(child, 'exit')
process.exit(status ?? 1)
