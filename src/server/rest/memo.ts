/** What `map` holds for `key`, made and kept at the first asking. */
export function memo<K, V>(map: Memory<K, V>, key: K, make: () => V): V {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}

interface Memory<K, V> {
  get(key: K): V | undefined
  set(key: K, value: V): unknown
}
