/** The JSON text of each file in `contracts/build/abi/`, by contract. */
export function compileContracts(): Record<string, string>
