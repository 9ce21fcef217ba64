// Packs the agent alone, as `npm run package:agent [-- FOLDER]` does: dist/commonwatt-agent-VERSION.tgz, to be installed with
// `npm install --global FILE`, without a network, a compiler, a database or a chain. Its few native parts lie in it ready-made, for
// Linux on x64 and arm64; what is not needed to run is left out.
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(fileURLToPath(import.meta.url))
const target = process.argv[2] ?? join(root, 'dist')
const bundle = join(root, 'dist/commonwatt-agent.js')
/** What the bundle leaves outside its file; `build.js` says why. */
const beside = ['classic-level', 'serialport', 'pino']
const nativeParts = /^(classic-level|@serialport\/bindings-cpp)$/
const platforms = ['linux-x64', 'linux-arm64']
/** What is told of the agent; other documents are the market's. */
const documents = ['agent.md', 'devices.md', 'add-a-device.md', 'beside-other-software.md', 'simulate.md', 'tariff.md']
/** In a document, a link to another file. */
const localLink = /\[([^\]]+)\]\((?!https?:|#)([^)\s]+)\)/g
const licenceFile = /^(licen[cs]e|copying|notice)/i

const project = readJson(join(root, 'package.json'))
const { packages } = readJson(join(root, 'package-lock.json'))

if (!existsSync(bundle)) {
  console.error('the agent is not built yet: run "npm run build" first')
  process.exit(1)
}
const staged = mkdtempSync(join(tmpdir(), 'commonwatt-agent-'))
try {
  const places = closureOf(beside)
  for (const place of places) copyPackage(place)
  for (const file of ['bin/commonwatt-agent.js', 'bin/run-built.js', 'dist/commonwatt-agent.js']) {
    cpSync(join(root, file), join(staged, file))
  }
  chmodSync(join(staged, 'bin/commonwatt-agent.js'), 0o755)
  cpSync(join(root, 'LICENSE'), join(staged, 'LICENSE'))
  mkdirSync(join(staged, 'docs'))
  for (const name of documents) writeFileSync(join(staged, 'docs', name), documentOf(name, ''))
  cpSync(join(root, 'docs/examples'), join(staged, 'docs/examples'), { recursive: true })
  writeFileSync(join(staged, 'README.md'), documentOf('agent.md', 'docs/'))
  writeFileSync(join(staged, 'THIRD-PARTY-NOTICES.txt'), noticesOf([...new Set([...bundledPackages(), ...places])]))
  writeFileSync(
    join(staged, 'package.json'),
    JSON.stringify(
      {
        name: 'commonwatt-agent',
        version: project.version,
        description: 'Reads solar inverters and grid meters, signs what they count and sells it to the neighbours.',
        license: project.license,
        type: 'module',
        engines: project.engines,
        os: ['linux'],
        cpu: ['x64', 'arm64'],
        bin: { 'commonwatt-agent': 'bin/commonwatt-agent.js' },
        dependencies: Object.fromEntries(beside.map((name) => [name, packages[`node_modules/${name}`].version])),
        bundleDependencies: beside,
      },
      null,
      2,
    ),
  )
  mkdirSync(target, { recursive: true })
  const packed = execFileSync('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', target], {
    cwd: staged,
    encoding: 'utf8',
  })
  const [{ filename, size, unpackedSize }] = JSON.parse(packed)
  console.log(
    JSON.stringify({ file: join(target, filename), bytes: size, unpackedBytes: unpackedSize, packages: places.length }),
  )
} finally {
  rmSync(staged, { recursive: true, force: true })
}

/** The packages with all that they need, as places in node_modules, found as Node finds them. */
function closureOf(names) {
  const found = new Set()
  const follow = (place) => {
    if (found.has(place)) return
    found.add(place)
    const { dependencies = {}, optionalDependencies = {} } = packages[place]
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
      const needed = placeOf(name, place)
      if (needed !== null) follow(needed)
    }
  }
  for (const name of names) follow(`node_modules/${name}`)
  return [...found].sort()
}

/** Where a package finds another one: in its own node_modules, or in those above. */
function placeOf(name, from) {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('node_modules') - 1))) {
    const place = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`
    if (packages[place] !== undefined) return place
    if (folder === '') return null
  }
}

/** Without sources, texts and recipes for a compiler; of native parts only those for our platforms. */
function copyPackage(place) {
  const from = join(root, place)
  const isNative = nativeParts.test(place.replace(/^.*node_modules\//, ''))
  cpSync(from, join(staged, place), {
    recursive: true,
    filter: (file) => {
      const [first, second] = relative(from, file).split(sep)
      if (first === '') return true
      if (first === 'node_modules') return false
      if (first === 'prebuilds' && second !== undefined && !platforms.includes(second)) return false
      if (isNative && ['deps', 'src', 'binding.gyp', 'binding.cc'].includes(first)) return false
      return (
        !/^(test|tests|docs|benchmarks?|examples?|\.github)$/.test(first) &&
        !/\.(map|md|d\.ts|gypi?|cc?|cpp|h)$/.test(basename(file))
      )
    },
  })
  const manifest = join(staged, place, 'package.json')
  const { scripts: _scripts, devDependencies: _devDependencies, ...kept } = readJson(manifest)
  writeFileSync(manifest, JSON.stringify(kept, null, 2))
}

/** A document whose links lead from `before` to what is in the package; a link to anything else is left as its words. */
function documentOf(name, before) {
  return readFileSync(join(root, 'docs', name), 'utf8').replace(localLink, (_, words, link) => {
    const [file] = link.split('#')
    return documents.includes(file) || file.startsWith('examples/') ? `[${words}](${before}${link})` : words
  })
}

/** The packages that the one file was made of, by its source map, as places in node_modules. */
function bundledPackages() {
  const { sources } = readJson(`${bundle}.map`)
  return sources.flatMap((source) => {
    const inside = /node_modules\/.*node_modules\/|node_modules\//.exec(source)
    if (!inside) return []
    const [scopeOrName, name] = source.slice(inside.index + inside[0].length).split('/')
    const path = relative(root, join(root, 'dist', source.slice(0, inside.index)))
    return [join(path, inside[0], scopeOrName.startsWith('@') ? `${scopeOrName}/${name}` : scopeOrName)]
  })
}

/** Who made what others wrote of the agent, and under which terms it may be passed on. */
function noticesOf(places) {
  const notices = places.sort().map((place) => {
    const manifest = readJson(join(root, place, 'package.json'))
    // Old packages name several.
    const { name, version, license = manifest.licenses?.map(({ type }) => type).join(' or ') } = manifest
    const texts = readdirSync(join(root, place)).filter((file) => licenceFile.test(file))
    if (!license && texts.length === 0) throw new Error(`${place} does not say under which terms it may be passed on`)
    const body = texts.map((file) => readFileSync(join(root, place, file), 'utf8').trim())
    return [`${name} ${version} (${license})`, ...body].join('\n\n')
  })
  const head =
    'The agent contains the following works of others. Each stands under its own terms, which follow its name.'
  return `${[head, ...notices].join(`\n\n${'-'.repeat(80)}\n\n`)}\n`
}

function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'))
}
