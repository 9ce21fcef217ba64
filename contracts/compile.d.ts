/** The JSON text of each file in `contracts/abi/`, by contract. */
export function compileContracts(): Record<string, string>
