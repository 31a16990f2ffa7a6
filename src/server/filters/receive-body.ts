import type { Filter } from '../context.ts'

/** Reads the body of a request that may be made and has its seats: whoever may not send one is answered without. */
export const receiveBody: Filter = next =>
  function receiveBodyFilter(context) {
    return context.receive ? context.receive(context).then(() => next(context)) : next(context)
  }
