// Builds what runs: the server's command line (most of its dependencies stay in node_modules), the agent's in one file that needs
// only its native add-ons and loggers beside it, the signature worker and the page. A build that fails leaves the last one.
// `dist/sources.json` says of each which sources it was made of, so that a test never runs what is older than they are.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { rolldown } from 'rolldown'
import { build as buildPage } from 'vite'
import { rawText } from './raw-text.js'

const root = dirname(fileURLToPath(import.meta.url))
const dist = join(root, 'dist')
const staged = join(root, `.dist-${process.pid}`)

/** What the agent leaves outside its file: prebuilt add-ons, and a logger that starts threads from its own files. */
const besideTheAgent = /^(classic-level|serialport|@serialport\/|pino)/

/**
 * What the server's command line holds inside: libraries that most commands need, of which each needs a part. Reading them file by file
 * from node_modules takes longer than most commands work. They stay dependencies, so that their licences come with them.
 */
const insideTheServer =
  /^(ethers|zod|@asteasolutions\/zod-to-openapi|@noble\/curves|bignumber\.js|commander|hash-wasm|postgres|prom-client|saxes|smol-toml|temporal-polyfill|yauzl)(\/|$)/

const isBuiltin = (id) => id.startsWith('node:') || builtinModules.includes(id)
/** Named by one of our own files and not held inside; what a package inside needs is inside too. */
const isOutsideTheServer = (id, importer) =>
  importer !== undefined &&
  /^[@a-z]/i.test(id) &&
  !importer.split(sep).includes('node_modules') &&
  !insideTheServer.test(id)

/** By what was built: the hash of each of the project's own files that it was made of. */
const sources = {}

async function bundle(input, external, output = {}) {
  const program = await rolldown({ cwd: root, input, platform: 'node', plugins: [rawText], external })
  const written = await program.write({
    dir: staged,
    format: 'esm',
    entryFileNames: '[name].js',
    sourcemap: true,
    ...output,
  })
  await program.close()
  const chunks = new Map(written.output.map((chunk) => [chunk.fileName, chunk]))
  for (const { isEntry, name, fileName } of written.output) {
    if (isEntry) sources[name] = hashesOf(modulesOf(chunks, fileName))
  }
}

/**
 * Writes letters beyond Latin-1 as escapes, which mean the same where they stand, in texts and comments: a program with one such letter in
 * it takes two bytes of memory for each of its letters, and a home gateway has little.
 */
function inOneByte(file) {
  const escaped = readFileSync(file, 'utf8').replace(
    /[\u0100-\uffff]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  writeFileSync(file, escaped)
}

/** The modules of a chunk and of all that it loads, at once or later. */
function modulesOf(chunks, fileName, seen = new Set()) {
  if (seen.has(fileName)) return []
  seen.add(fileName)
  const { moduleIds = [], imports = [], dynamicImports = [] } = chunks.get(fileName) ?? {}
  return [...moduleIds, ...[...imports, ...dynamicImports].flatMap((next) => modulesOf(chunks, next, seen))]
}

/** The most that a first visit loads of JavaScript, compressed: somebody with a slow line waits for all of it. */
const firstLoadBytes = 180_000

/** Fails for a view that needs more than that: the start, whatever the view adds to it, and the charts. */
function assertLight(written) {
  const chunks = new Map(written.filter(({ type }) => type === 'chunk').map((chunk) => [chunk.fileName, chunk]))
  const needed = (fileName, seen = new Set()) => {
    if (seen.has(fileName)) return seen
    seen.add(fileName)
    for (const next of chunks.get(fileName).imports) needed(next, seen)
    return seen
  }
  const start = [...chunks.values()].find(({ isEntry }) => isEntry)
  const isComponent = ({ facadeModuleId }) => facadeModuleId.endsWith('.tsx')
  // What the start loads later: a view, or what somebody signs with. What a view loads when it is opened is no part of it.
  const views = start.dynamicImports.map((file) => chunks.get(file)).filter(isComponent)
  const charts = [...chunks.values()].filter(
    (chunk) => chunk.isDynamicEntry && chunk.facadeModuleId.includes('/charts/'),
  )
  const weights = views.map(({ fileName: page }) => {
    const files = charts.reduce((all, chart) => needed(chart.fileName, all), needed(page, needed(start.fileName)))
    return [page, [...files].reduce((sum, file) => sum + gzipSync(chunks.get(file).code).length, 0)]
  })
  const [page, bytes] = weights.reduce((most, each) => (each[1] > most[1] ? each : most))
  console.log(`first load: ${bytes} bytes of compressed JavaScript at most (${page}), of ${firstLoadBytes} allowed`)
  if (bytes > firstLoadBytes) throw new Error(`${page} makes a first visit load ${bytes} bytes of JavaScript`)
}

/** Parts smaller than this are one packet anyway. */
const leastPackedBytes = 1_000

/** Writes scripts and styles a second and third time as the server sends them, so that it packs nothing while somebody waits. */
function pack(folder) {
  for (const name of readdirSync(folder).filter((each) => /\.(js|css)$/.test(each))) {
    const text = readFileSync(join(folder, name))
    if (text.length < leastPackedBytes) continue
    const brotli = { params: { [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT } }
    writeFileSync(join(folder, `${name}.br`), brotliCompressSync(text, brotli))
    writeFileSync(join(folder, `${name}.gz`), gzipSync(text, { level: constants.Z_BEST_COMPRESSION }))
  }
}

function hashesOf(modules) {
  const files = modules
    .map((id) => relative(root, id.replace(/[?#].*$/, '')))
    .filter((file) => /^[^.\0]/.test(file) && !file.split(sep).includes('node_modules'))
  return Object.fromEntries(
    [...new Set(files)].sort().map((file) => [
      file.split(sep).join('/'),
      createHash('sha256')
        .update(readFileSync(join(root, file)))
        .digest('hex'),
    ]),
  )
}

try {
  await bundle(
    {
      commonwatt: 'server/cli.ts',
      'signature-worker': 'server/signatures/signature-worker.ts',
      'area-thread': 'server/areas/area-thread.ts',
      'statement-thread': 'server/statements/statement-thread.ts',
      'values-thread': 'server/official/values-thread.ts',
    },
    (id, importer) => isBuiltin(id) || isOutsideTheServer(id, importer),
    { chunkFileNames: 'parts/[name]-[hash].js' },
  )
  await bundle({ 'commonwatt-agent': 'meter-agent/cli.ts' }, (id) => isBuiltin(id) || besideTheAgent.test(id), {
    codeSplitting: false,
  })
  inOneByte(join(staged, 'commonwatt-agent.js'))
  const page = await buildPage({
    root: join(root, 'web'),
    configFile: join(root, 'vite.config.ts'),
    logLevel: 'warn',
    build: { outDir: join(staged, 'web'), emptyOutDir: true },
  })
  assertLight(page.output)
  pack(join(staged, 'web/assets'))
  const beside = readdirSync(join(root, 'web/public')).map((file) => join(root, 'web/public', file))
  sources.web = hashesOf([
    join(root, 'web/index.html'),
    ...beside,
    ...page.output.flatMap(({ moduleIds = [] }) => moduleIds),
  ])
  writeFileSync(join(staged, 'sources.json'), JSON.stringify(sources, null, 1))
  rmSync(dist, { recursive: true, force: true })
  renameSync(staged, dist)
} finally {
  rmSync(staged, { recursive: true, force: true })
}
