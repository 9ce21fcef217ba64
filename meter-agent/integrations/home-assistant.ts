/**
 * What Home Assistant is told about a meter so that it shows it by itself: one device for each meter, in one message (MQTT device
 * discovery, Home Assistant 2024.11 and later; home-assistant.io/integrations/mqtt). All values come from one JSON text.
 */
import { sellingStates } from '../home/selling.ts'
import type { HomeValues } from './home-values.ts'

/** A value that is shown. */
export type ShownValue = Exclude<keyof HomeValues, 'sentence' | 'todayFrom'>

interface Shown {
  name: string
  unit?: string
  deviceClass?: string
  stateClass?: string
}

const power = { unit: 'W', deviceClass: 'power', stateClass: 'measurement' }
/** It never falls: a device's counter that reads 0 for one poll would be taken for a new one that counted everything again. */
const register = { unit: 'Wh', deviceClass: 'energy', stateClass: 'total_increasing' }
/** Begins anew each day, and a correction may lower it. */
const ofToday = { unit: 'Wh', deviceClass: 'energy', stateClass: 'total' }

const shown: Record<ShownValue, Shown> = {
  state: { name: 'Selling', deviceClass: 'enum' },
  powerW: { name: 'Grid power', ...power },
  consumptionW: { name: 'Consumption', ...power },
  productionW: { name: 'Production power', ...power },
  batteryPowerW: { name: 'Battery power', ...power },
  stateOfChargePercent: { name: 'Battery', unit: '%', deviceClass: 'battery', stateClass: 'measurement' },
  importWh: { name: 'Taken from the grid', ...register },
  exportWh: { name: 'Fed into the grid', ...register },
  productionWh: { name: 'Produced', ...register },
  pricePerKwh: { name: 'Price between neighbours', stateClass: 'measurement' },
  soldTodayWh: { name: 'Sold to neighbours today', ...ofToday },
  boughtTodayWh: { name: 'Bought from neighbours today', ...ofToday },
}

export const shownValues = Object.keys(shown) as ShownValue[]

export interface Announcement {
  /** The meter's address. */
  meter: string
  name: string
  /** What the device at the grid connection says it is. */
  model: string | null
  version: string
  /** What prices are in; `null` while nobody has said. */
  currency: string | null
  stateTopic: string
  availabilityTopic: string
  /** Values that the home has had: a home without a battery has no battery to show. */
  values: readonly ShownValue[]
}

/** Where the message about a meter lies. */
export function discoveryTopic(prefix: string, meter: string): string {
  return `${prefix}/device/commonwatt_${meter}/config`
}

/** The message about a meter, retained by the broker; an empty one in its place takes the device away. */
export function discoveryMessage(about: Announcement): object {
  const { meter, name, model, version, stateTopic, availabilityTopic, values } = about
  const identity = `commonwatt_${meter}`
  return {
    device: {
      identifiers: [identity],
      name,
      manufacturer: 'Commonwatt',
      ...(model === null ? {} : { model }),
      sw_version: version,
      serial_number: meter,
    },
    origin: { name: 'commonwatt-agent', sw_version: version },
    state_topic: stateTopic,
    availability_topic: availabilityTopic,
    components: Object.fromEntries(values.map((value) => [value, component(value, about, identity)])),
  }
}

function component(value: ShownValue, { currency, stateTopic }: Announcement, identity: string): object {
  const { name, unit, deviceClass, stateClass } = shown[value]
  const priced = value === 'pricePerKwh' && currency !== null ? `${currency}/kWh` : undefined
  const unitOfMeasurement = unit ?? priced
  return {
    platform: 'sensor',
    unique_id: `${identity}_${value}`,
    name,
    value_template: `{{ value_json.${value} }}`,
    ...(deviceClass === undefined ? {} : { device_class: deviceClass }),
    ...(stateClass === undefined ? {} : { state_class: stateClass }),
    ...(unitOfMeasurement === undefined ? {} : { unit_of_measurement: unitOfMeasurement }),
    ...(stateClass === 'total' ? { last_reset_value_template: "{{ value_json.todayFrom or '' }}" } : {}),
    ...(value === 'state'
      ? {
          options: sellingStates,
          json_attributes_topic: stateTopic,
          json_attributes_template: '{{ {"sentence": value_json.sentence} | tojson }}',
        }
      : {}),
  }
}
