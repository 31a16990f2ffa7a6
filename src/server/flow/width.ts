import type { RequestContext, RequestInfo } from '../context.ts'
import { type Level, seatsMax } from './level.ts'

/** How many objects a collection has; undefined when nobody serves it here. */
export type CountObjects = (info: RequestInfo) => number | undefined

const objectsPerSeat = 100

/**
 * How many seats a request takes: one, but lists and watches that begin with a list by the number of objects that
 * they walk over (apiserver pkg/util/flowcontrol/request). Sending events to watchers is part of the write itself
 * here, so that writes need no seats beyond their end.
 */
export function seatsFor(context: RequestContext, level: Level, countObjects: CountObjects): number {
  const { info } = context
  if (info.verb !== 'list' && !(info.verb === 'watch' && beginsWithList(context))) return 1
  if (!info.isResourceRequest || info.name !== '') return 1
  const count = countObjects(info)
  if (count === undefined) return 1
  return Math.min(seatsMax(level), Math.max(1, Math.ceil(count / objectsPerSeat)))
}

function beginsWithList({ options: { sendInitialEvents, resourceVersion } }: RequestContext): boolean {
  return sendInitialEvents === true || resourceVersion === undefined || resourceVersion === '0'
}
