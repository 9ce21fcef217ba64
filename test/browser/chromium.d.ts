/** Types of `chromium.js`. */

/** The browser at `CHROMIUM_PATH`, or the one inside the npm package, unpacked into `folder`, as playwright wants to be told. */
export function chromiumProgram(folder?: string): Promise<{ executablePath: string; args: string[] }>
