/** What goes wrong with a meter that sends telegrams by itself. */
import { DeviceError } from '../registers/device-error.ts'

/** Stable; people script against it. */
export type TelegramErrorCode =
  | 'TELEGRAM_URL'
  | 'TELEGRAM_UNREACHABLE'
  | 'TELEGRAM_DROPPED'
  | 'TELEGRAM_SILENT'
  | 'TELEGRAM_DAMAGED'
  | 'TELEGRAM_CLOSED'

export class TelegramError extends DeviceError<TelegramErrorCode> {
  override readonly name = 'TelegramError'

  get isLinkFailure(): boolean {
    return this.code !== 'TELEGRAM_URL' && this.code !== 'TELEGRAM_CLOSED'
  }
}
