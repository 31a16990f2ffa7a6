/** Conversion of custom objects by webhook (KEP-598; apiextensions-apiserver pkg/apiserver/conversion). */

import type { CustomKind } from '../../api/define.ts'
import type { CustomResourceDefinition } from '../../api/types/apiextensions-v1.gen.ts'
import { isMap, type JsonMap } from '../../machinery/meta/json.ts'
import type { KubeObject } from '../../machinery/meta/object.ts'
import { cloneDeep, deepEqual } from '../../machinery/meta/value.ts'
import { plainFailure } from '../../machinery/status/errors.ts'
import type { Random } from '../../std/ports.ts'
import type { ConversionFailure, ConversionMeter } from '../metrics/conversion.ts'
import type { WebhookClient, WebhookTarget } from '../webhook-client/webhook-client.ts'

export interface ConversionSetup {
  readonly call: WebhookClient
  readonly random: Pick<Random, 'uuid'>
  readonly measure: ConversionMeter
}

/** Upstream gives a conversion no deadline of its own; this is its client's. */
const timeoutMs = 30_000
const reviewVersions = ['v1', 'v1beta1']

/** How this definition's objects come into another version; undefined where only apiVersion differs. */
export function converterOf(
  { spec, metadata }: CustomResourceDefinition,
  { call, random, measure }: ConversionSetup,
): CustomKind['convert'] {
  const { strategy, webhook } = spec.conversion ?? {}
  if (strategy !== 'Webhook' || !webhook?.clientConfig) return undefined
  const target: WebhookTarget = webhook.clientConfig
  const version = webhook.conversionReviewVersions.find(each => reviewVersions.includes(each))
  return async function convert(objects, desiredAPIVersion) {
    if (version === undefined) throw plainFailure('no supported conversion review versions')
    const uid = random.uuid()
    const review = {
      kind: 'ConversionReview',
      apiVersion: `apiextensions.k8s.io/${version}`,
      request: { uid, desiredAPIVersion, objects },
      response: { uid: '', convertedObjects: null, result: { metadata: {} } },
    }
    const done = measure({
      definition: metadata.name ?? '',
      from: versionOf(objects[0]?.apiVersion),
      to: versionOf(desiredAPIVersion),
    })
    const fail = (failure: ConversionFailure, what: string) => {
      done(failure)
      return plainFailure(`conversion webhook for ${kindOf(objects[0]!)} ${what}`)
    }
    const answer = await call(target, { body: review, timeoutMs }).catch(error => {
      throw fail('call_failure', `failed: ${error instanceof Error ? error.message : error}`)
    })
    const found = convertedObjects(answer, { uid, version })
    if (typeof found === 'string') throw fail('malformed_response_failure', `failed: ${found}`)
    if (found.length !== objects.length) {
      const failure =
        objects.length === 1 && found.length === 0
          ? 'no_objects_returned_failure'
          : 'partial_response_failure'
      throw fail(failure, `returned ${found.length} objects, expected ${objects.length}`)
    }
    const accepted = objects.map((object, index) => {
      const converted = accept(object, found[index], desiredAPIVersion)
      if (typeof converted === 'string')
        throw fail('invalid_converted_object_failure', `returned ${converted}`)
      return converted
    })
    done()
    return accepted
  }
}

function versionOf(apiVersion = ''): string {
  return apiVersion.slice(apiVersion.indexOf('/') + 1)
}

function kindOf({ apiVersion = '', kind = '' }: KubeObject): string {
  return `${apiVersion}, Kind=${kind}`
}

/** What the webhook made, or why it made nothing. */
function convertedObjects(
  review: JsonMap,
  { uid, version }: { uid: string; version: string },
): readonly unknown[] | string {
  const { kind, apiVersion, response } = review
  if (version === 'v1' && (kind !== 'ConversionReview' || apiVersion !== 'apiextensions.k8s.io/v1')) {
    return `expected webhook response of apiextensions.k8s.io/v1, Kind=ConversionReview, got ${String(apiVersion ?? '')}, Kind=${String(kind ?? '')}`
  }
  if (!isMap(response)) return 'no response provided'
  if (version === 'v1' && response.uid !== uid)
    return `expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(response.uid ?? '')}`
  const { status = '', message } = (isMap(response.result) ? response.result : {}) as JsonMap
  if (status !== 'Success') {
    return typeof message === 'string' && message !== ''
      ? message
      : `response.result.status was '${String(status)}', not 'Success'`
  }
  return Array.isArray(response.convertedObjects) ? response.convertedObjects : []
}

/** The converted object with the metadata of the old one, or what is wrong with it. */
function accept(original: KubeObject, converted: unknown, apiVersion: string): KubeObject | string {
  if (!isMap(converted)) return `invalid object: not a JSON object`
  const { kind = '', apiVersion: version = '', metadata } = converted
  if (version !== apiVersion)
    return `invalid object at index 0: invalid groupVersion (expected ${apiVersion}, received ${String(version)})`
  if (kind !== original.kind)
    return `invalid object at index 0: invalid kind (expected ${original.kind}, received ${String(kind)})`
  const changed = changedIdentity(original, isMap(metadata) ? metadata : {})
  if (changed !== undefined) return `invalid object: ${changed}`
  const restored = restoreMetadata(original, metadata)
  if (typeof restored === 'string') return `invalid metadata: ${restored}`
  return { ...converted, metadata: restored } as unknown as KubeObject
}

const identity = { name: 'name', namespace: 'namespace', uid: 'UID' } as const

function changedIdentity({ metadata }: KubeObject, converted: JsonMap): string | undefined {
  for (const [field, word] of Object.entries(identity)) {
    const before = String(metadata[field as keyof typeof identity] ?? '')
    const after = String(converted[field] ?? '')
    if (before !== after) return `must have the same ${word}: ${before} != ${after}`
  }
  return undefined
}

/** A webhook may change labels and annotations; everything else of metadata stays. */
function restoreMetadata(original: KubeObject, metadata: unknown): KubeObject['metadata'] | string {
  if (metadata === undefined) return 'missing metadata in converted object'
  if (!isMap(metadata)) return `invalid metadata of type ${typeof metadata} in converted object`
  const restored = cloneDeep(original.metadata)
  for (const field of ['labels', 'annotations'] as const) {
    const given = metadata[field]
    if (given === undefined || given === null) {
      delete restored[field]
      continue
    }
    if (!isMap(given)) return `invalid metadata.${field} of type ${typeof given} in converted object`
    for (const [key, value] of Object.entries(given)) {
      if (typeof value !== 'string')
        return `metadata.${field}[${key}] must be a string, but is ${typeof value} in converted object`
    }
    if (!deepEqual(restored[field], given)) restored[field] = given as Record<string, string>
  }
  return restored
}
