/** The fields in which owners set their limits, when they join or change them later, with what is wrong in them. */
import { useId, useState } from 'react'
import type { Mandate } from '../../contracts/protocol/typed-data.ts'
import { parsePrice } from '../../contracts/protocol/units.ts'
import type { AreaResource } from '../../server/api/resources.ts'
import { readCents } from '../forward/forward.ts'
import { plainNumber, priceWords } from '../money/format.ts'
import { NumberField } from '../page/fields.tsx'
import { type Limits, mandateSentences } from './mandate.ts'
import { joiningWords } from './words.tsx'
import '../agreements/agreements.css'

/**
 * The limits as somebody types them: prices in cents per kWh and the connection in kW. A price is empty on a side that trades
 * nothing.
 */
export interface TypedLimits {
  floor: string
  ceiling: string
  connection: string
}

export interface LimitsTyping {
  typed: TypedLimits
  change: (change: Partial<TypedLimits>) => void
  /** The limits that were read; null while something is wrong, and then `problem` says what. */
  limits: Limits | null
  problem: string | null
}

export function useLimits(area: AreaResource, first: TypedLimits): LimitsTyping {
  const [typed, setTyped] = useState(first)
  const priceOf = (text: string) => (text.trim() === '' ? null : readCents(text, area.priceDecimals))
  const connectionKw = plainNumber(typed.connection)
  const read: Limits = {
    sellFloorTicks: priceOf(typed.floor),
    buyCeilingTicks: priceOf(typed.ceiling),
    connectionW: Math.round(Number(connectionKw) * 1000),
  }
  const isPower = /^\d{1,4}(\.\d{1,3})?$/.test(connectionKw) && read.connectionW > 0
  const problem = problemOf(area, typed, read, isPower)
  return {
    ...{ typed, problem, limits: problem === null ? read : null },
    change: (change) => setTyped((before) => ({ ...before, ...change })),
  }
}

interface LimitsFieldsProps {
  area: AreaResource
  typing: LimitsTyping
  /** Whether the home has something to sell. */
  sells: boolean
  /** The mandate that would be signed; null while something is wrong. */
  mandate: Mandate | null
}

export function LimitsFields({ area, typing, sells, mandate }: LimitsFieldsProps) {
  const said = joiningWords()
  const { typed, change, problem } = typing
  const whatId = useId()
  return (
    <>
      {sells && (
        <NumberField
          label={said.sellAtLeast}
          text={typed.floor}
          setText={(floor) => change({ floor })}
          describedBy={whatId}
        />
      )}
      <NumberField
        label={said.buyAtMost}
        text={typed.ceiling}
        setText={(ceiling) => change({ ceiling })}
        describedBy={whatId}
      />
      <NumberField
        label={said.connection}
        text={typed.connection}
        setText={(connection) => change({ connection })}
        describedBy={whatId}
      />
      <div id={whatId} aria-live="polite">
        {mandate !== null ? (
          <ul className="join-words">
            {mandateSentences(area, mandate).map((sentence) => (
              <li key={sentence}>{sentence}</li>
            ))}
          </ul>
        ) : (
          <p className="explain">{problem}</p>
        )}
      </div>
    </>
  )
}

/** What is wrong with what somebody typed, in a sentence; null where nothing is. */
function problemOf(
  area: AreaResource,
  typed: TypedLimits,
  { sellFloorTicks, buyCeilingTicks }: Limits,
  isPower: boolean,
): string | null {
  const said = joiningWords()
  const [lowest, highest] = [area.lowestPerKwh, area.highestPerKwh].map((price) =>
    parsePrice(price, area.priceDecimals),
  )
  const wrong = (text: string, ticks: number | null) =>
    text.trim() !== '' && (ticks === null || ticks < lowest! || ticks > highest!)
  const between = said.between(priceWords(area.lowestPerKwh), priceWords(area.highestPerKwh))
  if (wrong(typed.floor, sellFloorTicks)) return said.floorWrong(between)
  if (wrong(typed.ceiling, buyCeilingTicks)) return said.ceilingWrong(between)
  if (sellFloorTicks === null && buyCeilingTicks === null) return said.onePrice
  return isPower ? null : said.connectionWrong
}
