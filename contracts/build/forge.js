// Where the Solidity tools are: forge and anvil from the platform packages, and solc as WebAssembly.
// Plain JavaScript, because the test runner and forge itself start these files without a build.
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const require = createRequire(import.meta.url)
const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

function toolPath(tool) {
  const platform = process.platform === 'win32' ? 'win32' : process.platform
  const machine = process.arch === 'x64' ? 'amd64' : process.arch
  try {
    const manifest = require.resolve(`@foundry-rs/${tool}-${platform}-${machine}/package.json`)
    return join(dirname(manifest), 'bin', platform === 'win32' ? `${tool}.exe` : tool)
  } catch {
    if (spawnSync(tool, ['--version'], { stdio: 'ignore' }).status === 0) return tool
    const message = `${tool} is missing: no package for ${platform}-${machine} is installed and none is on PATH`
    throw Object.assign(new Error(`${message}; install Foundry and try again`), { code: 'TOOL_MISSING' })
  }
}

/** The path of `forge`. Throws an error with the code `TOOL_MISSING`. */
export function forgePath() {
  return toolPath('forge')
}

/** The path of `anvil`. Throws an error with the code `TOOL_MISSING`. */
export function anvilPath() {
  return toolPath('anvil')
}

/** The project's root, from which forge must run: `foundry.toml` lies there. */
export const forgeRoot = root
