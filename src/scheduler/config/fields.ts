/** A mapping of a configuration file. */
export type Fields = Readonly<Record<string, unknown>>

/** A configuration that cannot be used; the message names the field. */
export class ConfigurationError extends Error {
  override name = 'ConfigurationError'
}

export function refuse(field: string, problem: string): never {
  throw new ConfigurationError(`${field} ${problem}`)
}

/** Refuses members that are not known by name. `path` ends with a dot, or is empty. */
export function only(fields: Fields, known: readonly string[], path: string): void {
  const strange = Object.keys(fields).find(name => !known.includes(name))
  if (strange !== undefined) refuse(`${path}${strange}`, 'is not supported')
}

/** The mapping at a field; empty when it is not there. */
export function valueAt(fields: Fields, name: string): Fields {
  const value = fields[name] ?? {}
  if (typeof value !== 'object' || Array.isArray(value)) refuse(name, 'must be a mapping')
  return value as Fields
}

export function listOf(value: unknown, path: string): Fields[] {
  if (!Array.isArray(value)) refuse(path, 'must be a list')
  return value.map((item, index) => valueAt({ [`${path}[${index}]`]: item }, `${path}[${index}]`))
}

export function numberAt(fields: Fields, name: string, fallback: number): number {
  const value = fields[name] ?? fallback
  if (typeof value !== 'number') refuse(name, 'must be a number')
  return value
}

/** Refuses a number that is not between the two, both inclusive; `fallback` stands for one that is not there. */
export function range(
  fields: Fields,
  name: string,
  { least, most = Number.POSITIVE_INFINITY, fallback }: { least: number; most?: number; fallback: number },
  path: string,
): void {
  const value = numberAt(fields, name, fallback)
  if (value < least || value > most) refuse(`${path}${name}`, `must be from ${least} to ${most}`)
}

/** Refuses anything but texts, where there is something. */
export function texts(value: unknown, path: string): void {
  const ok = value === undefined || (Array.isArray(value) && value.every(item => typeof item === 'string'))
  if (!ok) refuse(path, 'must be a list of strings')
}

export function textAt(fields: Fields, name: string, fallback: string): string {
  const value = fields[name] ?? fallback
  if (typeof value !== 'string') refuse(name, 'must be a string')
  return value
}
