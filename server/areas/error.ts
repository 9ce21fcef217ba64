/** Why an area could not take a command. */
export class AreaError extends Error {
  override readonly name = 'AreaError'
  /**
   * `AREA_BUSY` and `AREA_NOT_READY` pass: try again. `AREA_STOPPED`: this area does not go on here. `AREA_COMMAND`: this
   * command alone cannot be carried out; its neighbours were.
   */
  readonly code: 'AREA_BUSY' | 'AREA_NOT_READY' | 'AREA_STOPPED' | 'AREA_COMMAND'
  constructor(code: AreaError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
