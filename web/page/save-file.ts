/** Saves a text, or bytes, as a file on the person's device. */
export function saveFile(text: string | Blob, name: string, type: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  URL.revokeObjectURL(url)
}
