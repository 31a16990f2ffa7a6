import type { Job } from '../../api/types/batch-v1.gen.ts'
import type { Container, Pod, PodTemplateSpec } from '../../api/types/core-v1.gen.ts'
import {
  type Action,
  attempt,
  type Plan,
  requeueAfter,
  slowStart,
  together,
} from '../../controller/actions.ts'
import { rankForDeletion } from '../apps/deletion-rank.ts'
import { jobs } from '../kinds.ts'
import { isReady, isTerminating } from '../shared/pod.ts'
import { createPod, deletePod } from '../shared/pod-control.ts'
import { pauseMs } from './job-backoff.ts'
import { pendingIndexes } from './job-indexes.ts'
import { countedCreation } from './job-metrics.ts'
import {
  failureAnnotations,
  finishedMs,
  indexAnnotation,
  indexFailures,
  indexOf,
  isIndexed,
  isSuspended,
  isTracked,
  replacesOnlyFailed,
  trackingFinalizer,
  untrack,
} from './job-pods.ts'
import { judgeFailure } from './job-policies.ts'
import { type Indexes, indexSet, type JobSituation } from './job-situation.ts'

/** job_controller.go MaxPodCreateDeletePerSync. */
const burstMax = 500
/** apiserver storage/names MaxGeneratedNameLength. */
const namePrefixMax = 58

/** What is done about a job's pods and what its status counts when that succeeds. */
export interface Managing {
  readonly acts: Plan
  readonly active: number
  readonly ready: number
  readonly terminating: number
  readonly later?: Action
}

/** As many pods as the job can use, no more (job_controller.go manageJob). */
export function managePods(situation: JobSituation): Managing {
  const { job, active } = situation
  if (isSuspended(job)) return removing(situation, forRemoval(situation, active.length))
  const wanted = wantedActive(situation)
  const surplus = forRemoval(situation, Math.max(0, active.length - wanted)).slice(0, burstMax)
  if (surplus.length > 0) return removing(situation, surplus)
  const waiting = replacesOnlyFailed(job) ? situation.terminating : 0
  const missing = wanted - waiting - active.length
  return missing > 0 ? adding(situation, missing) : unchanged(situation)
}

export function unchanged({ active, ready, terminating }: JobSituation): Managing {
  return { acts: [], active: active.length, ready, terminating }
}

function wantedActive({ job, active, succeeded }: JobSituation): number {
  const { completions, parallelism = 1 } = job.spec!
  if (completions === undefined) return succeeded > 0 ? active.length : parallelism
  return Math.max(0, Math.min(parallelism, completions - succeeded))
}

/** Deletes pods that do not count; with `keepTrack` they still do. */
export function removing(situation: JobSituation, doomed: readonly Pod[], keepTrack = false): Managing {
  const { job, active, ready, terminating } = situation
  const deletions = doomed.map(pod => {
    const deletion = deletePod(pod, jobs, job)
    return keepTrack || !isTracked(pod) ? deletion : attempt([untrack(pod), deletion], () => [])
  })
  return {
    acts: deletions.length > 0 ? [together(deletions)] : [],
    active: active.length - doomed.length,
    ready: ready - doomed.filter(isReady).length,
    terminating: terminating + doomed.length,
  }
}

/** Of an indexed job first those without a good index and those that share one. */
function forRemoval({ job, active, nowMs }: JobSituation, atLeast: number): readonly Pod[] {
  const surplus = isIndexed(job) ? duplicates(job, active, nowMs) : []
  const left = active.filter(pod => !surplus.includes(pod))
  const more = Math.max(0, atLeast - surplus.length)
  return [...surplus, ...rankForDeletion(left, [], nowMs).slice(0, more)]
}

function duplicates(job: Job, active: readonly Pod[], nowMs: number): readonly Pod[] {
  const byIndex = Map.groupBy(active, pod => indexOf(pod, job))
  return [...byIndex].flatMap(([index, sharing]) =>
    index === undefined ? sharing : rankForDeletion(sharing, [], nowMs).slice(0, -1),
  )
}

function adding(situation: JobSituation, missing: number): Managing {
  const { job, active, indexes, backoffMs } = situation
  const perIndex = indexes?.failed !== undefined
  if (!perIndex && backoffMs > 0) return waiting(situation, backoffMs)
  const count = Math.min(missing, burstMax)
  if (!indexes) {
    const template = trackedTemplate(job.spec!.template)
    const creations = Array.from({ length: count }, () =>
      countedCreation(createPod(template, jobs, job), job, situation.terminating),
    )
    return { ...unchanged(situation), acts: [slowStart(creations)], active: active.length + count }
  }
  return addingIndexes(situation, indexes, count)
}

/** Upstream counts no active pods while it waits with new ones. */
function waiting(situation: JobSituation, afterMs: number): Managing {
  return { ...unchanged(situation), active: 0, later: requeueAfter(Math.max(1_000, afterMs)) }
}

function addingIndexes(situation: JobSituation, indexes: Indexes, count: number): Managing {
  const { job, active, pods, nowMs } = situation
  const leaving = replacesOnlyFailed(job) ? indexSet(pods.filter(isTerminating), job) : new Set<number>()
  const taken = [indexes.succeeded, indexSet(active, job), leaving, indexes.failed ?? new Set<number>()]
  const pending = pendingIndexes(count, indexes.completions, taken)
  const pauses = new Map(pending.map(index => [index, indexPauseMs(indexes.held.get(index), nowMs)]))
  const now = pending.filter(index => pauses.get(index) === 0)
  if (pending.length > 0 && now.length === 0) return waiting(situation, Math.min(...pauses.values()))
  const creations = now.map(index =>
    countedCreation(createIndexed(job, index, indexes), job, situation.terminating),
  )
  return {
    ...unchanged(situation),
    acts: creations.length > 0 ? [slowStart(creations)] : [],
    active: active.length + creations.length,
  }
}

function indexPauseMs(failed: Pod | undefined, nowMs: number): number {
  if (!failed) return 0
  const { counted, ignored } = indexFailures(failed)
  return pauseMs(counted + ignored + 1, finishedMs(failed), nowMs)
}

function createIndexed(job: Job, index: number, { held, failed }: Indexes): Action {
  const { name } = job.metadata
  const template = trackedTemplate(job.spec!.template)
  const replaced = held.get(index)
  const failures = failed ? failureAnnotations(...replacedFailures(job, replaced)) : {}
  const { metadata, spec } = template
  const indexed: PodTemplateSpec = {
    metadata: {
      ...metadata,
      labels: { ...metadata?.labels, [indexAnnotation]: String(index) },
      annotations: { ...metadata?.annotations, [indexAnnotation]: String(index), ...failures },
    },
    spec: {
      ...spec!,
      hostname: `${name}-${index}`,
      containers: spec!.containers.map(withIndexVariable),
      ...(spec!.initContainers && { initContainers: spec!.initContainers.map(withIndexVariable) }),
    },
  }
  const suffix = `-${index}-`
  return createPod(indexed, jobs, job, `${name!.slice(0, namePrefixMax - suffix.length)}${suffix}`)
}

function replacedFailures(job: Job, replaced: Pod | undefined): [counted: number, ignored: number] {
  if (!replaced) return [0, 0]
  const { counted, ignored } = indexFailures(replaced)
  return judgeFailure(job, replaced).counts ? [counted + 1, ignored] : [counted, ignored + 1]
}

function trackedTemplate(template: PodTemplateSpec): PodTemplateSpec {
  const finalizers = template.metadata?.finalizers ?? []
  if (finalizers.includes(trackingFinalizer)) return template
  return { ...template, metadata: { ...template.metadata, finalizers: [...finalizers, trackingFinalizer] } }
}

const indexVariable = 'JOB_COMPLETION_INDEX'

function withIndexVariable(container: Container): Container {
  const env = container.env ?? []
  if (env.some(({ name }) => name === indexVariable)) return container
  const fieldPath = `metadata.labels['${indexAnnotation}']`
  return { ...container, env: [...env, { name: indexVariable, valueFrom: { fieldRef: { fieldPath } } }] }
}
