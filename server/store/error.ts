/** What goes wrong in the database, by name. */
import { CodedError } from '../../contracts/protocol/error.ts'

/** `STORE_FENCED` and `STORE_DIVERGED` are about an area's journal, `STORE_SILENT` and `STORE_LOST` about a connection,
 * `STORE_ARCHIVED` about what lies in files now, `STORE_ARCHIVE` about those files. */
export class StoreError extends CodedError<
  | 'STORE_MIGRATION_CHANGED'
  | 'STORE_TOO_NEW'
  | 'STORE_VERSION'
  | 'STORE_FENCED'
  | 'STORE_DIVERGED'
  | 'STORE_SILENT'
  | 'STORE_LOST'
  | 'STORE_SNAPSHOT'
  | 'STORE_AREA'
  | 'STORE_BACKUP'
  | 'STORE_NOT_EMPTY'
  | 'STORE_IN_USE'
  | 'STORE_ARCHIVED'
  | 'STORE_ARCHIVE'
> {
  override readonly name = 'StoreError'
}
