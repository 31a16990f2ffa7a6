/** What the converters of structured-merge-diff's own tests do to an object, by the names of their Go types. */
import type { KubeObject } from '../../src/machinery/meta/object.ts'

export type Conversion = (object: KubeObject, from: string, to: string) => KubeObject

export const conversions: Readonly<Record<string, Conversion>> = {
  dummyConverter: object => object,
  /** Names that end with the version end with the other one. */
  renamingConverter: (object, from, to) =>
    renamed(object, name => (name.endsWith(from) ? name.slice(0, -from.length) + to : name)),
  /** Names below the first level are their letter, as often as the version says. */
  repeatingConverter: (object, _, to) => {
    const times = Number(to.slice(1))
    const members = Object.entries(object).map(([name, value]) => {
      const isOwn = name === 'apiVersion' || name === 'kind' || name === 'metadata'
      return [name, isOwn ? value : renamed(value, letter => letter[0]!.repeat(times))]
    })
    return Object.fromEntries(members) as KubeObject
  },
  /** One version's field has another name in the other, and v1 cannot be told without it. */
  reliantFieldsConverter: (object, from, to) => {
    if (from === to) return object
    const [old, next] = ['required_field_bar', 'field_foo_rely_on_bar']
    if (to === 'v1' && !Object.hasOwn(object, old)) throw new Error(`missing ${old}`)
    return renamed(object, name => (to === 'v1' ? (name === old ? next : name) : name === next ? old : name))
  },
}

function renamed<T>(value: T, rename: (name: string) => string): T {
  if (Array.isArray(value)) return value.map(item => renamed(item, rename)) as T
  if (value === null || typeof value !== 'object') return value
  const members = Object.entries(value).map(([name, member]) => {
    return [rename(name), name === 'metadata' ? member : renamed(member, rename)]
  })
  return Object.fromEntries(members) as T
}
