/** The objects that a policy is evaluated with (policy/generic CollectParams). */

import type { Resource } from '../../../api/define.ts'
import type { Registry } from '../../../api/registry.ts'
import type { ParamKind, ParamRef } from '../../../api/types/admissionregistration-v1.gen.ts'
import { fromApiVersion, toApiVersion } from '../../../machinery/meta/group.ts'
import type { KubeObject } from '../../../machinery/meta/object.ts'
import { labelSelectorFrom, matchesLabels } from '../../../machinery/selector/index.ts'
import type { Lister } from '../../lister.ts'

/** A policy or binding that cannot be asked; the message says why. */
export class ConfigurationError extends Error {
  override name = 'ConfigurationError'
}

export interface ParamSources {
  readonly registry: Pick<Registry, 'kind'>
  readonly objectsOf: (resource: Resource) => Lister
}

export interface ParamQuestion {
  readonly paramKind: ParamKind | undefined
  readonly paramRef: ParamRef | undefined
  /** Of the request. */
  readonly namespace: string
}

/** Throws ConfigurationError where nothing of a policy's kind of params is served. */
export function checkParamKind(sources: ParamSources, paramKind: ParamKind | undefined): void {
  if (paramKind) resourceOf(sources, paramKind)
}

/** Null stands for no params at all; none where there are none and that is allowed. Throws ConfigurationError. */
export function collectParams(
  sources: ParamSources,
  { paramKind, paramRef, namespace }: ParamQuestion,
): readonly (KubeObject | null)[] {
  if (!paramKind || !paramRef) return [null]
  const resource = resourceOf(sources, paramKind)
  const lister = sources.objectsOf(resource)
  const place = resource.namespaced ? placeOf(paramRef, namespace) : ''
  if (!resource.namespaced && paramRef.namespace) {
    throw new ConfigurationError('paramRef.namespace must not be provided for a cluster-scoped `paramKind`')
  }
  const found = find(lister, paramRef, place)
  if (found.length === 0 && paramRef.parameterNotFoundAction === 'Deny') {
    throw new ConfigurationError('no params found for policy binding with `Deny` parameterNotFoundAction')
  }
  const apiVersion = toApiVersion(resource.group, resource.version)
  return found.map(object => ({ ...object, kind: resource.kind, apiVersion }))
}

function resourceOf({ registry }: ParamSources, { apiVersion = '', kind = '' }: ParamKind): Resource {
  const { group = '', version = '' } = fromApiVersion(apiVersion) ?? {}
  const resource = registry.kind(group, version, kind)
  if (!resource) {
    throw new ConfigurationError(
      `failed to find resource referenced by paramKind: '${toApiVersion(group, version)}, Kind=${kind}'`,
    )
  }
  return resource
}

function placeOf({ namespace: named }: ParamRef, namespace: string): string {
  const place = named || namespace
  if (place === '') {
    throw new ConfigurationError(
      'cannot use namespaced paramRef in policy binding that matches cluster-scoped resources',
    )
  }
  return place
}

function find(lister: Lister, { name, selector }: ParamRef, namespace: string): readonly KubeObject[] {
  if (name) {
    const object = lister.get(namespace, name)
    return object ? [object] : []
  }
  const wanted = labelSelectorFrom(selector)
  const all = lister.list(namespace === '' ? undefined : namespace)
  return all.filter(({ metadata }) => matchesLabels(wanted, metadata.labels))
}
