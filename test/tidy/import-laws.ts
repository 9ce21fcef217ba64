/** The laws of imports: their direction between rooms, no circles, pure rooms without surroundings, one name for one idea. */
import { posix } from 'node:path'
import { type Room, roomOf } from './rooms.ts'
import type { SourceFile } from './source-tree.ts'

const programs = /^(contracts|meter-agent|server|web)\/.*\.(ts|tsx|js)$/

/** A file of one of the programs, rather than of the tests or the tools around them. */
const isProgram = ({ path }: SourceFile): boolean => programs.test(path)

/** Every file of a program stands in a room, and imports from its own room and from those that the table allows. */
export function againstTheDirection(files: readonly SourceFile[], rooms: readonly Room[]): string[] {
  return files.filter(isProgram).flatMap(({ path, module }) => {
    const room = roomOf(rooms, path)
    if (room === undefined) return [`${path} stands in no room of test/tidy/rooms.txt`]
    return module!.imports.flatMap(({ from, isFile, typesOnly }) => {
      if (!isFile || from === 'package.json') return []
      const target = roomOf(rooms, from)
      if (target === room || (typesOnly && room.types.includes(from))) return []
      if (target !== undefined && room.imports.includes(target.path)) return []
      return [`${path} imports ${from}, which ${room.path} may not`]
    })
  })
}

/** Files that import each other in a circle, types included: one line for each circle. */
export function circles(files: readonly SourceFile[]): string[] {
  const importsOf = new Map(
    files.map(({ path, module }) => [
      path,
      module?.imports.filter(({ isFile }) => isFile).map(({ from }) => from) ?? [],
    ]),
  )
  const done = new Set<string>()
  const found: string[] = []
  const follow = (path: string, way: readonly string[]): void => {
    const at = way.indexOf(path)
    if (at >= 0) found.push([...way.slice(at), path].join(' → '))
    if (at >= 0 || done.has(path)) return
    for (const next of importsOf.get(path) ?? []) follow(next, [...way, path])
    done.add(path)
  }
  for (const path of importsOf.keys()) follow(path, [])
  return found
}

/** What the thread of an area must not load: trees of statements are hashed, and signatures checked, on threads of their own. */
const elsewhere = /^server\/(settlement\/(merkle|statement)\.ts|statements\/|signatures\/)/

/** Ways by which the thread of an area would load work that belongs on another one. */
export function onAreaThread(files: readonly SourceFile[]): string[] {
  const importsOf = new Map(files.map(({ path, module }) => [path, module?.imports ?? []]))
  const found: string[] = []
  const seen = new Set<string>()
  const follow = (path: string, way: readonly string[]): void => {
    if (seen.has(path)) return
    seen.add(path)
    if (elsewhere.test(path)) found.push([...way, path].join(' → '))
    for (const { from, isFile, typesOnly } of importsOf.get(path) ?? []) {
      if (isFile && !typesOnly) follow(from, [...way, path])
    }
  }
  follow('server/areas/area-thread.ts', [])
  return found
}

/** Packages that compute and nothing else, with the names that may be imported of those that also do other things. */
const purePackages: Readonly<Record<string, RegExp>> = {
  'bignumber.js': /./,
  ethers: /^(?!.*(Provider|Wallet|Contract|Signer|Fetch|random))/,
  'ethers/abi': /./,
  'ethers/address': /./,
  'ethers/crypto': /^(Signature|keccak256|sha256)$/,
  'ethers/hash': /./,
  'ethers/utils': /^getBytes$/,
  '@noble/curves/nist.js': /^p256$/,
  fflate: /^(strToU8|zipSync)$/,
  'hash-wasm': /./,
  'node:buffer': /^isUtf8$/,
  'node:crypto': /^(createHash|hash)$/,
  'node:util': /^TextDecoder$/,
  'node:zlib': /^crc32$/,
  saxes: /./,
  'temporal-polyfill': /./,
  yauzl: /^(?!open|fromFd)/,
  zod: /./,
}

/** What a pure room takes from its surroundings instead of from its arguments. */
export function impurities(files: readonly SourceFile[], rooms: readonly Room[]): string[] {
  return files.filter(isProgram).flatMap(({ path, module }) => {
    if (!roomOf(rooms, path)?.pure) return []
    const packages = module!.imports.filter(({ isFile }) => !isFile)
    const strange = packages.filter(({ from, names }) => {
      const allowed = purePackages[from]
      return allowed === undefined || names.length === 0 || !names.every((name) => allowed.test(name))
    })
    return [
      ...module!.surroundings.map((use) => `${path} is pure and uses ${use}`),
      ...strange.map(({ from, names }) => `${path} is pure and imports ${names.join(', ')} of ${from}`),
    ]
  })
}

/** Names that more than one file of the programs exports; a declaration file beside its JavaScript says the same once more. */
export function namesTwice(files: readonly SourceFile[]): string[] {
  const filesOf = new Map<string, Set<string>>()
  for (const { path, module } of files.filter(isProgram)) {
    for (const name of module!.exports) {
      filesOf.set(name, (filesOf.get(name) ?? new Set()).add(path.replace(/\.d\.ts$/, '.js')))
    }
  }
  return [...filesOf]
    .filter(([, paths]) => paths.size > 1)
    .map(([name, paths]) => `${name} is exported by ${[...paths].join(' and ')}`)
}

/** Files that pass on what another file exports: whoever imports a name must see where it lives. */
export function passingOn(files: readonly SourceFile[]): string[] {
  return files.flatMap(({ path, module }) =>
    [...new Set(module?.passedOn)].map((from) => `${path} passes on ${posix.normalize(from)}`),
  )
}

/** Tests and benchmarks that run what is built in `dist/` without asking whether it is older than its sources. */
export function withoutBuildCheck(files: readonly SourceFile[]): string[] {
  return files
    .filter(({ path }) => path.startsWith('test/') && path !== 'test/built.ts')
    .filter(({ module, text }) => {
      const froms = module?.imports.filter(({ typesOnly }) => !typesOnly).map(({ from }) => from) ?? []
      const runs = froms.includes('server/demo/demo.ts') || /'[^'\n]*bin\/commonwatt[^'\n]*'/.test(text)
      return module !== null && runs && !froms.includes('test/built.ts')
    })
    .map(({ path }) => `${path} runs what is built and does not import test/built.ts`)
}
