// For the bundler: `import text from './file?raw'`, as in Vite.
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

export const rawText = {
  name: 'raw-text',
  resolveId: (id, importer) => (id.endsWith('?raw') ? join(dirname(importer), id) : null),
  load: (id) =>
    id.endsWith('?raw') ? `export default ${JSON.stringify(readFileSync(id.slice(0, -4), 'utf8'))}` : null,
}
