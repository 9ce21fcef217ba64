/** Where a CPU profile's time went: by package for dependencies, by source file for our own code in a bundle. */
import { readFileSync } from 'node:fs'
import type { Profiler, Runtime } from 'node:inspector'
import { SourceMap } from 'node:module'
import { fileURLToPath } from 'node:url'

/** Parts of the time that was not idle, greatest first; they add up to 1. What is built in counts for its caller. */
export function selfTimes(profile: Profiler.Profile): { part: string; share: number }[] {
  const { nodes, samples = [], timeDeltas = [] } = profile
  const callerOf = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])))
  const nodeOf = new Map(nodes.map((node) => [node.id, node]))
  const partOf = new Map<number, string>()
  for (const { id } of nodes) {
    let node = nodeOf.get(id)!
    while (isBuiltIn(node.callFrame) && callerOf.has(node.id)) node = nodeOf.get(callerOf.get(node.id)!)!
    partOf.set(id, partName(node.callFrame))
  }
  const micros = new Map<string, number>()
  for (const [index, id] of samples.entries()) {
    const part = partOf.get(id)!
    if (part !== 'idle' && part !== 'node:inspector') micros.set(part, (micros.get(part) ?? 0) + timeDeltas[index]!)
  }
  const busy = [...micros.values()].reduce((sum, each) => sum + each, 0)
  return [...micros].map(([part, each]) => ({ part, share: each / busy })).sort((a, b) => b.share - a.share)
}

function isBuiltIn({ functionName, url }: Runtime.CallFrame): boolean {
  return url === '' && !functionName.startsWith('(')
}

function partName({ functionName, url, lineNumber, columnNumber }: Runtime.CallFrame): string {
  if (functionName.startsWith('(')) return functionName.slice(1, -1)
  if (url.startsWith('node:')) return url.startsWith('node:internal') ? `node ${url.split('/').slice(1, 2)}` : url
  const dependency = /.*\/node_modules\/((?:@[^/]+\/)?[^./][^/]*)\//.exec(url)?.[1]
  if (dependency !== undefined) return dependency
  return url.startsWith('file:') ? sourceFile(fileURLToPath(url), lineNumber, columnNumber) : 'other'
}

const maps = new Map<string, SourceMap>()

/** By the map that lies beside the bundle. */
function sourceFile(bundle: string, line: number, column: number): string {
  let map = maps.get(bundle)
  if (map === undefined) {
    map = new SourceMap(JSON.parse(readFileSync(`${bundle}.map`, 'utf8')))
    maps.set(bundle, map)
  }
  const entry = map.findEntry(line, column)
  return 'originalSource' in entry ? entry.originalSource.replace(/^.*?(?=(contracts|server|test)\/)/, '') : 'bundle'
}
