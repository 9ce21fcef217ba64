/** How long tests wait for what they expect. */

/**
 * For `vi.waitFor`, `vi.waitUntil` and `expect.poll`, which by themselves give up after one second: a slow machine that does other things may
 * need that for a single step. What comes is seen at once, and what never comes fails within the time of a test, by its own name.
 */
export const patiently = { timeout: 50_000, interval: 20 }
