/** Manifests that a stock server was asked about; what it answered stands in `testdata/golden.json`. */
import type { JsonObject } from '../machinery/meta/object.ts'
import cases from './testdata/cases.json' with { type: 'json' }
import tables from './testdata/tables.json' with { type: 'json' }
import updates from './testdata/updates.json' with { type: 'json' }

/** Is it taken as it is, may it be changed so, and how is it printed? */
export interface GoldenCase {
  readonly name: string
  readonly apiVersion: string
  readonly kind: string
  readonly object: JsonObject
  /** Merge patch of the stored object. */
  readonly update?: JsonObject
  /** Merge patch through the status subresource, before the object is printed. */
  readonly status?: JsonObject
  readonly isTable?: true
}

type Patches = Readonly<Record<string, unknown>>
type Steps = Readonly<
  Record<string, { readonly create?: unknown; readonly update?: JsonObject; readonly status?: JsonObject }>
>

/** By kind: `base` is a valid object, the others are merge patches of it. The last two groups are parts of a Pod. */
const { container, 'pod spec': podSpec, ...kinds } = cases as unknown as Readonly<Record<string, Patches>>
const podContainer = { name: 'c', image: 'busybox' }

/** Merges as JSON merge patch does: null removes, lists are replaced. */
export function merge(base: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch
  const target = typeof base === 'object' && base !== null && !Array.isArray(base) ? base : {}
  const result: Record<string, unknown> = { ...target }
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key]
    else result[key] = merge(result[key], value)
  }
  return result
}

function toCase(key: string, name: string, patch: unknown): GoldenCase {
  const [apiVersion = '', kind = ''] = key.split(' ')
  const base = merge({ apiVersion, kind, metadata: { name: 'x' } }, kinds[key]!.base)
  const object = (name === 'base' ? base : merge(base, patch)) as JsonObject
  return { name: `${key}: ${name}`, apiVersion, kind, object }
}

const entries = (patches: Patches | undefined) => Object.entries(patches ?? {})

const creations: readonly GoldenCase[] = [
  ...Object.keys(kinds).flatMap(key => entries(kinds[key]).map(([name, patch]) => toCase(key, name, patch))),
  ...entries(container).map(([name, patch]) => {
    return toCase('v1 Pod', `container, ${name}`, { spec: { containers: [merge(podContainer, patch)] } })
  }),
  ...entries(podSpec).map(([name, spec]) => toCase('v1 Pod', name, { spec })),
]

function withSteps(
  all: Readonly<Record<string, Steps>>,
  word: string,
  more: Partial<GoldenCase>,
): GoldenCase[] {
  return Object.entries(all).flatMap(([key, steps]) =>
    Object.entries(steps).map(([name, { create = {}, ...rest }]) => ({
      ...toCase(key, `${word} ${name}`, create),
      ...rest,
      ...more,
    })),
  )
}

export const goldenCases: readonly GoldenCase[] = [
  ...creations,
  ...withSteps(updates as never, 'update', {}),
  ...withSteps(tables as never, 'table', { isTable: true }),
]
