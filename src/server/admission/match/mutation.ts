import { builtinKind } from '../../../api/schema/index.ts'
import { DecodeError, decodeJson, strictErrorMessage } from '../../../machinery/codec/index.ts'
import { toApiVersion } from '../../../machinery/meta/group.ts'
import type { KubeObject } from '../../../machinery/meta/object.ts'
import { cloneDeep } from '../../../machinery/meta/value.ts'
import { applySchemaDefaults } from '../../../machinery/schema/defaults.ts'
import { internalError } from '../../../machinery/status/errors.ts'
import type { AdmissionRequest } from '../../context.ts'
import { applyDefaults } from '../../rest/body.ts'
import { type Admitted, convertAdmitted } from './versions.ts'

/**
 * What a webhook or policy made of an object, read as its kind: unknown fields gone (of built-in kinds refused, when
 * `strict`), defaults filled. 500 where it is not of the kind any more.
 */
export function readMutated(
  { registry }: AdmissionRequest,
  kind: AdmissionRequest['kind'],
  mutated: KubeObject,
  strict = false,
): KubeObject {
  const resource = registry.kind(kind.group, kind.version, kind.kind)
  const object = resource?.custom ? cloneDeep(mutated) : typed(kind, mutated, strict)
  if (!resource) applySchemaDefaults(builtinKind(kind.group, kind.version, kind.kind), object as never)
  else {
    resource.custom?.prune(object)
    applyDefaults(resource, object)
  }
  return object
}

function typed(
  { group, version, kind }: AdmissionRequest['kind'],
  mutated: KubeObject,
  strict: boolean,
): KubeObject {
  const named = { ...mutated, kind, apiVersion: toApiVersion(group, version) }
  try {
    const text = JSON.stringify(named)
    const { object, strictErrors } = decodeJson(builtinKind(group, version, kind), text, { strict })
    if (strictErrors.length > 0) throw new DecodeError(strictErrorMessage(strictErrors))
    return object as unknown as KubeObject
  } catch (error) {
    throw error instanceof DecodeError ? internalError(error) : error
  }
}

/** Writes what became of the object back into the request, in the request's own version. */
export async function finishMutation(request: AdmissionRequest, admitted: Admitted): Promise<void> {
  const { object } = await convertAdmitted(admitted, request.kind)
  const target = request.object as unknown as Record<string, unknown>
  for (const key of Object.keys(target)) delete target[key]
  Object.assign(target, cloneDeep(object))
}
