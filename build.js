// Builds what runs: the server's command line (its dependencies stay in node_modules), the agent's in one file that needs
// only its native add-ons and loggers beside it, the signature worker and the page. A build that fails leaves the last one.
import { renameSync, rmSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'
import { build as buildPage } from 'vite'
import { rawText } from './raw-text.js'

const root = dirname(fileURLToPath(import.meta.url))
const dist = join(root, 'dist')
const staged = join(root, `.dist-${process.pid}`)

/** What the agent leaves outside its file: prebuilt add-ons, and a logger that starts threads from its own files. */
const besideTheAgent = /^(classic-level|serialport|@serialport\/|pino)/

const isBuiltin = (id) => id.startsWith('node:') || builtinModules.includes(id)
const isPackage = (id, importer) => importer !== undefined && /^[@a-z]/i.test(id)

async function bundle(input, external, output = {}) {
  const program = await rolldown({ cwd: root, input, platform: 'node', plugins: [rawText], external })
  await program.write({ dir: staged, format: 'esm', entryFileNames: '[name].js', sourcemap: true, ...output })
  await program.close()
}

try {
  await bundle(
    { commonwatt: 'server/cli.ts', 'signature-worker': 'server/signatures/signature-worker.ts' },
    (id, importer) => isBuiltin(id) || isPackage(id, importer),
    { chunkFileNames: 'parts/[name]-[hash].js' },
  )
  await bundle({ 'commonwatt-agent': 'meter-agent/cli.ts' }, (id) => isBuiltin(id) || besideTheAgent.test(id), {
    codeSplitting: false,
  })
  await buildPage({
    root: join(root, 'web'),
    configFile: join(root, 'vite.config.ts'),
    logLevel: 'warn',
    build: { outDir: join(staged, 'web'), emptyOutDir: true },
  })
  rmSync(dist, { recursive: true, force: true })
  renameSync(staged, dist)
} finally {
  rmSync(staged, { recursive: true, force: true })
}
