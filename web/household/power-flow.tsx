/** A picture of roof, home, grid and battery with the power that flows between them, from telemetry. */
import type { TelemetryEvent } from '../../server/api/resources.ts'
import { power } from '../money/format.ts'
import { duration } from '../time/clock.ts'
import { householdWords } from './words.tsx'

/** Below this power a flow is drawn without movement, in watts. */
const stillW = 15

/** The seconds beyond which telemetry is shown as stale by its age, and the home as offline where the page has waited so long. */
const staleAfterSeconds = 12
const offlineAfterSeconds = 30

export interface Flows {
  roofW: number | null
  /** Power from the grid; negative where the home feeds in. */
  gridW: number | null
  /** Power out of the battery; negative while it charges. */
  batteryW: number | null
  /** The power that the home uses, which is the sum of the others; null where the power from the grid is not known. */
  homeW: number | null
  /** Whether `homeW` also holds the power of a battery that does not tell its own. */
  isBatteryHidden: boolean
}

/**
 * The flows of a telemetry value. A home without an inverter has no roof here, and one without a battery no battery. Where a
 * battery tells its charge but not its power, that power is part of what the home uses.
 */
export function flowsOf({ powerW, productionW, batteryPowerW, stateOfChargePercent }: TelemetryEvent): Flows {
  return {
    isBatteryHidden: batteryPowerW === null && stateOfChargePercent !== null,
    roofW: productionW,
    gridW: powerW,
    batteryW: batteryPowerW,
    homeW: powerW === null ? null : Math.max(0, powerW + (productionW ?? 0) + (batteryPowerW ?? 0)),
  }
}

/** The picture in one sentence. */
export function flowSentence({ roofW, gridW, batteryW, homeW, isBatteryHidden }: Flows): string {
  const said = householdWords()
  const parts = [
    roofW !== null && said.roofMakes(power(roofW)),
    homeW !== null && (isBatteryHidden ? said.homeAndBatteryUse : said.homeUses)(power(homeW)),
    gridW !== null && (gridW < 0 ? said.goToGrid(power(gridW)) : said.comeFromGrid(power(gridW))),
    batteryW !== null &&
      Math.abs(batteryW) >= stillW &&
      (batteryW > 0 ? said.batteryGives(power(batteryW)) : said.batteryTakes(power(batteryW))),
  ].filter(Boolean)
  const text = parts.join(', ')
  return text === '' ? said.noLiveValues : `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}

interface PowerFlowProps {
  telemetry: TelemetryEvent
  /** Whether the page itself is cut off from the server, which says nothing about the home. */
  isCutOff: boolean
  ageSeconds: number
  /** For how long the page has waited for a newer value. */
  quietSeconds: number
}

export function PowerFlow({ telemetry, ageSeconds, quietSeconds, isCutOff }: PowerFlowProps) {
  const said = householdWords()
  const flows = flowsOf(telemetry)
  const live = ageSeconds <= staleAfterSeconds && !isCutOff
  const chargePercent = telemetry.stateOfChargePercent
  const battery = flows.batteryW !== null || chargePercent !== null
  return (
    <div className={live ? 'flow' : 'flow old'}>
      <svg viewBox={`0 0 360 ${battery ? 306 : 230}`} role="img" aria-label={flowSentence(flows)}>
        <Wire path="M180 66 V150" watts={flows.roofW} color="sun" />
        <Wire path="M180 150 H70" watts={flows.homeW} color="leaf" />
        <Wire path="M290 150 H180" watts={flows.gridW} color="grid" />
        {battery && <Wire path="M180 250 V150" watts={flows.batteryW} color="battery" />}
        <circle cx="180" cy="150" r="5" className="hub" />
        <Node x={180} y={38} color="sun" icon="roof" label={said.roof} value={flows.roofW} side="right" />
        <Node
          x={46}
          y={150}
          color="leaf"
          icon="home"
          label={flows.isBatteryHidden ? said.homeAndBattery : said.home}
          value={flows.homeW}
          side="below"
        />
        <Node
          x={314}
          y={150}
          color="grid"
          icon="grid"
          label={
            flows.gridW === null || Math.abs(flows.gridW) < stillW
              ? said.grid
              : flows.gridW < 0
                ? said.toGrid
                : said.fromGrid
          }
          value={flows.gridW}
          side="below"
        />
        {battery && (
          <Node
            x={180}
            y={264}
            color="battery"
            icon="battery"
            label={batteryLabel(flows.batteryW)}
            detail={chargePercent === null ? null : said.charge(Math.round(chargePercent))}
            value={flows.batteryW}
            side="right"
          />
        )}
      </svg>
      <p className="flow-words" aria-hidden="true">
        {flowSentence(flows)}
      </p>
      <p className="flow-age">
        {live ? (
          <>
            <span className="live-dot" aria-hidden="true" /> {said.live}
            {ageSeconds >= 3 && said.ago(duration(ageSeconds))}
          </>
        ) : isCutOff ? (
          said.pageOffline(duration(ageSeconds))
        ) : quietSeconds <= offlineAfterSeconds ? (
          said.lastValue(duration(ageSeconds))
        ) : (
          said.offline(duration(ageSeconds))
        )}
      </p>
    </div>
  )
}

function batteryLabel(watts: number | null): string {
  const said = householdWords()
  return watts === null || Math.abs(watts) < stillW ? said.battery : watts > 0 ? said.fromBattery : said.toBattery
}

/** A line from its first point to its last; it moves backwards where the power is negative. */
function Wire({ path, watts, color }: { path: string; watts: number | null; color: string }) {
  const moving = watts !== null && Math.abs(watts) >= stillW
  const width = moving ? 3 + Math.min(5, Math.abs(watts) / 1500) : 3
  return (
    <>
      <path d={path} className="wire" />
      {moving && (
        <path
          d={path}
          className={watts > 0 ? 'wire moving' : 'wire moving back'}
          style={{ stroke: `var(--${color})`, strokeWidth: width }}
        />
      )}
    </>
  )
}

interface NodeProps {
  x: number
  y: number
  color: string
  icon: keyof typeof icons
  label: string
  /** A second line below the label: beside the picture there is no room for a long one. */
  detail?: string | null
  value: number | null
  side: 'right' | 'below'
}

function Node({ x, y, color, icon, label, detail = null, value, side }: NodeProps) {
  const text =
    side === 'right' ? { x: x + 42, y: y - 3, anchor: 'start' as const } : { x, y: y + 52, anchor: 'middle' as const }
  return (
    <g>
      <circle cx={x} cy={y} r="30" className="node" style={{ stroke: `var(--${color})` }} />
      <path
        d={icons[icon]}
        transform={`translate(${x - 14} ${y - 14})`}
        className="icon"
        style={{ stroke: `var(--${color}-ink)` }}
      />
      <text x={text.x} y={text.y} textAnchor={text.anchor} className="flow-value">
        {value === null ? '–' : power(value)}
      </text>
      <text x={text.x} y={text.y + 18} textAnchor={text.anchor} className="flow-label">
        {label}
      </text>
      {detail !== null && (
        <text x={text.x} y={text.y + 35} textAnchor={text.anchor} className="flow-label">
          {detail}
        </text>
      )}
    </g>
  )
}

/** Line drawings in a 28 × 28 box. */
const icons = {
  roof: 'M3 22h22M5 22l4-12h15l-4 12M9 10l-.6 12M16.5 10l-1.5 12M7 16h15M14 2v3M8 3.500l1.5 2M20 3.500l-1.5 2',
  home: 'M4 13 14 4l10 9M7 11v13h14V11M12 24v-7h4v7',
  grid: 'M9 26 14 2l5 24M5 9h18M7 14h14M10.5 19 18 14M17.5 19 10 14M5 9v3M23 9v3',
  battery: 'M4 9h18v11H4zM22 12.500h2.500v4H22M13.5 10.5 10.5 15h5l-3 4',
}
