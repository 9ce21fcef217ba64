// Bundles the simulation: bundled code plays a seed in two thirds of the time that it takes as a test runner's modules.
import { builtinModules } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { rolldown } from 'rolldown'
import { rawText } from '../../raw-text.js'

const folder = dirname(fileURLToPath(import.meta.url))

export async function bundleSimulation(name) {
  const output = join(folder, '../../node_modules', `.commonwatt-simulation-${name}`)
  const bundle = await rolldown({
    input: { seeds: join(folder, 'seeds.ts'), world: join(folder, 'world.ts') },
    platform: 'node',
    plugins: [rawText],
    external: (id) => builtinModules.includes(id) || id.startsWith('node:') || /^[@a-z]/i.test(id),
  })
  await bundle.write({ dir: output, format: 'esm', entryFileNames: '[name].js', sourcemap: true })
  await bundle.close()
  return { seeds: join(output, 'seeds.js'), world: pathToFileURL(join(output, 'world.js')) }
}
