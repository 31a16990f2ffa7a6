import type { Resource } from '../../api/define.ts'
import type { Registry } from '../../api/registry.ts'
import { toTimestamp } from '../../client/timestamp.ts'
import { freezeLong } from '../../machinery/meta/freeze-long.ts'
import type { KubeObject } from '../../machinery/meta/object.ts'
import { forbidden, type GroupKind, type GroupResource } from '../../machinery/status/errors.ts'
import type { Clock, Ports } from '../../std/ports.ts'
import { beginWork, takeSteps } from '../../std/turns.ts'
import type { AdmissionPlugin, AdmissionRequest, RequestContext, Response, UserInfo } from '../context.ts'
import type { AdmissionMeter } from '../metrics/admission.ts'
import type { RestMeter } from '../metrics/rest-meter.ts'
import type { WatchCache } from '../watchcache/index.ts'
import type { VastJudge } from './vast-judge.ts'

/** What every verb works with; one per server. */
export interface RestDeps {
  readonly ports: Ports
  readonly cache: WatchCache
  readonly registry: Registry
  readonly admission: readonly AdmissionPlugin[]
  readonly meter: AdmissionMeter
  readonly measured: RestMeter
  /** A watch without `timeoutSeconds` lasts once to twice this long. */
  readonly watchTimeoutMinMs: number
  /** Behaviour of subresources, by `Subresource.connector`. */
  readonly connectors: ReadonlyMap<string, Connector>
  /** Hooks that need a view of the whole cluster, by `Strategy.allocator`. */
  readonly allocators: ReadonlyMap<string, Allocator>
  /** Answers of kinds that are never stored (reviews), by `<plural>.<group>`. */
  readonly reviewers: ReadonlyMap<string, Reviewer>
  /** Answers get and list of kinds whose objects are made when asked for, by `Resource.reader`. */
  readonly readers: ReadonlyMap<string, Reader>
  /** Absent where nobody else is kept waiting. */
  readonly vastJudge?: VastJudge | undefined
}

export type Connector = (call: RestCall) => Promise<Response>
export type Reader = (call: RestCall) => Promise<Response>

/** Fills an object before it is validated. */
export interface Allocator {
  /** Undefined where nothing was taken or is to be given back. A dry run takes nothing. */
  allocate(
    object: KubeObject,
    old: KubeObject | undefined,
    isDryRun: boolean,
  ): Promise<Allocation> | Allocation | undefined
  /** Gives back what an object that is gone had. */
  release(object: KubeObject): Promise<void>
}

/** How an allocation ends: one of both is called once. */
export interface Allocation {
  /** The object was written. */
  commit(): Promise<void>
  /** It was not. */
  revert(): Promise<void>
}

/**
 * Answers a POST of a review; `object` is a private copy that it completes. What is sound `admit` shows to the
 * validating plugins, before anything is answered.
 */
export type Reviewer = (
  object: KubeObject,
  user: UserInfo,
  context: RequestContext,
  admit: () => Promise<void>,
) => Promise<KubeObject>

/** One resource request below the chain. */
export interface RestCall {
  readonly deps: RestDeps
  readonly context: RequestContext
  readonly resource: Resource
}

export function groupResource({ group, plural }: Resource): GroupResource {
  return { group, resource: plural }
}

/** Nothing new comes of a definition that is being deleted (apiextensions-apiserver forbidCreateAdmission). */
export function requireLasting({ resource, context }: RestCall, { metadata }: KubeObject): void {
  if (!resource.custom?.isTerminating) return
  const name = context.info.name || metadata.name || ''
  const reason = 'create not allowed while custom resource definition is terminating'
  throw forbidden(groupResource(resource), name, reason)
}

/** As upstream names it in failures: the group in which the kind lives, whatever group it is served in. */
export function groupKind({ storage, kind }: Resource): GroupKind {
  return { group: storage.group, kind }
}

/** Stands between two steps of a write: others have their turn there while this one is about a large body. */
export function turn({ context }: RestCall): Promise<void> | undefined {
  return context.breathe?.()
}

/** Freezes with pauses what is long of an object that is about to be kept or shown. */
export function settleLong(
  { context: { breathe } }: RestCall,
  object: KubeObject,
): Promise<void> | undefined {
  return breathe && takeSteps(freezeLong(object), breathe)
}

/** Finds out, with pauses, what the validation of a custom object will say: users write its rules. */
export function judge(
  { resource, context, deps }: RestCall,
  object: KubeObject,
  old: KubeObject | undefined,
): Promise<void> | undefined {
  const steps = resource.custom?.judge?.(object, old, context.info.subresource)
  return steps && takeSteps(steps, context.breathe ?? beginWork(deps.ports.clock))
}

export function isDryRun({ context }: RestCall): boolean {
  return (context.options.dryRun?.length ?? 0) > 0
}

/** Now, as metadata writes it: RFC 3339 in whole seconds. */
export function timestamp(clock: Clock, offsetSeconds = 0): string {
  const offsetMs =
    Math.abs(offsetSeconds) < durationSecondsMax ? offsetSeconds * 1000 : wrapped(offsetSeconds)
  return toTimestamp(clock.nowMs() + offsetMs)
}

/** Go counts a duration in nanoseconds of an int64. */
const durationSecondsMax = 9_223_372_036

function wrapped(seconds: number): number {
  return Number(BigInt.asIntN(64, BigInt(Math.trunc(seconds)) * 1_000_000_000n)) / 1e6
}

type Operation = Pick<AdmissionRequest, 'operation' | 'object' | 'oldObject'> &
  Partial<Pick<AdmissionRequest, 'dryRun' | 'deleteOptions'>>

/** Lets the mutating plugins at the object, in order; a second time when one of the last ones asked for it. */
export async function admitMutating(call: RestCall, operation: Operation): Promise<void> {
  const request = toAdmission(call, operation)
  const { reinvocation } = request
  await admitOnce(call, request)
  if (!reinvocation.isWanted) return
  reinvocation.isReinvoke = true
  await admitOnce(call, request)
}

function admitOnce(call: RestCall, request: AdmissionRequest): Promise<void> {
  return runStep(call, request, 'admit')
}

/** Asks the validating plugins; the first one that refuses throws. */
export async function admitValidating(call: RestCall, operation: Operation): Promise<void> {
  await runStep(call, toAdmission(call, operation), 'validate')
}

async function runStep({ deps, context }: RestCall, request: AdmissionRequest, step: 'admit' | 'validate') {
  const { admission, meter, ports } = deps
  const { breathe } = context
  const { operation } = request
  const startMs = ports.clock.monotonicMs()
  let sinceMs = startMs
  for (const plugin of admission) {
    if (!plugin[step] || !plugin.handles(request)) continue
    try {
      const pending = plugin[step](request)
      if (pending) await pending
      if (breathe) await breathe()
    } catch (error) {
      const nowMs = ports.clock.monotonicMs()
      meter.plugin(plugin.name, step, operation, true, nowMs - sinceMs)
      meter.step(step, operation, true, nowMs - startMs)
      throw error
    }
    const nowMs = ports.clock.monotonicMs()
    meter.plugin(plugin.name, step, operation, false, nowMs - sinceMs)
    sinceMs = nowMs
  }
  meter.step(step, operation, false, sinceMs - startMs)
}

function toAdmission(call: RestCall, { operation, object, oldObject, ...more }: Operation): AdmissionRequest {
  const { context, resource, deps } = call
  const { info, options, user, warnings } = context
  const name = info.name || (object?.metadata?.name ?? '')
  const named = name === info.name ? info : { ...info, name }
  return {
    operation,
    resource,
    kind: kindOf(resource, info.subresource),
    info: named,
    user,
    object,
    oldObject,
    dryRun: isDryRun(call),
    options,
    ...more,
    warnings,
    context,
    registry: deps.registry,
    reinvocation: { isReinvoke: false, isWanted: false },
  }
}

function kindOf(resource: Resource, subresource: string): AdmissionRequest['kind'] {
  if (subresource === '') return resource
  const found = resource.subresources.find(({ name }) => name === subresource)
  return found?.kind ?? resource
}
