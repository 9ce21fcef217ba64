/** Why an account could not sign in. */
export class AccountsError extends Error {
  override readonly name = 'AccountsError'
  readonly code:
    | 'SIGN_IN_MESSAGE'
    | 'SIGN_IN_DOMAIN'
    | 'SIGN_IN_CHAIN'
    | 'SIGN_IN_NONCE'
    | 'SIGN_IN_TIME'
    | 'SIGN_IN_SIGNATURE'
  constructor(code: AccountsError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
