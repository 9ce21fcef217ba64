/** The one kind of error that this project throws on purpose; every class of errors, in every program, extends it. */

/**
 * A refusal or failure that somebody can act on. `code` is stable: programs go by it, and `docs/errors.md` says for each what
 * it means and what to do. `message` tells a person what happened to what. Further fields of a class name the item, and
 * `cause` is the error underneath, where there is one.
 */
export abstract class CodedError<Code extends string = string> extends Error {
  readonly code: Code

  constructor(code: Code, message: string, { cause }: { cause?: unknown } = {}) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
  }
}
