/** Reads the files of a source tree and what each TypeScript and JavaScript file imports, exports and uses. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { parseSync, Visitor } from 'rolldown/utils'

export interface SourceFile {
  /** From the root of the tree, with slashes. */
  path: string
  text: string
  /** Of a TypeScript or JavaScript file; null for every other. */
  module: SourceModule | null
}

export interface SourceModule {
  imports: Import[]
  /** Names that the file itself declares and exports. */
  exports: string[]
  /** Files and packages of which it exports something as its own. */
  passedOn: string[]
  /** Uses of the surroundings of a program, such as `Date.now` and `console`, by what is written. */
  surroundings: string[]
}

export interface Import {
  /** A path from the root of the tree, or the name of a package. */
  from: string
  isFile: boolean
  typesOnly: boolean
  /** Names that are imported; empty for the whole module. */
  names: string[]
}

/** Folders that hold no sources: what is installed, built or recorded. */
const skipped = new Set(['node_modules', 'dist', 'out', 'cache', 'abi', 'fixtures', 'gas', '.git', '.commonwatt'])
const kinds = /\.(ts|tsx|js|sol|css|sql|md)$/

/** The sources of a tree, by path. */
export function readSourceTree(root: string): SourceFile[] {
  return readdirSync(root, { withFileTypes: true })
    .filter(({ name }) => !skipped.has(name) && !name.startsWith('.'))
    .flatMap((entry) => (entry.isDirectory() ? filesBelow(root, entry.name) : [entry.name]))
    .filter((path) => kinds.test(path))
    .toSorted()
    .map((path) => {
      const text = readFileSync(join(root, path), 'utf8')
      return { path, text, module: /\.(ts|tsx|js)$/.test(path) ? readModule(path, text) : null }
    })
}

function filesBelow(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter(({ name }) => !skipped.has(name))
    .flatMap((entry) => {
      const path = `${folder}/${entry.name}`
      return entry.isDirectory() ? filesBelow(root, path) : [path]
    })
}

function readModule(path: string, text: string): SourceModule {
  const { program, module, errors } = parseSync(path, text)
  if (errors.length > 0) throw new Error(`${path} cannot be parsed: ${errors[0]!.message}`)
  const importOf = (specifier: string, typesOnly: boolean, names: string[]): Import => {
    const isFile = specifier.startsWith('.')
    const from = isFile ? posix.join(posix.dirname(path), specifier.replace(/\?raw$/, '')) : specifier
    return { from, isFile, typesOnly, names }
  }
  const imports = module.staticImports.map(({ moduleRequest, entries }) =>
    importOf(
      moduleRequest.value,
      entries.length > 0 && entries.every(({ isType }) => isType),
      entries.flatMap(({ importName: { name } }) => name ?? []),
    ),
  )
  const exported = module.staticExports.flatMap(({ entries }) => entries)
  const passedOn = exported.flatMap(({ moduleRequest }) => moduleRequest?.value ?? [])
  const surroundings: string[] = []
  new Visitor({
    ImportExpression({ source }) {
      const written = source.type === 'TemplateLiteral' ? source.quasis[0]?.value.cooked : null
      if (source.type === 'Literal') imports.push(importOf(String(source.value), false, []))
      else if (written) imports.push(importOf(written, false, []))
    },
    TSImportType({ source }) {
      imports.push(importOf(source.value, true, []))
    },
    MemberExpression({ object, property }) {
      if (object.type !== 'Identifier' || property.type !== 'Identifier') return
      const written = `${object.name}.${property.name}`
      if (surroundingObjects.has(object.name) || surroundingMembers.has(written)) surroundings.push(written)
    },
    CallExpression({ callee }) {
      if (callee.type === 'Identifier' && surroundingCalls.has(callee.name)) surroundings.push(`${callee.name}()`)
    },
    NewExpression({ callee, arguments: given }) {
      if (callee.type !== 'Identifier' || given.length > 0 || callee.name !== 'Date') return
      surroundings.push('new Date()')
    },
  }).visit(program)
  for (const from of passedOn) imports.push(importOf(from, false, []))
  return {
    imports,
    exports: exported.flatMap(({ moduleRequest, exportName }) => (moduleRequest ? [] : (exportName.name ?? []))),
    passedOn,
    surroundings,
  }
}

/** What puts something else in the place of a module. */
export const replacingModules = ['vi.mock', 'vi.doMock', 'vi.resetModules', 'mock.module']
const surroundingObjects = new Set(['process', 'console', 'performance', 'globalThis', 'window', 'document', 'crypto'])
const surroundingMembers = new Set(['Date.now', 'Math.random', 'Atomics.wait', ...replacingModules])
const surroundingCalls = new Set([
  'Date',
  'fetch',
  'queueMicrotask',
  'require',
  'setImmediate',
  'setInterval',
  'setTimeout',
])
