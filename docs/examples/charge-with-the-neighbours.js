#!/usr/bin/env node
// Lets a car charge while neighbours have sun to spare: reads an area's tariff and switches a wallbox by Modbus TCP.
//
//   node charge-with-the-neighbours.js --tariff https://market.example/api/v1/areas/1/tariff?zone=north --wallbox 192.168.1.40
//
//   --tariff URL        where the tariff is read (docs/tariff.md)
//   --wallbox HOST[:PORT]  a wallbox whose register 5014 allows charging (1) or not (0), as a KEBA P30's does; written with function 6
//   --unit N            its Modbus unit id (255)
//   --limit PRICE       charge only up to this price per kWh, whoever sells (no limit)
//   --every SECONDS     how often the tariff is read (60)
//   --hold SECONDS      how long a decision stands at least: cars and contactors do not like to be switched often (300)
//
// It prints a line of JSON for each change. A tariff that cannot be read is nobody's sun: the car waits. A wallbox that cannot be
// reached is asked again the next time. It needs Node 20 and nothing else; its shape is the same in any language.
import { once } from 'node:events'
import net from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'

const allowCharging = 5014
const answerWithinMs = 5_000

const { values: given } = parseArgs({
  options: {
    tariff: { type: 'string' },
    wallbox: { type: 'string' },
    unit: { type: 'string', default: '255' },
    limit: { type: 'string', default: 'Infinity' },
    every: { type: 'string', default: '60' },
    hold: { type: 'string', default: '300' },
  },
})
if (given.tariff === undefined || given.wallbox === undefined) {
  console.error('name the tariff and the wallbox: --tariff URL --wallbox HOST[:PORT]')
  process.exit(2)
}
const [host, port = '502'] = given.wallbox.split(':')
const unit = Number(given.unit)
const limit = Number(given.limit)
const everyMs = Number(given.every) * 1000
const holdMs = Number(given.hold) * 1000

/** Whether the car should charge now, and why, in words. */
async function wished() {
  try {
    const response = await fetch(given.tariff, { signal: AbortSignal.timeout(answerWithinMs) })
    if (!response.ok) throw new Error(`the tariff answers ${response.status}`)
    const { rates, currency } = await response.json()
    const now = rates.find(({ kind }) => kind === 'now')
    if (now === undefined) return { charge: false, why: 'nothing is known of the running interval' }
    const price = `${now.pricePerKwh} ${currency}/kWh`
    if (now.source !== 'neighbours') return { charge: false, why: `no neighbour has energy to spare (${price})` }
    if (now.value > limit) return { charge: false, why: `the neighbours’ price is above the limit (${price})` }
    return { charge: true, why: `neighbours have energy to spare (${price})` }
  } catch (error) {
    return { charge: false, why: `the tariff cannot be read: ${error.message}` }
  }
}

/** Sends a request to the wallbox; returns when it has agreed. */
async function ask(pdu) {
  const header = Buffer.from([0, 1, 0, 0, 0, pdu.length + 1, unit])
  const socket = net.connect({ host, port: Number(port), noDelay: true })
  try {
    socket.setTimeout(answerWithinMs, () => socket.destroy(new Error('the wallbox does not answer')))
    await once(socket, 'connect')
    socket.write(Buffer.concat([header, pdu]))
    let reply = Buffer.alloc(0)
    for await (const chunk of socket) {
      reply = Buffer.concat([reply, chunk])
      const size = reply.length < 6 ? Number.POSITIVE_INFINITY : 6 + reply.readUInt16BE(4)
      if (reply.length < size) continue
      if (reply[7] !== pdu[0]) throw new Error(`the wallbox refuses (exception ${reply[8]})`)
      return
    }
    throw new Error('the wallbox closed the connection')
  } finally {
    socket.destroy()
  }
}

async function allow(charge) {
  const request = Buffer.from([6, 0, 0, 0, charge ? 1 : 0])
  request.writeUInt16BE(allowCharging, 1)
  await ask(request)
}

function tell(what) {
  console.log(JSON.stringify({ time: new Date().toISOString(), ...what }))
}

let charging = null
let heldUntilMs = 0
let trouble = null
for (;;) {
  const { charge, why } = await wished()
  const isHeld = charging !== null && performance.now() < heldUntilMs
  try {
    // Written each time: a wallbox that was switched off meanwhile has forgotten.
    await allow(isHeld ? charging : charge)
    if (!isHeld && charge !== charging) {
      charging = charge
      heldUntilMs = performance.now() + holdMs
      tell({ charge, why })
    }
    if (trouble !== null) tell({ trouble: null })
    trouble = null
  } catch (error) {
    if (error.message !== trouble) tell({ trouble: error.message })
    trouble = error.message
  }
  await delay(everyMs)
}
