/** Makes a program of the tests runnable as a process of its own. */
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { type Plugin, rolldown } from 'rolldown'
import { onTestFinished } from 'vitest'

const root = join(import.meta.dirname, '../..')

/** `import text from './file?raw'`, as in Vite. */
const rawText: Plugin = {
  name: 'raw-text',
  resolveId: (id, importer) => (id.endsWith('?raw') ? join(dirname(importer!), id) : null),
  load: (id) =>
    id.endsWith('?raw') ? `export default ${JSON.stringify(readFileSync(id.slice(0, -4), 'utf8'))}` : null,
}

/** Makes one JavaScript file of a TypeScript program, so that a test can run it as a process of its own. */
export async function bundleProgram(source: string): Promise<string> {
  const folder = join(root, 'node_modules/.commonwatt-test')
  mkdirSync(folder, { recursive: true })
  const file = join(folder, `${basename(source, '.ts')}-${process.pid}.js`)
  const bundle = await rolldown({
    cwd: root,
    input: source,
    platform: 'node',
    plugins: [rawText],
    external: (id) => id.startsWith('node:') || /^[@a-z]/i.test(id),
  })
  await bundle.write({ file, format: 'esm', codeSplitting: false })
  await bundle.close()
  onTestFinished(() => rmSync(file, { force: true }))
  return file
}
