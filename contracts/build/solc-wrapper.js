#!/usr/bin/env node
// Behaves like the native Solidity compiler, for forge, on top of the WebAssembly build: `--version`, or standard JSON
// from stdin to stdout. Imports are looked up in the working directory, `--base-path` and `--include-path`.
import { existsSync, readFileSync, writeSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

const solc = createRequire(import.meta.url)('solc')

function writeAll(text) {
  const bytes = Buffer.from(text)
  for (let offset = 0; offset < bytes.length; ) {
    try {
      offset += writeSync(1, bytes, offset)
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error
    }
  }
}

const args = process.argv.slice(2)
if (args.includes('--version')) {
  writeAll(`solc, the solidity compiler commandline interface\nVersion: ${solc.version()}\n`)
} else {
  const folders = [process.cwd()]
  for (const [index, arg] of args.entries()) {
    if (arg === '--base-path' || arg === '--include-path') folders.push(args[index + 1])
  }
  const findImport = (path) => {
    const file = folders.map((folder) => join(folder, path)).find(existsSync)
    return file ? { contents: readFileSync(file, 'utf8') } : { error: `${path} not found` }
  }
  writeAll(solc.compile(readFileSync(0, 'utf8'), { import: findImport }))
}
