#!/usr/bin/env node
// Runs the built meter agent; `node build.js` (part of `npm ci` and `npm start`) makes it.
import { setFlagsFromString } from 'node:v8'
import { runBuilt } from './run-built.js'

// A home gateway has little memory: the space for young objects does not grow, which saves some 10 MB. It would have grown already
// while the program is read.
setFlagsFromString('--semi-space-growth-factor=1')

await runBuilt('commonwatt-agent')
