import type { Container, EphemeralContainer, PodSpec } from '../../../api/types/core-v1.gen.ts'
import type { ObjectMeta } from '../../../machinery/meta/object.ts'

/** A pod, or a pod template. */
export interface PodLike {
  readonly metadata: Pick<ObjectMeta, 'annotations'>
  readonly spec: PodSpec
}

/** Why a pod is not allowed: a headline and what exactly is wrong. */
export interface Violation {
  readonly reason: string
  readonly detail: string
}

export type CheckPod = (pod: PodLike) => Violation | undefined

/** One control of the Pod Security Standards (k8s.io/pod-security-admission/policy). */
export interface Check {
  readonly id: string
  /** The rule and the minor version since which it holds, oldest first. */
  readonly versions: readonly {
    readonly since: number
    readonly check: CheckPod
    readonly overrides?: string
  }[]
}

type AnyContainer = Container | EphemeralContainer

/** Init, ordinary and ephemeral containers, in this order. */
export function containersOf({ spec }: PodLike): readonly AnyContainer[] {
  return [...(spec.initContainers ?? []), ...(spec.containers ?? []), ...(spec.ephemeralContainers ?? [])]
}

export function namesOf(containers: readonly { readonly name: string }[]): readonly string[] {
  return containers.map(({ name }) => name)
}

/** `"a", "b"` */
export function joinQuoted(items: readonly string[]): string {
  return items.map(item => `"${item}"`).join(', ')
}

export function plural(singular: string, count: number, many = `${singular}s`): string {
  return count === 1 ? singular : many
}

/** `container "a"`, `containers "a", "b"` */
export function containersText(names: readonly string[]): string {
  return `${plural('container', names.length)} ${joinQuoted(names)}`
}

/** Sorted and without repeats. */
export function sortedSet(values: Iterable<string>): readonly string[] {
  return [...new Set(values)].sort()
}

/** `pod and containers "a"`: whoever set something that is not allowed. */
export function settersText(pod: boolean, containers: readonly string[]): string {
  return [...(pod ? ['pod'] : []), ...(containers.length ? [containersText(containers)] : [])].join(' and ')
}

/** Windows pods have none of these settings; the rule leaves them out. */
export function exceptWindows(check: CheckPod): CheckPod {
  return pod => (pod.spec.os?.name === 'windows' ? undefined : check(pod))
}

/** Root in a user namespace of its own is nobody outside. */
export function exceptUserNamespaces(check: CheckPod): CheckPod {
  return pod => (pod.spec.hostUsers === false ? undefined : check(pod))
}
