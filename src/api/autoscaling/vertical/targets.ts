import type { KubeObject, OwnerReference } from '../../../machinery/meta/object.ts'
import {
  type LabelSelector,
  labelSelectorFrom,
  matchesLabels,
  parseLabelSelector,
} from '../../../machinery/selector/index.ts'
import type { Pod } from '../../types/core-v1.gen.ts'
import { isStronger } from './policy.ts'
import type { TargetReference, VerticalPodAutoscaler } from './types.ts'

/** What pods are made by, and how its selector is written. */
const wellKnown = {
  CronJob: 'template',
  DaemonSet: 'selector',
  Deployment: 'selector',
  Job: 'selector',
  ReplicaSet: 'selector',
  ReplicationController: 'labels',
  StatefulSet: 'selector',
} as const

export type WellKnownKind = keyof typeof wellKnown

/** A Scale as its subresource answers it. */
export type ScaleAnswer = KubeObject & { readonly status?: { readonly selector?: string } }

/** Where makers of pods are looked up. */
export interface TargetSource {
  wellKnown(kind: WellKnownKind, namespace: string, name: string): KubeObject | undefined
  /** The Scale of any other object; undefined when that is not there. Rejects when it has none, or its kind is not known. */
  scale(reference: Required<TargetReference>, namespace: string): Promise<ScaleAnswer | undefined>
}

export class TargetError extends Error {
  override name = 'TargetError'
}

/** Which pods are an autoscaler's; throws `TargetError` with upstream's text (target/fetcher.go). */
export async function selectorOf(
  source: TargetSource,
  { metadata: { namespace = '' }, spec: { targetRef } }: VerticalPodAutoscaler,
): Promise<LabelSelector> {
  if (!targetRef) throw new TargetError('targetRef not defined. If this is a v1beta1 object, switch to v1')
  const { kind, name, apiVersion = '' } = targetRef
  if (isWellKnown(kind)) {
    const found = source.wellKnown(kind, namespace, name)
    if (!found) throw new TargetError(`${kind} ${namespace}/${name} does not exist`)
    return selectorIn(kind, found)
  }
  const unhandled = (why: string) =>
    new TargetError(`unhandled targetRef ${apiVersion} / ${kind} / ${name}, last error ${why}`)
  const scale = await source.scale({ apiVersion, kind, name }, namespace).catch((error: Error) => {
    throw unhandled(error.message)
  })
  if (!scale) throw unhandled(`${kind} "${name}" not found`)
  const text = scale.status?.selector
  if (!text) throw unhandled(`resource ${namespace}/${name} has an empty selector for scale sub-resource`)
  try {
    return parseLabelSelector(text)
  } catch (error) {
    throw unhandled((error as Error).message)
  }
}

/** Whether nothing that makes pods owns what a reference names: why not, or undefined (feeder validateTargetRef). */
export async function targetFault(
  source: TargetSource,
  namespace: string,
  { apiVersion = '', kind, name }: TargetReference,
): Promise<string | undefined> {
  const target = `${apiVersion}.${kind}/${name}`
  try {
    const top = await topmost(source, namespace, { apiVersion, kind, name })
    if (top && top.kind === kind && top.name === name && top.apiVersion === apiVersion) return undefined
    return top
      ? `The target ${target} has a parent controller but it should point to a topmost well-known or scalable controller`
      : `Unknown error during checking if target ${target} is a topmost well-known or scalable controller`
  } catch (error) {
    return `Error checking if target ${target} is a topmost well-known or scalable controller: ${(error as Error).message}`
  }
}

/** The autoscaler that a pod belongs to: of those for its topmost maker whose selector matches, the strongest. */
export async function autoscalerOf(
  source: TargetSource,
  pod: Pod,
  candidates: readonly VerticalPodAutoscaler[],
): Promise<VerticalPodAutoscaler | undefined> {
  const owner = makerOf(pod)
  const { namespace = '' } = pod.metadata
  if (!owner || owner.kind === 'Node' || candidates.length === 0) return undefined
  const top = await topmost(source, namespace, owner).catch(nothingFound)
  if (!top) return undefined
  let chosen: VerticalPodAutoscaler | undefined
  for (const autoscaler of candidates) {
    const { targetRef } = autoscaler.spec
    const isMeant = targetRef?.kind === top.kind && targetRef.name === top.name
    if (!isMeant || autoscaler.metadata.namespace !== namespace || !isStronger(autoscaler, chosen)) continue
    const selector = await selectorOf(source, autoscaler).catch(nothingFound)
    if (selector && matchesLabels(selector, pod.metadata.labels)) chosen = autoscaler
  }
  return chosen
}

/** Whose maker or pods cannot be told is nobody's. */
function nothingFound(error: unknown): undefined {
  if (!(error instanceof TargetError)) throw error
}

/** Up the owners to the last that is well known or has a Scale (upstream target/controller_fetcher). */
async function topmost(
  source: TargetSource,
  namespace: string,
  start: Required<TargetReference>,
): Promise<Required<TargetReference> | undefined> {
  const visited = new Set<string>()
  let top: Required<TargetReference> | undefined
  for (let current: Required<TargetReference> | undefined = start; current; ) {
    const key = `${current.apiVersion}/${current.kind}/${current.name}`
    if (visited.has(key)) throw new TargetError('cycle detected in ownership chain')
    visited.add(key)
    const { isScalable, maker } = await look(source, namespace, current)
    if (isScalable) top = current
    current = maker
  }
  return top
}

async function look(
  source: TargetSource,
  namespace: string,
  reference: Required<TargetReference>,
): Promise<{ readonly isScalable: boolean; readonly maker: Required<TargetReference> | undefined }> {
  const { apiVersion, kind, name } = reference
  if (isWellKnown(kind)) {
    const found = source.wellKnown(kind, namespace, name)
    if (!found) throw new TargetError(`${kind} ${namespace}/${name} does not exist`)
    return { isScalable: true, maker: makerOf(found) }
  }
  if (kind === 'Node') throw new TargetError('node is not a valid owner')
  const scale = await source.scale(reference, namespace).catch((error: Error) => {
    throw new TargetError(
      `unhandled targetRef ${apiVersion} / ${kind} / ${name}, last error ${error.message}`,
    )
  })
  return { isScalable: scale !== undefined, maker: scale && makerOf(scale) }
}

function makerOf({ metadata }: KubeObject): Required<TargetReference> | undefined {
  const owner = metadata.ownerReferences?.find(({ controller }: OwnerReference) => controller === true)
  return owner && { apiVersion: owner.apiVersion, kind: owner.kind, name: owner.name }
}

function isWellKnown(kind: string): kind is WellKnownKind {
  return Object.hasOwn(wellKnown, kind)
}

type Maker = KubeObject & {
  readonly spec?: {
    readonly selector?: Readonly<Record<string, string>>
    readonly jobTemplate?: {
      readonly spec?: { readonly template?: { readonly metadata?: KubeObject['metadata'] } }
    }
  }
}

function selectorIn(kind: WellKnownKind, { spec }: Maker): LabelSelector {
  if (wellKnown[kind] === 'selector') return labelSelectorFrom(spec?.selector)
  const matchLabels =
    wellKnown[kind] === 'labels' ? spec?.selector : spec?.jobTemplate?.spec?.template?.metadata?.labels
  return labelSelectorFrom({ matchLabels: { ...matchLabels } })
}
