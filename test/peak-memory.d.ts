/** The types of `peak-memory.js`, which programs that are measured load as it stands. */
export function peakKibibytes(): number
