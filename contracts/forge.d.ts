export class ToolError extends Error {
  readonly code: 'TOOL_MISSING'
}
export function forgePath(): string
export function anvilPath(): string
export const forgeRoot: string
