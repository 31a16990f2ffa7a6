/**
 * Large maps of which a patch touched a few members. What such a copy was made of is remembered, so that whoever checks,
 * compares or writes it afterwards looks at those members alone, and not at the thousands beside them.
 */
import { isMap, type JsonMap, setMember } from './json.ts'

interface Origin {
  /** Weakly: a version must not keep the one before it alive. */
  readonly from: WeakRef<JsonMap>
  readonly touched: Set<string>
}

/** Maps with fewer members are copied and compared as a whole: that costs less than remembering. */
const largeMembersMin = 64

/** Copies that their maker still changes. */
const drafts = new WeakMap<JsonMap, Origin>()
/** Copies that are frozen: what is remembered of them stays true. */
const settled = new WeakMap<JsonMap, Origin>()

/** A copy that its maker may change by `setTouched` and `deleteTouched`, and by nothing else until it is settled. */
export function copyToTouch(map: JsonMap): JsonMap {
  // Assigning is twice as fast where there are many members, and would lose the one that is called `__proto__`.
  const copy = Object.hasOwn(map, '__proto__') ? { ...map } : Object.assign({}, map)
  if (isLarge(map) && large.has(map)) drafts.set(copy, { from: new WeakRef(map), touched: new Set() })
  return copy
}

export function setTouched(map: JsonMap, key: string, value: unknown): void {
  drafts.get(map)?.touched.add(key)
  setMember(map, key, value)
}

export function deleteTouched(map: JsonMap, key: string): void {
  drafts.get(map)?.touched.add(key)
  delete map[key]
}

/** Frozen maps with many members: to begin a loop over such a one costs as much as to end it. */
const large = new WeakSet<object>()

/** Whether a map is worth remembering what it is and what was made of it. */
export function isLarge(map: object): boolean {
  if (large.has(map)) return true
  let members = 0
  for (const _ in map) if (++members >= largeMembersMin) return noteLarge(map)
  return false
}

function noteLarge(map: object): true {
  if (Object.isFrozen(map)) large.add(map)
  return true
}

/** Tells of a map that was just frozen how many members it has. */
export function noteFrozen(map: object, members: number): void {
  if (members >= largeMembersMin) large.add(map)
}

/** Whether a map has any members. */
export function hasMembers(map: object): boolean {
  if (large.has(map)) return true
  for (const _ in map) return true
  return false
}

/** What a copy that is not settled yet was made of, and where it may differ. */
export function draftOrigin(
  map: JsonMap,
): { readonly from: JsonMap; readonly touched: ReadonlySet<string> } | undefined {
  const origin = drafts.get(map)
  const from = origin?.from.deref()
  return from && { from, touched: origin!.touched }
}

/** Ends the changes of a copy: it is frozen, and `touchedSince` knows it from now on. */
export function settle(map: JsonMap): void {
  const origin = drafts.get(map)
  if (!origin) return
  drafts.delete(map)
  settled.set(Object.freeze(map), origin)
  // Something of what it was made of is left.
  if (origin.touched.size < largeMembersMin) large.add(map)
}

/** The only members in which two maps may differ; undefined when nobody knows. */
export function touchedBetween(a: unknown, b: unknown): ReadonlySet<string> | undefined {
  return isMap(a) && isMap(b) ? (touchedSince(a, b) ?? touchedSince(b, a)) : undefined
}

/** What a settled copy was made of, and where it may differ. */
export function originOf(
  map: object,
): { readonly from: JsonMap; readonly touched: ReadonlySet<string> } | undefined {
  const origin = settled.get(map as JsonMap)
  const from = origin?.from.deref()
  return from && { from, touched: origin!.touched }
}

function touchedSince(next: JsonMap, old: JsonMap): ReadonlySet<string> | undefined {
  const origin = settled.get(next)
  return origin?.from.deref() === old ? origin.touched : undefined
}
