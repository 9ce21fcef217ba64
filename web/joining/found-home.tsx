/** What a code leads to: a home as its agent sees it, or a metering point that the metering operator offers. */
import type { ReactNode } from 'react'
import type { PairingResource } from '../../server/api/joining.ts'
import { energy, power } from '../money/format.ts'
import { Badge, Card } from '../page/card.tsx'
import { localTime } from '../time/clock.ts'
import { promiseWords } from './promise-words.ts'
import { joiningWords, meteredWords } from './words.tsx'

interface FoundProps {
  found: PairingResource
  /** The buttons and fields for what can be done with it now. */
  children: ReactNode
}

/** Whether the code leads to a metering point, for which no agent has found any device. */
export function isPoint({ found }: PairingResource): boolean {
  return found.devices.length === 0
}

export function FoundHome(props: FoundProps) {
  return isPoint(props.found) ? <FoundPoint {...props} /> : <FoundDevices {...props} />
}

function FoundPoint({ found: { found, expiresAt }, children }: FoundProps) {
  const said = meteredWords()
  return (
    <Card title={said.found} className="join-card">
      <dl className="facts">
        <div>
          <dt>{said.point}</dt>
          <dd>
            <code className="point">{found.name}</code>
          </dd>
        </div>
      </dl>
      <p>{said.isItYours}</p>
      <p>
        <Badge tone={found.sells ? 'good' : 'calm'}>{found.sells ? said.canSell : said.buysOnly}</Badge>{' '}
        {said.pointValues}
      </p>
      {children}
      <p className="explain">{said.codeHolds(localTime(expiresAt))}</p>
    </Card>
  )
}

function FoundDevices({ found: { found, expiresAt }, children }: FoundProps) {
  const said = joiningWords()
  return (
    <Card title={said.found} className="join-card">
      <dl className="facts">
        {found.devices.map((device, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: two devices may be alike in everything.
          <div key={index}>
            <dt>{said.roles[device.role]}</dt>
            <dd>
              {[device.manufacturer, device.model].filter(Boolean).join(' ') || device.profile}
              {device.serialNumber && <small>{said.serial(device.serialNumber)}</small>}
            </dd>
          </div>
        ))}
        {found.powerW !== null && (
          <div>
            <dt>{found.powerW < 0 ? said.feedsIn : said.takes}</dt>
            <dd aria-live="polite">{power(found.powerW)}</dd>
          </div>
        )}
        {found.productionW !== null && (
          <div>
            <dt>{said.roofNow}</dt>
            <dd>{power(found.productionW)}</dd>
          </div>
        )}
        {found.importWh !== null && (
          <div>
            <dt>{said.takenSoFar}</dt>
            <dd>{energy(found.importWh)}</dd>
          </div>
        )}
        {found.exportWh !== null && (
          <div>
            <dt>{said.fedInSoFar}</dt>
            <dd>{energy(found.exportWh)}</dd>
          </div>
        )}
      </dl>
      <p>
        <Badge tone={found.sells ? 'good' : 'calm'}>{found.sells ? said.canSell : said.buysOnly}</Badge>{' '}
        {promiseWords()[found.promise]}
      </p>
      {children}
      <p className="explain">{said.codeHolds(localTime(expiresAt))}</p>
    </Card>
  )
}
