/** Text that people write and others read: what every file format, the database and a terminal can carry. */

/** Control characters, halves of letters, and places of Unicode that are no letter. */
const unreadable = /[\p{Cc}\p{Cs}\u2028\u2029\ufffe\uffff]/u

export function isPlainText(text: string): boolean {
  return !unreadable.test(text)
}

/** What is said of another text. */
export const notPlainText = 'has characters that cannot be shown'
