/** Chromium from npm, and what the tests do with a page beyond clicking. */
import { AxeBuilder } from '@axe-core/playwright'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { chromiumProgram } from './chromium.js'

export async function startBrowser(): Promise<Browser> {
  return chromium.launch(await chromiumProgram())
}

export const wide = { width: 1280, height: 900 }
export const phone = { width: 360, height: 740 }

/** Gives the page's device a place for passkeys that says yes to everything, and counts what it has signed. */
export async function withAuthenticator(page: Page): Promise<{ signed(): Promise<number> }> {
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('WebAuthn.enable')
  const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      ...{ protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true },
      ...{ isUserVerified: true, automaticPresenceSimulation: true },
    },
  })
  return {
    async signed() {
      const { credentials } = await devtools.send('WebAuthn.getCredentials', { authenticatorId })
      return credentials.reduce((sum, { signCount }) => sum + signCount, 0)
    },
  }
}

/** A place where a system shows notices, which a browser without windows has not: it allows them once it is asked, and keeps them. */
export function withNoticeCentre(context: BrowserContext): Promise<unknown> {
  return context.addInitScript(() => {
    const centre = { asked: 0, shown: [] as string[] }
    Object.assign(window, { noticeCentre: centre })
    Object.defineProperty(Notification, 'permission', { get: () => (centre.asked > 0 ? 'granted' : 'default') })
    Notification.requestPermission = async () => {
      centre.asked += 1
      return 'granted'
    }
    ServiceWorkerRegistration.prototype.showNotification = async (_title, options) => {
      centre.shown.push(options?.body ?? '')
    }
  })
}

/** How often the page has asked to show notices, and what it has shown. */
export function shownBySystem(page: Page): Promise<{ asked: number; shown: string[] }> {
  return page.evaluate(() => {
    const { asked, shown } = (window as unknown as { noticeCentre: { asked: number; shown: string[] } }).noticeCentre
    return { asked, shown: shown.map((text) => text.replaceAll('\u202f', ' ')) }
  })
}

/** Presses Tab until the focus is on something whose role and name match; fails when the focus comes round in vain. */
export async function tabTo(page: Page, role: string, name: RegExp): Promise<void> {
  const seen: string[] = []
  for (let presses = 0; presses < 500; presses++) {
    await page.keyboard.press('Tab')
    const focus = await page.evaluate(() => {
      const element = document.activeElement as HTMLElement | null
      const tagRoles: Record<string, string> = { A: 'link', BUTTON: 'button', INPUT: 'textbox', SUMMARY: 'summary' }
      const typeRoles: Record<string, string> = { range: 'slider', checkbox: 'checkbox' }
      const [typeRole, label] =
        element instanceof HTMLInputElement ? [typeRoles[element.type], element.labels?.[0]?.textContent] : []
      return {
        role: typeRole ?? element?.getAttribute('role') ?? tagRoles[element?.tagName ?? ''] ?? '',
        name: (element?.getAttribute('aria-label') ?? label ?? element?.textContent ?? '').trim(),
      }
    })
    if (focus.role === role && name.test(focus.name)) return
    seen.push(`${focus.role} ${JSON.stringify(focus.name)}`)
  }
  throw new Error(`no ${role} ${name} comes by the Tab key; there were ${seen.join(', ')}`)
}

/** By how many pixels the page is wider than its window. */
export function overflow(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
}

/** What axe finds serious or critical, a line each. */
export function accessibilityFaults(page: Page): Promise<string[]> {
  return axeFinds(page, ['serious', 'critical'])
}

/** What axe finds, a line each: of these impacts only, where they are named. */
export async function axeFinds(page: Page, impacts?: readonly string[]): Promise<string[]> {
  // Of what passes only one element of each rule is described, which takes most of the time.
  const { violations } = await new AxeBuilder({ page }).options({ resultTypes: ['violations'] }).analyze()
  return violations
    .filter(({ impact }) => impacts === undefined || impacts.includes(impact ?? ''))
    .flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(' ')}: ${node.html.slice(0, 160)}`))
}

/** How long a slow machine may take. */
export const patienceMs = 90_000

/** The text of the first element, with ordinary spaces for the narrow ones before units. */
export async function textOf(page: Page, selector: string): Promise<string> {
  return ((await page.locator(selector).first().textContent()) ?? '').replaceAll('\u202f', ' ')
}

/** Waits until one of the elements holds the text, and gives the first one's; where that never comes, says what they hold. */
export async function shows(page: Page, selector: string, text: RegExp): Promise<string> {
  try {
    await page.waitForFunction(
      ([where, source, flags]) =>
        [...document.querySelectorAll(where!)].some((element) =>
          new RegExp(source!, flags).test(element.textContent.replaceAll('\u202f', ' ')),
        ),
      [selector, text.source, text.flags],
      { timeout: patienceMs, polling: 100 },
    )
  } catch (cause) {
    const held = await page.locator(selector).allTextContents()
    throw new Error(`${selector} never held ${text}: ${JSON.stringify(held).slice(0, 2_000)}`, { cause })
  }
  return textOf(page, selector)
}

/** Waits until the element says something else than now. */
export async function changes(page: Page, selector: string): Promise<void> {
  await page.waitForFunction(
    ([where, text]) => document.querySelector(where!)?.textContent.replaceAll('\u202f', ' ') !== text,
    [selector, await textOf(page, selector)],
    { timeout: patienceMs, polling: 100 },
  )
}
