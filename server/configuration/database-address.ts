/** Which texts are addresses of a database. */

/**
 * Whether it is like `postgres://user:password@host:5432/name`, with a user and password that can be read: what these hold of `@`, `/` or
 * `%` is written as `%40`, `%2F` and `%25`.
 */
export function isDatabaseAddress(text: string): boolean {
  if (!/^postgres(ql)?:\/\/./.test(text) || !URL.canParse(text)) return false
  const { username, password } = new URL(text)
  try {
    return [username, password].every((part) => decodeURIComponent(part) !== null)
  } catch {
    return false
  }
}
