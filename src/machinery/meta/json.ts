/** A JSON object whose members nobody has looked at yet. */
export type JsonMap = { [key: string]: unknown }

export function isMap(value: unknown): value is JsonMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Sets a member even when it is called `__proto__`. */
export function setMember(target: JsonMap, key: string, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true })
  } else {
    target[key] = value
  }
}
