/** Why an area could not take a command. `AREA_BUSY` and `AREA_NOT_READY` pass: try again. */
export class AreaError extends Error {
  override readonly name = 'AreaError'
  readonly code: 'AREA_BUSY' | 'AREA_NOT_READY' | 'AREA_STOPPED'
  constructor(code: AreaError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
