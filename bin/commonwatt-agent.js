#!/usr/bin/env -S node --max-semi-space-size=1 --v8-pool-size=1 --optimize-for-size
// Runs the built meter agent; `node build.js` (part of `npm ci` and `npm start`) makes it.
import { setFlagsFromString } from 'node:v8'
import { runBuilt } from './run-built.js'

// A home gateway has little memory. As a command it starts with little space for young objects and one thread that helps to collect
// them, as the service does (`service-unit.ts`); as a script of another program, the space does at least not grow.
setFlagsFromString('--semi-space-growth-factor=1')

await runBuilt('commonwatt-agent')
