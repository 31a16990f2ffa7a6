import type { ObjectReference } from '../api/types/core-v1.gen.ts'
import type { ApplyOptions, DeleteOptions, Patch } from '../client/client.ts'
import { type EventNote, referenceTo } from '../client/events.ts'
import type { ResourceName, ResourceRef } from '../client/resource.ts'
import type { KubeObject } from '../machinery/meta/object.ts'
import type { Metrics } from '../std/metrics.ts'

/**
 * What a plan wants done. Actions of a plan run in order; the first that fails ends it and the key is tried
 * again later. Writes of an object that is gone meanwhile, or into a namespace that is being deleted, end quietly.
 */
export type Action =
  | {
      readonly do: 'create'
      readonly resource: ResourceName
      readonly object: KubeObject
      readonly outcome: Outcome
    }
  | {
      readonly do: 'update'
      readonly resource: ResourceName
      readonly object: KubeObject
      readonly status: boolean
    }
  | {
      readonly do: 'patch'
      readonly resource: ResourceName
      readonly object: KubeObject
      readonly patch: Patch
    }
  | {
      readonly do: 'apply'
      readonly resource: ResourceName
      readonly object: KubeObject
      readonly options: ApplyOptions
    }
  | {
      readonly do: 'delete'
      readonly resource: ResourceName
      readonly object: KubeObject
      readonly options: DeleteOptions
      readonly outcome: Outcome
    }
  | { readonly do: 'event'; readonly about: ObjectReference; readonly note: EventNote }
  | { readonly do: 'requeue'; readonly afterMs: number }
  /** Counts what the actions before it have done. */
  | { readonly do: 'measure'; readonly tell: (metrics: Metrics) => void }
  /** Asks the server itself whether the object is still the one seen and not being deleted; if not, the plan ends. */
  | { readonly do: 'confirm'; readonly resource: ResourceName; readonly object: KubeObject }
  /** At the same time; with `slowStart` in batches of 1, 2, 4, … of which the first with a failure is the last. */
  | { readonly do: 'together'; readonly actions: readonly Action[]; readonly slowStart: boolean }
  /** Goes on with what `settled` says whatever happened; a failure still fails the plan afterwards. */
  | {
      readonly do: 'attempt'
      readonly actions: readonly Action[]
      readonly settled: (errors: readonly unknown[]) => Plan
    }

export type Plan = readonly Action[]

/** Follow-up actions of one write; a failure stays a failure. */
export interface Outcome {
  readonly done?: (result: KubeObject) => Plan
  readonly failed?: (error: unknown) => Plan
}

export function create<T extends KubeObject>(
  resource: ResourceRef<T>,
  object: T,
  outcome: Outcome = {},
): Action {
  return { do: 'create', resource, object, outcome }
}

/** `object` carries the resourceVersion that the plan saw. */
export function update<T extends KubeObject>(resource: ResourceRef<T>, object: T): Action {
  return { do: 'update', resource, object, status: false }
}

export function updateStatus<T extends KubeObject>(resource: ResourceRef<T>, object: T): Action {
  return { do: 'update', resource, object, status: true }
}

export function patch<T extends KubeObject>(resource: ResourceRef<T>, object: T, document: Patch): Action {
  return { do: 'patch', resource, object, patch: document }
}

/**
 * Has `fieldManager` own exactly these fields of `object`, whoever owns them now (server-side apply by force); its uid
 * keeps an object that is gone meanwhile from being made anew.
 */
export function applyFields<T extends KubeObject>(
  resource: ResourceRef<T>,
  object: T,
  fields: Partial<T>,
  options: Pick<ApplyOptions, 'fieldManager' | 'subresource'>,
): Action {
  const { name, namespace, uid } = object.metadata
  const metadata = { name, ...(namespace && { namespace }), uid }
  return { do: 'apply', resource, object: { ...fields, metadata }, options: { ...options, force: true } }
}

/** Deletes this very object: its uid is a precondition unless `options` say otherwise. */
export function remove<T extends KubeObject>(
  resource: ResourceRef<T>,
  object: T,
  options: DeleteOptions = {},
  outcome: Outcome = {},
): Action {
  return {
    do: 'delete',
    resource,
    object,
    options: { preconditions: { uid: object.metadata.uid }, ...options },
    outcome,
  }
}

export function event(resource: ResourceName, object: KubeObject, note: EventNote): Action {
  return { do: 'event', about: referenceTo(resource, object), note }
}

export function requeueAfter(afterMs: number): Action {
  return { do: 'requeue', afterMs }
}

/** Counts something once all that comes before it in the plan has succeeded. */
export function measure(tell: (metrics: Metrics) => void): Action {
  return { do: 'measure', tell }
}

export function confirm(resource: ResourceName, object: KubeObject): Action {
  return { do: 'confirm', resource, object }
}

export function together(actions: readonly Action[]): Action {
  return { do: 'together', actions, slowStart: false }
}

export function slowStart(actions: readonly Action[]): Action {
  return { do: 'together', actions, slowStart: true }
}

export function attempt(actions: readonly Action[], settled: (errors: readonly unknown[]) => Plan): Action {
  return { do: 'attempt', actions, settled }
}
