#!/usr/bin/env node
// Runs the built meter agent; `node build.js` (part of `npm ci` and `npm start`) makes it.
import { runBuilt } from './run-built.js'

await runBuilt('commonwatt-agent')
