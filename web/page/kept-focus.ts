/** What somebody pressed may go away, such as a question that was answered: the focus then stays on the closest part of the page that is left. */
export function keepFocus(root: HTMLElement): void {
  /** What has the focus and all that it stands in, from the inside out. */
  let standing: HTMLElement[] = []
  root.addEventListener('focusin', ({ target }) => {
    standing = []
    for (let at = target as HTMLElement | null; at !== null && at !== root; at = at.parentElement) standing.push(at)
  })
  root.addEventListener('focusout', ({ target, relatedTarget }) => {
    // Somebody who goes elsewhere by themselves is not called back.
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
