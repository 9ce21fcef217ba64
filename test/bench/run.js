// Bundles the named benchmark (test/bench/NAME.ts) into dist/bench and runs it: node test/bench/run.js market [--json]
import { spawnSync } from 'node:child_process'
import { builtinModules } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

const folder = dirname(fileURLToPath(import.meta.url))
const output = join(folder, '../../dist/bench')
const [name, ...rest] = process.argv.slice(2)

const bundle = await rolldown({
  input: { [name]: join(folder, `${name}.ts`) },
  platform: 'node',
  external: (id) => builtinModules.includes(id) || id.startsWith('node:') || /^[@a-z]/i.test(id),
})
await bundle.write({ dir: output, format: 'esm', entryFileNames: '[name].js' })
await bundle.close()

const { status } = spawnSync(process.execPath, ['--expose-gc', join(output, `${name}.js`), ...rest], {
  stdio: 'inherit',
})
process.exit(status ?? 1)
