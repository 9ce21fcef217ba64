// Builds what runs: the two command lines (one file each, dependencies stay in node_modules), the signature worker and the page.
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'
import { build as buildPage } from 'vite'

const root = dirname(fileURLToPath(import.meta.url))

const programs = {
  commonwatt: 'server/cli.ts',
  'signature-worker': 'server/readings/signature-worker.ts',
  'commonwatt-agent': 'meter-agent/cli.ts',
}

/** `import text from './file?raw'`, as in Vite. */
const rawText = {
  name: 'raw-text',
  resolveId: (id, importer) => (id.endsWith('?raw') ? join(dirname(importer), id) : null),
  load: (id) =>
    id.endsWith('?raw') ? `export default ${JSON.stringify(readFileSync(id.slice(0, -4), 'utf8'))}` : null,
}

rmSync(join(root, 'dist'), { recursive: true, force: true })

const bundle = await rolldown({
  cwd: root,
  input: Object.fromEntries(Object.entries(programs).filter(([, file]) => existsSync(join(root, file)))),
  platform: 'node',
  plugins: [rawText],
  external: (id, importer) => importer !== undefined && (builtinModules.includes(id) || /^(node:|[@a-z])/i.test(id)),
})
await bundle.write({
  dir: join(root, 'dist'),
  format: 'esm',
  entryFileNames: '[name].js',
  chunkFileNames: 'parts/[name]-[hash].js',
  sourcemap: true,
})
await bundle.close()

if (existsSync(join(root, 'web/index.html'))) {
  await buildPage({ root: join(root, 'web'), configFile: join(root, 'vite.config.ts'), logLevel: 'warn' })
}
