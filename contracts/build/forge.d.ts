/** Types of `forge.js`. */
export function forgePath(): string
export function anvilPath(): string
export const forgeRoot: string
