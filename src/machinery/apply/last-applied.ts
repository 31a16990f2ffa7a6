/** The way from `kubectl apply` to `kubectl apply --server-side`: the annotation that the former leaves behind. */
import { parseExact } from '../../std/exact-json.ts'
import { runSteps } from '../../std/turns.ts'
import type { JsonMap } from '../meta/json.ts'
import { isMap, sortKeys } from '../meta/json.ts'
import type { KubeObject } from '../meta/object.ts'
import type { ObjectSchema } from '../schema/schema.ts'
import { areAnnotationsLight } from '../validation/object-meta.ts'
import { compareObjects, touched } from './compare.ts'
import type { FieldSet } from './field-set.ts'
import { difference } from './field-set.ts'
import { fieldSetOf } from './field-set-of.ts'
import { ElementError } from './path-element.ts'

const annotation = 'kubectl.kubernetes.io/last-applied-configuration'
/** The manager that kubectl is when it applies on the server. */
const kubectl = 'kubectl'

interface LastAppliedOptions {
  readonly schema: ObjectSchema
  readonly manager: string
  readonly apiVersion: string
  readonly live: KubeObject | undefined
  readonly applied: KubeObject
}

/**
 * The fields that kubectl may take over without a conflict: it applied them on the client's side and their values are
 * still those. Undefined for other managers and where there is no readable annotation of this version.
 */
export function lastAppliedSet({ schema, manager, apiVersion, live }: LastAppliedOptions): FieldSet {
  if (manager !== kubectl || !live) return undefined
  const last = parseAnnotation(live.metadata.annotations?.[annotation])
  if (last?.apiVersion !== apiVersion) return undefined
  try {
    const changes = runSteps(compareObjects(schema, { old: last, next: live as unknown as JsonMap }, {}))
    const unchanged = difference(fieldSetOf(schema, last), touched(changes))
    return difference(unchanged, changes.removed)
  } catch (error) {
    if (error instanceof ElementError) return undefined
    throw error
  }
}

function parseAnnotation(text: string | undefined): JsonMap | undefined {
  if (!text) return undefined
  try {
    const value: unknown = parseExact(text)
    return isMap(value) ? value : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/**
 * Keeps the annotation true after kubectl applied on the server, for those who go back to applying on the client. One
 * that has become too heavy goes.
 */
export function recordLastApplied({ manager, applied }: LastAppliedOptions, object: KubeObject): KubeObject {
  const annotations = object.metadata?.annotations
  if (manager !== kubectl || !annotations?.[annotation]) return object
  const text = `${JSON.stringify(sortKeys(withoutAnnotation(applied)))}\n`
  const updated = { ...annotations, [annotation]: text }
  const { [annotation]: _, ...others } = annotations
  const kept = areAnnotationsLight(updated) ? updated : others
  return { ...object, metadata: { ...object.metadata, annotations: kept } }
}

function withoutAnnotation(applied: KubeObject): KubeObject {
  if (!applied.metadata.annotations) return applied
  const { [annotation]: _, ...annotations } = applied.metadata.annotations
  return { ...applied, metadata: { ...applied.metadata, annotations } }
}
