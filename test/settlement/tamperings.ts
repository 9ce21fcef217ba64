/** Every way to change one thing in a file: each value, and each element of a list left out, doubled or put elsewhere. */

type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

export interface Tampering {
  /** Where, with the places in lists. */
  path: string
  /** The same without the places: what kind of field it is. */
  kind: string
  file: unknown
}

/** `file` is what JSON can hold; it is not changed, and shares with each tampering what that leaves as it is. */
export function tamperings(file: unknown): Tampering[] {
  const found: Tampering[] = []
  const root = file as Json
  const add = (path: (string | number)[], what: string, change: (copy: Json) => Json) => {
    const kind = [...path.map((step) => (typeof step === 'number' ? '*' : step)), /^[a-z ]*/.exec(what)![0]].join('.')
    found.push({ path: [...path, what].join('.'), kind, file: replaced(root, path, change) })
  }
  const visit = (value: Json, path: (string | number)[]) => {
    if (Array.isArray(value)) {
      for (const [place, element] of value.entries()) {
        visit(element, [...path, place])
        add(path, `left out ${place}`, (list) => (list as Json[]).toSpliced(place, 1))
        add(path, `doubled ${place}`, (list) => (list as Json[]).toSpliced(place, 0, element))
        if (place > 0 && JSON.stringify(value[place - 1]) !== JSON.stringify(element)) {
          add(path, `moved ${place}`, (list) => (list as Json[]).toSpliced(place - 1, 2, element, value[place - 1]!))
        }
      }
    } else if (value !== null && typeof value === 'object') {
      for (const [key, own] of Object.entries(value)) visit(own, [...path, key])
    } else {
      for (const other of othersThan(value)) add(path, `→ ${other}`, () => other)
    }
  }
  visit(root, [])
  return found
}

function replaced(value: Json, [step, ...rest]: (string | number)[], change: (value: Json) => Json): Json {
  if (step === undefined) return change(value)
  const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as { [key: string | number]: Json }
  copy[step] = replaced(copy[step]!, rest, change)
  return copy as Json
}

function othersThan(value: null | boolean | number | string): Json[] {
  if (value === null) return [1_000]
  if (typeof value === 'boolean') return [!value]
  if (typeof value === 'number') return value === 0 ? [1] : [value + 1, value - 1]
  if (value === 'buy') return ['sell']
  if (value === 'sell') return ['buy']
  if (/^-?\d+$/.test(value)) return [(BigInt(value) + 1n).toString()]
  if (/^0x[0-9a-f]+$/.test(value)) {
    const place = Math.floor(value.length / 2)
    return [
      `${value.slice(0, place)}${(15 - Number.parseInt(value[place]!, 16)).toString(16)}${value.slice(place + 1)}`,
    ]
  }
  return [`${value}x`]
}
