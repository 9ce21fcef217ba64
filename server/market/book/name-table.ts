/**
 * Gives each name a serial number, in order of first mention; names are never removed.
 *
 * An open-addressing table of hashes and serial numbers, since a `Map` of a million strings takes most of the time of a
 * book. Probing is bounded: names whose places are all taken (a hostile choice of names, mostly) go to a `Map`.
 */
export class NameTable {
  private readonly names: string[] = []
  /** Pairs of serial number (−1: free) and hash. */
  private slots = new Int32Array(2 * 64).fill(-1)
  private readonly crowdedOut = new Map<string, number>()

  name(serial: number): string {
    return this.names[serial]!
  }

  /** The serial number of a name, −1 if it has none. */
  find(name: string): number {
    return this.probe(name, hashOf(name))
  }

  /** The serial number of a name, given now if it had none. */
  add(name: string): number {
    const hash = hashOf(name)
    const found = this.probe(name, hash)
    if (found >= 0) return found
    const serial = this.names.push(name) - 1
    if (4 * serial >= this.slots.length) this.grow()
    this.insert(serial, hash)
    return serial
  }

  private probe(name: string, hash: number): number {
    const { slots, names } = this
    const mask = slots.length - 1
    let at = (2 * hash) & mask
    for (let probes = 0; probes < mostProbes; probes++) {
      const serial = slots[at]!
      if (serial < 0) break
      if (slots[at + 1] === hash && names[serial] === name) return serial
      at = (at + 2) & mask
    }
    return this.crowdedOut.size === 0 ? -1 : (this.crowdedOut.get(name) ?? -1)
  }

  private insert(serial: number, hash: number): void {
    const { slots } = this
    const mask = slots.length - 1
    let at = (2 * hash) & mask
    for (let probes = 0; probes < mostProbes; probes++) {
      if (slots[at]! < 0) {
        slots[at] = serial
        slots[at + 1] = hash
        return
      }
      at = (at + 2) & mask
    }
    this.crowdedOut.set(this.names[serial]!, serial)
  }

  private grow(): void {
    const old = this.slots
    this.slots = new Int32Array(2 * old.length).fill(-1)
    for (let at = 0; at < old.length; at += 2) {
      if (old[at]! >= 0) this.insert(old[at]!, old[at + 1]!)
    }
  }
}

const mostProbes = 64

/** FNV-1a over UTF-16 code units, with the high bits folded into the low ones. */
function hashOf(name: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193)
  return hash ^ (hash >>> 15)
}
