/** A meter that sends telegrams by itself, polled as any other device: a poll takes its newest telegram, or waits for the next one. */
import type { DeviceSample } from '../registers/device-sample.ts'
import { concludeTelegram } from './conclude.ts'
import { lineName, parseTelegramUrl, type TelegramEndpoint } from './endpoint.ts'
import { TelegramError } from './error.ts'
import { Listener } from './listener.ts'

export class TelegramDevice {
  readonly #endpoint: TelegramEndpoint
  readonly #listener: Listener
  #wake: () => void = () => {}

  /** @throws TelegramError `TELEGRAM_URL` */
  constructor(url: string) {
    this.#endpoint = parseTelegramUrl(url)
    this.#listener = new Listener(this.#endpoint, () => this.#wake())
  }

  /**
   * A sample that no poll has given before. The values are of the moment when the meter began to send them.
   * @param withinMs how long to wait; by default as long as the line may be silent
   * @throws TelegramError `TELEGRAM_UNREACHABLE`, `TELEGRAM_DROPPED`, `TELEGRAM_SILENT` or `TELEGRAM_DAMAGED`
   */
  async poll(withinMs = this.#endpoint.timeoutMs): Promise<DeviceSample> {
    await this.#listener.open()
    const heard = this.#listener.take() ?? (await this.#next(withinMs))
    const { telegram, beganAtMs, endedAtMs } = heard
    // The values are older than the last byte: the middle of request and reply is the moment they began to arrive at.
    return { requestedAtMs: 2 * beganAtMs - endedAtMs, repliedAtMs: endedAtMs, ...concludeTelegram(telegram) }
  }

  close(): void {
    this.#listener.close()
  }

  #next(withinMs: number) {
    return new Promise<NonNullable<ReturnType<Listener['take']>>>((resolve, reject) => {
      const settle = (act: () => void) => {
        clearTimeout(timer)
        this.#wake = () => {}
        act()
      }
      this.#wake = () => {
        const heard = this.#listener.take()
        const { trouble } = this.#listener
        if (heard) settle(() => resolve(heard))
        else settle(() => reject(trouble ?? new TelegramError('TELEGRAM_CLOSED', 'the line was closed')))
      }
      const timer = setTimeout(() => settle(() => reject(this.#listener.trouble ?? this.#silence(withinMs))), withinMs)
    })
  }

  #silence(withinMs: number): TelegramError {
    const { language, transport } = this.#endpoint
    const remedy = this.#listener.hasHeard
      ? `bytes come that are no ${language.toUpperCase()} telegram: check the language and the line’s settings (?baud=9600&parity=even&data=7)`
      : transport === 'tcp'
        ? 'is this the port that the gateway sends raw telegrams on, and does nobody else take them?'
        : language === 'p1'
          ? 'check the cable (data request must be powered) and the baud rate: 115200 from DSMR 4 on, before ?baud=9600&parity=even&data=7'
          : 'check that the optical head sits right on the meter, and that the meter’s information interface is on'
    return new TelegramError(
      'TELEGRAM_SILENT',
      `${lineName(this.#endpoint)}: no telegram within ${Math.round(withinMs / 1000)} s: ${remedy}`,
    )
  }
}
