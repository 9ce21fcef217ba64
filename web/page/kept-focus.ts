/**
 * Keeps the focus when a pressed button disappears, for example with a question that was answered: the focus moves to the
 * closest part of the page that is left.
 */
export function keepFocus(root: HTMLElement): void {
  /** The element that has the focus, and all elements around it, from the inside out. */
  let standing: HTMLElement[] = []
  root.addEventListener('focusin', ({ target }) => {
    standing = []
    for (let at = target as HTMLElement | null; at !== null && at !== root; at = at.parentElement) standing.push(at)
  })
  root.addEventListener('focusout', ({ target, relatedTarget }) => {
    // Where people move the focus away themselves, it is not brought back.
    queueMicrotask(() => {
      if (relatedTarget === null && (target as HTMLElement).isConnected) standing = []
    })
  })
  new MutationObserver(() => {
    const [own, ...around] = standing
    if (own === undefined || own.isConnected || document.activeElement !== document.body) return
    standing = []
    const near = around.find(({ isConnected }) => isConnected)
    if (near === undefined) return
    if (near.tabIndex < 0) near.tabIndex = -1
    near.focus({ preventScroll: true })
  }).observe(root, { childList: true, subtree: true })
}
