/**
 * Notices that the device's system shows. It shows them only after somebody pressed the button that asks for it, only on this
 * device, and only while the page or the installed app is open: to wake a closed page, notices would have to pass through
 * another company's servers.
 */

const place = 'commonwatt.shown-notices'

export type SystemState = 'unable' | 'denied' | 'off' | 'on'

function keptAccounts(): string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(place) ?? '[]')
    return Array.isArray(kept) ? kept.filter((each) => typeof each === 'string') : []
  } catch {
    // In a browser that keeps nothing, no account has asked for notices.
    return []
  }
}

export function systemState(account: string): SystemState {
  if (typeof Notification === 'undefined') return 'unable'
  if (Notification.permission === 'denied') return 'denied'
  return Notification.permission === 'granted' && keptAccounts().includes(account) ? 'on' : 'off'
}

/** Asks for permission where it was not given yet. Browsers expect the call to follow the press of a button. */
export async function showOnThisDevice(account: string): Promise<void> {
  const permission = await Notification.requestPermission()
  if (permission !== 'granted') return
  localStorage.setItem(place, JSON.stringify([...new Set([...keptAccounts(), account])]))
}

export function showNoMore(account: string): void {
  localStorage.setItem(place, JSON.stringify(keptAccounts().filter((each) => each !== account)))
}

/** Shows a notice. Where several pages are open, the last one replaces the notice that the others showed. */
export async function showNotice({ id, title, body }: { id: string; title: string; body: string }): Promise<void> {
  const options = { body, tag: `commonwatt-${id}`, icon: '/icon-192.png' }
  const worker = await navigator.serviceWorker?.getRegistration()
  // Phones show only the notices of a service worker.
  if (worker?.active) await worker.showNotification(title, options)
  else new Notification(title, options)
}
