/** What the parts of the demo fail with. */
import { CodedError } from '../../contracts/protocol/error.ts'

/** Why the demo's parts (database, chain, child programs) cannot start or go on; the message tells the person what to do. */
export class DemoError extends CodedError<
  | 'PORT_TAKEN'
  | 'DATA_FOLDER_IN_USE'
  | 'DATA_FOLDER_OWNER'
  | 'POSTGRES_MISSING'
  | 'POSTGRES_LIBRARIES'
  | 'POSTGRES_USER'
  | 'POSTGRES_DATA'
  | 'POSTGRES_START'
  | 'CHAIN_MISSING'
  | 'CHAIN_STATE'
  | 'CHAIN_START'
  | 'PROGRAM_START'
  | 'DEMO_STOPPED'
  | 'STREET_FILE'
  | 'GUEST_REFUSED'
  | 'PARTS_ELSEWHERE'
> {
  override readonly name = 'DemoError'
}
