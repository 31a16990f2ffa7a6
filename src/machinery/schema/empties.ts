/**
 * Lists and maps that a client gave empty where Go's JSON prints none. In our objects they are absent; upstream's memory
 * holds them until the object is stored, whose protobuf has no word for them, and some of its rules tell them from
 * nothing. This remembers, beside the objects, where they were.
 */
const fieldsOf = new WeakMap<object, Set<string>>()
const holdersOf = new WeakMap<object, readonly object[]>()

export type GivenEmpty = readonly [holder: object, field: string]

/** What was read empty below `root`. */
export function rememberEmpties(root: object, given: readonly GivenEmpty[]): void {
  for (const [holder, field] of given) {
    const fields = fieldsOf.get(holder)
    if (fields) fields.add(field)
    else fieldsOf.set(holder, new Set([field]))
  }
  holdersOf.set(
    root,
    given.map(([holder]) => holder),
  )
}

/** Whether the client gave `field` of this very object, which is absent, as an empty list or map. */
export function isGivenEmpty(holder: object | undefined, field: string): boolean {
  return holder !== undefined && (fieldsOf.get(holder)?.has(field) ?? false)
}

/** Takes fields out of an object, also those that were given empty. */
export function dropFields<T extends object>(holder: T, ...fields: (keyof T & string)[]): void {
  for (const field of fields) {
    delete holder[field]
    fieldsOf.get(holder)?.delete(field)
  }
}

/** `root` goes to the store, where what was empty is absent. */
export function forgetEmpties(root: object): void {
  const holders = holdersOf.get(root)
  if (!holders) return
  for (const holder of holders) fieldsOf.delete(holder)
  holdersOf.delete(root)
}
