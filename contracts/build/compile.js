// Compiles the contracts with forge and writes what the programs need of them to `contracts/build/abi/`: the interface and the
// creation code. Run it after every change in `contracts/src`; a test compares.
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { forgePath, forgeRoot } from './forge.js'

// `IEscrow` is what both halves answer together.
const contracts = ['IEscrow', 'Escrow', 'Registry', 'PasskeyAccounts', 'PasskeyAccount', 'Revocations', 'LocalEuro']

// The two halves are reached by the interface that they share; of each its constructor is kept.
function abiOf(name, abi) {
  return name === 'Escrow' || name === 'Registry' ? abi.filter(({ type }) => type === 'constructor') : abi
}

/** Builds `contracts/src` and returns the JSON text of each file in `contracts/build/abi/` by contract. Throws the compiler's words with the code `COMPILE_FAILED`. */
export function compileContracts() {
  const build = spawnSync(forgePath(), ['build', 'contracts/src'], { cwd: forgeRoot, encoding: 'utf8' })
  if (build.status !== 0) throw Object.assign(new Error(build.stderr || build.stdout), { code: 'COMPILE_FAILED' })
  return Object.fromEntries(
    contracts.map((name) => {
      const artifact = JSON.parse(readFileSync(join(forgeRoot, 'out', `${name}.sol`, `${name}.json`), 'utf8'))
      return [
        name,
        `${JSON.stringify({ abi: abiOf(name, artifact.abi), bytecode: artifact.bytecode.object }, null, 1)}\n`,
      ]
    }),
  )
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  mkdirSync(join(forgeRoot, 'contracts/build/abi'), { recursive: true })
  for (const [name, text] of Object.entries(compileContracts())) {
    writeFileSync(join(forgeRoot, 'contracts/build/abi', `${name}.json`), text)
  }
}
