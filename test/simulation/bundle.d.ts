/** Types of `bundle.js`. */

/**
 * Bundles the simulation into a folder of this `name` beside the installed packages, and says where its two programs are: the one that
 * plays seeds, and the module with `simulate`.
 */
export function bundleSimulation(name: string): Promise<{ seeds: string; world: URL }>
