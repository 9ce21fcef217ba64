// Chromium from npm: where its program is, and what it is started with.
import { randomUUID } from 'node:crypto'
import { createReadStream, createWriteStream, existsSync, mkdirSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { createBrotliDecompress } from 'node:zlib'
import chromium from '@sparticuz/chromium'

const packages = fileURLToPath(new URL('../../node_modules', import.meta.url))

/**
 * What the package asks for and is not wanted here. As a single process the browser would end with the first context that is closed,
 * without its security it does not say from which page a request comes, and without a zygote it loads its program anew for every page.
 */
const unwanted = [
  '--single-process',
  '--disable-web-security',
  '--no-zygote',
  // A graphics card made of software takes processor time for every frame, and no page draws in three dimensions.
  '--ignore-gpu-blocklist',
  '--in-process-gpu',
]
chromium.setGraphicsMode = false

const wanted = ['--disable-gpu', '--disable-background-networking']

/** The browser at `CHROMIUM_PATH`, or the one inside the npm package, unpacked into `folder`, as playwright wants to be told. */
export async function chromiumProgram(folder = join(packages, '.cache')) {
  return {
    executablePath: process.env.CHROMIUM_PATH ?? (await unpacked(folder)),
    args: [...chromium.args.filter((flag) => !unwanted.includes(flag)), ...wanted],
  }
}

/**
 * The program, unpacked by the first who asks. The package would do that too, in the folder for temporary files, but whoever asks
 * meanwhile is given a file there that is still being written.
 */
async function unpacked(folder) {
  const packed = join(packages, '@sparticuz/chromium/bin/chromium.br')
  const program = join(folder, `chromium-${statSync(packed).size}`)
  if (existsSync(program)) return program
  mkdirSync(folder, { recursive: true })
  const own = `${program}-${randomUUID()}`
  await pipeline(createReadStream(packed), createBrotliDecompress(), createWriteStream(own, { mode: 0o755 }))
  renameSync(own, program)
  return program
}
