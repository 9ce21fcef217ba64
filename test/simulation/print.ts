/** Values as text, to be compared and read: as JSON, whole numbers of any size too. */
export function print(value: unknown): string {
  return JSON.stringify(value, bigintAsText)
}

function bigintAsText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value
}
