/** Where the files lie that come with the program: found from the running file upwards, bundled or not. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

function projectRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url))
  for (;;) {
    const manifest = join(folder, 'package.json')
    if (existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).name === 'commonwatt') return folder
    const parent = dirname(folder)
    if (parent === folder) throw new Error('the program does not lie in its project folder any more')
    folder = parent
  }
}

const root = projectRoot()

/** The two command lines, to be run with this Node. */
export const serverProgram: string = join(root, 'bin/commonwatt.js')
export const agentProgram: string = join(root, 'bin/commonwatt-agent.js')
/** Lets a car charge by the tariff; the documents show it. */
export const carProgram: string = join(root, 'docs/examples/charge-with-the-neighbours.js')
/** The built page. */
export const pageFolder: string = join(root, 'dist/web')

/** A thread's program, which `npm run build` makes. Throws where it was not built. */
export function threadFile(name: 'area-thread' | 'signature-worker' | 'statement-thread' | 'values-thread'): URL {
  const file = join(root, 'dist', `${name}.js`)
  if (!existsSync(file)) throw new Error(`${name}.js is missing: run \`npm run build\``)
  return pathToFileURL(file)
}
