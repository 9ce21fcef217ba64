/**
 * Notices that the device's system shows: only after somebody pressed the button that asks for it, only on this device, and only
 * while the page or the installed app is open, since whatever wakes a closed one goes through somebody else's servers.
 */

const place = 'commonwatt.shown-notices'

export type SystemState = 'unable' | 'denied' | 'off' | 'on'

function keptAccounts(): string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(place) ?? '[]')
    return Array.isArray(kept) ? kept.filter((each) => typeof each === 'string') : []
  } catch {
    // A browser that keeps nothing shows nothing.
    return []
  }
}

export function systemState(account: string): SystemState {
  if (typeof Notification === 'undefined') return 'unable'
  if (Notification.permission === 'denied') return 'denied'
  return Notification.permission === 'granted' && keptAccounts().includes(account) ? 'on' : 'off'
}

/** Asks for permission where it was not given yet: call it from a button. */
export async function showOnThisDevice(account: string): Promise<void> {
  const permission = await Notification.requestPermission()
  if (permission !== 'granted') return
  localStorage.setItem(place, JSON.stringify([...new Set([...keptAccounts(), account])]))
}

export function showNoMore(account: string): void {
  localStorage.setItem(place, JSON.stringify(keptAccounts().filter((each) => each !== account)))
}

/** Shows a notice; of several open pages the last one replaces what the others showed. */
export async function showNotice({ id, title, body }: { id: string; title: string; body: string }): Promise<void> {
  const options = { body, tag: `commonwatt-${id}`, icon: '/icon-192.png' }
  const worker = await navigator.serviceWorker?.getRegistration()
  // Phones show only what a service worker shows.
  if (worker?.active) await worker.showNotification(title, options)
  else new Notification(title, options)
}
