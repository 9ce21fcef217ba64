/** A Solidity tool that is neither installed with the project nor on PATH. */
export class ToolError extends Error {
  readonly code: 'TOOL_MISSING'
}
export function forgePath(): string
export function anvilPath(): string
export const forgeRoot: string
