import { StatusError } from '../../machinery/status/status.ts'
import { StoreUnavailableError } from '../../storage/store.ts'
import { UserError } from '../user-error.ts'

/** A store that cannot write, whoever met it first, as a sentence for a person; any other error as it is. */
export function explainedStoreFailure(error: unknown, databasePath: string): unknown {
  const isStores =
    error instanceof StoreUnavailableError ||
    (error instanceof StatusError && error.message.startsWith(databasePath))
  return isStores
    ? new UserError((error as Error).message, 'Nothing that was acknowledged is lost; start again then.')
    : error
}
