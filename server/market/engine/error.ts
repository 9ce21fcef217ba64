/** What the engine refuses to go on from: each of these ends the area that it happens in, and no other. */
export class EngineError extends Error {
  override readonly name = 'EngineError'
  readonly code:
    | 'ENGINE_VERSION'
    | 'ENGINE_NOT_CONFIGURED'
    | 'ENGINE_AREA_CHANGED'
    | 'ENGINE_ZONE_IN_USE'
    | 'ENGINE_ENCODING'
  constructor(code: EngineError['code'], message: string) {
    super(message)
    this.code = code
  }
}
