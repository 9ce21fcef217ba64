#!/usr/bin/env node
// Runs the built server command line; `node build.js` (part of `npm ci` and `npm start`) makes it.
import { runBuilt } from './run-built.js'

await runBuilt('commonwatt')
