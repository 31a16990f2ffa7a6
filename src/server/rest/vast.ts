/**
 * Bodies with items by the ten thousand. The rules of kinds go through all of an object at once, which takes seconds of a
 * million items: what is wrong with those is found out elsewhere, before anybody here goes through them.
 */
import type { KubeObject } from '../../machinery/meta/object.ts'
import { isSmall } from '../../machinery/meta/size.ts'
import { invalid } from '../../machinery/status/errors.ts'
import { type Steps, takeSteps } from '../../std/turns.ts'
import { groupKind, type RestCall } from './call.ts'
import { strategyContext } from './insert.ts'
import { labelsAround } from './storage.ts'
import type { VastJudge } from './vast-judge.ts'

/** Items of lists that are maps, at all depths: fewer are gone through here. */
const vastItemsMin = 20_000

/**
 * Refuses with a 422 an object of a built-in kind, with very many items, that could not be stored. It is told before
 * admission has seen the object, where upstream tells it afterwards. Undefined for every usual object.
 */
export function refuseVast(call: RestCall, object: KubeObject): Promise<void> | undefined {
  const { resource, deps, context } = call
  if (!context.breathe || !deps.vastJudge || resource.custom || resource.strategy.ephemeral) return undefined
  return isVast(object) ? refuseFaulty(call, object, deps.vastJudge) : undefined
}

async function refuseFaulty(call: RestCall, object: KubeObject, judge: VastJudge): Promise<void> {
  const { group, version, plural } = call.resource
  const faults = await judge.faults({
    ...{ group, version, plural, labels: labelsAround(call), ...strategyContext(call) },
    json: await takeSteps(printSteps(object), call.context.breathe),
  })
  if (faults.length > 0) throw invalid(groupKind(call.resource), object.metadata.name ?? '', faults)
}

function isVast(object: object): boolean {
  return countItems(object, vastItemsMin) === 0
}

/** How many more there may be; never less than 0. */
function countItems(value: unknown, left: number): number {
  if (typeof value !== 'object' || value === null) return left
  const isList = Array.isArray(value)
  const members: readonly unknown[] = isList ? value : Object.values(value)
  let after = left
  for (let index = 0; after > 0 && index < members.length; index++) {
    const member = members[index]
    if (typeof member !== 'object' || member === null) continue
    after = countItems(member, isList ? after - 1 : after)
  }
  return after
}

/** Items that are written at once. */
const stepItems = 256

/** `JSON.stringify` of a map or list with pauses: the pieces of its text, none of them long for many items. */
export function* printSteps(value: object): Steps<string[]> {
  const pieces: string[] = []
  yield* print(value, pieces)
  return pieces
}

function* print(value: unknown, pieces: string[]): Steps<void> {
  if (isSmall(value)) pieces.push(JSON.stringify(value))
  else if (Array.isArray(value)) yield* printList(value, pieces)
  else yield* printMap(value as object, pieces)
}

function* printList(items: readonly unknown[], pieces: string[]): Steps<void> {
  let mark = '['
  for (let start = 0; start < items.length; start += stepItems) {
    const some = items.slice(start, start + stepItems)
    pieces.push(mark)
    mark = ','
    if (some.every(isSmall)) pieces.push(JSON.stringify(some).slice(1, -1))
    else
      for (const [at, item] of some.entries()) {
        if (at > 0) pieces.push(',')
        yield* print(item, pieces)
      }
    yield
  }
  pieces.push(']')
}

function* printMap(map: object, pieces: string[]): Steps<void> {
  let mark = '{'
  for (const [name, member] of Object.entries(map)) {
    if (member === undefined) continue
    pieces.push(mark, JSON.stringify(name), ':')
    mark = ','
    yield* print(member, pieces)
    yield
  }
  pieces.push('}')
}
