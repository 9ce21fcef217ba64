/** Where a CPU profile's time went: by package for dependencies, by source file for our own code in a bundle. */
import { readFileSync } from 'node:fs'
import type { Profiler } from 'node:inspector'
import { fileURLToPath } from 'node:url'

/** Parts of the time that was not idle, greatest first; they add up to 1. */
export function selfTimes(profile: Profiler.Profile): { part: string; share: number }[] {
  const { nodes, samples = [], timeDeltas = [] } = profile
  const partOf = new Map(nodes.map((node) => [node.id, partName(node.callFrame)]))
  const micros = new Map<string, number>()
  for (const [index, id] of samples.entries()) {
    const part = partOf.get(id)!
    if (part !== 'idle') micros.set(part, (micros.get(part) ?? 0) + timeDeltas[index]!)
  }
  const busy = [...micros.values()].reduce((sum, each) => sum + each, 0)
  return [...micros].map(([part, each]) => ({ part, share: each / busy })).sort((a, b) => b.share - a.share)
}

function partName({
  functionName,
  url,
  lineNumber,
}: {
  functionName: string
  url: string
  lineNumber: number
}): string {
  if (functionName.startsWith('(')) return functionName.slice(1, -1)
  if (url.startsWith('node:')) return url.startsWith('node:internal') ? `node ${url.split('/').slice(1, 2)}` : url
  const dependency = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1]
  if (dependency !== undefined) return dependency
  return url.startsWith('file:') ? sourceFile(fileURLToPath(url), lineNumber) : 'built in'
}

const regions = new Map<string, { line: number; source: string }[]>()

/** The bundler marks where each source file begins. */
function sourceFile(bundle: string, line: number): string {
  let found = regions.get(bundle)
  if (found === undefined) {
    found = readFileSync(bundle, 'utf8')
      .split('\n')
      .flatMap((text, at) => (text.startsWith('//#region ') ? [{ line: at, source: text.slice(10) }] : []))
    regions.set(bundle, found)
  }
  return found.findLast((region) => region.line <= line)?.source ?? bundle
}
