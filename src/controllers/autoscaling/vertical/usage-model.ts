import type { Pod } from '../../../api/types/core-v1.gen.ts'
import { objectKey, toKey } from '../../../client/resource.ts'
import { type LabelSelector, matchesLabels } from '../../../machinery/selector/index.ts'
import { Aggregate } from './aggregate.ts'
import { ContainerUsage } from './container-usage.ts'

/** What was used of one container at one time. */
export interface Sample {
  /** `namespace/name` of its pod. */
  readonly podKey: string
  readonly container: string
  readonly milliCores: number
  readonly bytes: number
  readonly atMs: number
}

/** A container that ran out of memory, or whose pod was evicted for it. */
export interface OutOfMemory {
  readonly podKey: string
  readonly container: string
  /** What it had asked for, or was seen to use. */
  readonly bytes: number
  readonly atMs: number
}

interface PodState {
  pod: Pod
  readonly containers: Map<string, ContainerUsage>
}

interface Keyed {
  readonly namespace: string
  readonly container: string
  readonly labels: Readonly<Record<string, string>>
  readonly aggregate: Aggregate
}

/**
 * What all containers of the cluster have used, kept by namespace, name of the container and labels of the pod, so that
 * it outlives each pod (upstream model/cluster.go). Times are milliseconds since 1970.
 */
export class UsageModel {
  readonly #pods = new Map<string, PodState>()
  readonly #aggregates = new Map<string, Keyed>()

  /** Takes the pods as they are now; answers what forgets those that are gone, when their last samples were taken. */
  setPods(pods: readonly Pod[], nowMs: number): () => void {
    const present = new Set(pods.map(objectKey))
    for (const pod of pods) this.#setPod(pod, nowMs)
    return () => {
      for (const key of this.#pods.keys()) if (!present.has(key)) this.#pods.delete(key)
    }
  }

  add({ podKey, container, milliCores, bytes, atMs }: Sample): void {
    const usage = this.#pods.get(podKey)?.containers.get(container)
    usage?.addCpu(milliCores, atMs)
    usage?.addMemory(bytes, atMs)
  }

  addOom({ podKey, container, bytes, atMs }: OutOfMemory): void {
    this.#pods.get(podKey)?.containers.get(container)?.addOom(bytes, atMs)
  }

  /** How many pods of a namespace a selector matches now. */
  countPods(namespace: string, selector: LabelSelector): number {
    let count = 0
    for (const { pod } of this.#pods.values()) if (isChosen(pod, namespace, selector)) count++
    return count
  }

  /** What containers of pods that a selector matches have used, by name, as new aggregates. */
  byContainer(namespace: string, selector: LabelSelector, nowMs: number): Map<string, Aggregate> {
    const sums = new Map<string, Aggregate>()
    for (const keyed of this.#aggregates.values()) {
      if (keyed.namespace !== namespace || !matchesLabels(selector, keyed.labels)) continue
      const sum = sums.get(keyed.container) ?? new Aggregate(nowMs)
      sum.merge(keyed.aggregate)
      sums.set(keyed.container, sum)
    }
    return sums
  }

  /** Takes the peaks of intervals that are not over out of what `byContainer` answered. */
  withoutPeaks(
    sums: ReadonlyMap<string, Aggregate>,
    { namespace, selector }: { readonly namespace: string; readonly selector: LabelSelector },
    nowMs: number,
  ): void {
    for (const { pod, containers } of this.#pods.values()) {
      if (!isChosen(pod, namespace, selector)) continue
      for (const [name, usage] of containers) {
        const sum = sums.get(name)
        if (sum) usage.withoutPeak(sum, nowMs)
      }
    }
  }

  /** Forgets what nothing was added to for eight days, and what is empty and of no pod that `contributes`. */
  collectGarbage(nowMs: number, contributes: (pod: Pod) => boolean): void {
    const wanted = new Set<string>()
    for (const { pod, containers } of this.#pods.values())
      if (contributes(pod)) for (const name of containers.keys()) wanted.add(aggregateKey(pod, name))
    for (const [key, { aggregate }] of this.#aggregates)
      if ((aggregate.samples === 0 && !wanted.has(key)) || aggregate.isExpired(nowMs))
        this.#aggregates.delete(key)
  }

  #setPod(pod: Pod, nowMs: number): void {
    const key = objectKey(pod)
    const state = this.#pods.get(key) ?? { pod, containers: new Map<string, ContainerUsage>() }
    state.pod = pod
    this.#pods.set(key, state)
    for (const { name } of pod.spec?.containers ?? []) {
      if (state.containers.has(name)) continue
      this.#aggregateOf(state, name, nowMs)
      state.containers.set(name, new ContainerUsage(() => this.#aggregateOf(state, name, nowMs)))
    }
  }

  #aggregateOf({ pod }: PodState, container: string, nowMs: number): Aggregate {
    const key = aggregateKey(pod, container)
    const found = this.#aggregates.get(key)
    if (found) return found.aggregate
    const aggregate = new Aggregate(nowMs)
    const { namespace = '', labels = {} } = pod.metadata
    this.#aggregates.set(key, { namespace, container, labels, aggregate })
    return aggregate
  }
}

function isChosen({ metadata }: Pod, namespace: string, selector: LabelSelector): boolean {
  return metadata.namespace === namespace && matchesLabels(selector, metadata.labels)
}

function aggregateKey({ metadata: { namespace, labels = {} } }: Pod, container: string): string {
  const text = Object.keys(labels)
    .sort()
    .map(key => `${key}=${labels[key]}`)
    .join(',')
  return `${toKey(namespace, container)} ${text}`
}
