// Simulates seeds for as long as wanted: `npm run soak:simulate -- [MINUTES] [FIRST]`, 10 minutes from seed 1 by default, on as
// many processes as the machine has processors. Ends with the first seed that breaks a law, and says how to see it again.
import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { bundleSimulation } from '../simulation/bundle.js'

const [minutes = 10, first = 1] = process.argv.slice(2).map(Number)
const { seeds } = await bundleSimulation('soak')

const processes = availableParallelism()
const ends = Array.from({ length: processes }, (_, index) => {
  const numbers = [minutes, first + index, processes].map(String)
  // Most of what a street makes is gone a moment later.
  const options = ['--enable-source-maps', '--max-semi-space-size=32']
  const child = spawn(process.execPath, [...options, seeds, ...numbers], { stdio: 'inherit' })
  return new Promise((resolve) => child.once('close', (status) => resolve(status ?? 1)))
})
process.exit(Math.max(...(await Promise.all(ends))))
