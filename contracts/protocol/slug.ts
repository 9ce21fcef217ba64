/** Names in addresses: how an area or a person is written in a path. */

/** A name as a part of an address: "Mara & Jo" → "mara-jo"; empty where nothing of it can stand there. */
export function slugOf(name: string): string {
  return name
    .toLowerCase()
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
}
