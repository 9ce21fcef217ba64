/** Starts a program that `node build.js` made, or says why it cannot be started. */
import { existsSync } from 'node:fs'

const oldestNode = [20, 19]

/** Imports `dist/<name>.js`, or says in one line what is missing and how to get it. */
export async function runBuilt(name) {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major < oldestNode[0] || (major === oldestNode[0] && minor < oldestNode[1])) {
    process.stderr.write(`${name} needs Node ${oldestNode.join('.')} or newer; this is ${process.versions.node}\n`)
    process.exit(1)
  }
  const built = new URL(`../dist/${name}.js`, import.meta.url)
  if (!existsSync(built)) {
    process.stderr.write(`${name} is not built yet: run "npm run build" in the project's folder first\n`)
    process.exit(1)
  }
  await import(built.href)
}
