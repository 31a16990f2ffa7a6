import type { Resource } from '../../api/define.ts'
import { builtinKind } from '../../api/schema/index.ts'
import type { JsonObject } from '../../machinery/meta/object.ts'
import { successStatus } from '../../machinery/status/errors.ts'
import { assert } from '../../std/assert.ts'
import type { Response } from '../context.ts'
import { decodeTyped } from '../rest/body.ts'
import type { RestCall } from '../rest/call.ts'

/** The same request, aimed at an object itself or at one of another kind. */
export function aimAt(
  call: RestCall,
  resource: Resource,
  at: { readonly name: string; readonly namespace?: string; readonly subresource?: string },
): RestCall {
  const { context } = call
  const { group, version, plural } = resource
  const info = { ...context.info, group, version, resource: plural, subresource: '', ...at }
  return { ...call, resource, context: { ...context, info } }
}

/** A registered built-in kind. */
export function builtinResource(
  { deps }: RestCall,
  group: string,
  version: string,
  plural: string,
): Resource {
  const resource = deps.registry.find(group, version, plural)
  assert(resource, `${plural}.${group}/${version} is registered`)
  return resource
}

/** The body as an object of a built-in kind. */
export function decodeKind({ context }: RestCall, group: string, version: string, kind: string): JsonObject {
  return decodeTyped(context, { group, version, kind, schema: builtinKind(group, version, kind) })
}

/** What a stock server answers to a POST whose effect lies elsewhere. */
export function createdStatus(): Response {
  const { code: _code, ...status } = successStatus()
  return { kind: 'object', status: 201, object: { ...status, code: 201 } as JsonObject }
}
