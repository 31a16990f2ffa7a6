import { internalError, timeout } from '../../machinery/status/errors.ts'
import { StatusError } from '../../machinery/status/status.ts'
import type { Logger } from '../../std/ports.ts'
import type { Filter } from '../context.ts'

/** A failure that nobody expected is logged with its request and answered as 500; the server lives on. */
export function panicGuard(log: Logger): Filter {
  return next =>
    async function panicGuardFilter(context) {
      try {
        return await next(context)
      } catch (error) {
        if (error instanceof StatusError) throw error
        // Nobody hears the answer; what was given up on the way is no failure.
        if (context.signal.aborted) throw timeout('the client went away')
        const detail = error instanceof Error ? (error.stack ?? error.message) : String(error)
        const { verb, path } = context.info
        log.error('request failed', { verb, path, auditId: context.auditId, error: detail })
        throw internalError(error instanceof Error ? error : String(error))
      }
    }
}
