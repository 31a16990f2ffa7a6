import { StatusError } from '../../machinery/status/status.ts'
import { StoreUnavailableError } from '../../storage/store.ts'
import { UserError } from '../user-error.ts'
import type { ServerSettings } from './settings.ts'

/** A store that cannot be used, whoever met it first, as a sentence for a person; any other error as it is. */
export function explainedStoreFailure(
  error: unknown,
  { databasePath, etcd }: Pick<ServerSettings, 'databasePath' | 'etcd'>,
): unknown {
  if (!(error instanceof Error)) return error
  const { message } = error
  const isStores =
    error instanceof StoreUnavailableError ||
    (error instanceof StatusError && [databasePath, 'etcd: '].some(start => message.startsWith(start)))
  if (isStores) return new UserError(message, 'Nothing that was acknowledged is lost; start again then.')
  if (etcd && message.startsWith('the stored value of '))
    return new UserError(message, 'Another program keeps its objects there: choose another --etcd-prefix.')
  return error
}
