/** Types of the bundler's plugin in `raw-text.js`. */
import type { Plugin } from 'rolldown'

export const rawText: Plugin
