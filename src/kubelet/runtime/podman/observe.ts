import type { Observed, ObservedContainer, ObservedSandbox, PodIdentity } from '../runtime.ts'
import { labels } from './labels.ts'

/** One entry of `GET /libpod/containers/json`. Times are seconds; of an event that has not been, far in the past. */
export interface ListedContainer {
  readonly Id: string
  readonly Labels: Readonly<Record<string, string>> | null
  readonly State: string
  readonly Created: string
  readonly StartedAt: number
  readonly ExitedAt: number
  readonly ExitCode: number
  readonly Pid: number
}

/** What the engine's list does not say, by container id. */
export interface Known {
  /** Those that ran out of memory. */
  readonly oomKilled: ReadonlySet<string>
  /** How those ended of which the engine has forgotten it. */
  readonly exitCodes: ReadonlyMap<string, number>
  /** Those that it could not start, which it goes on calling created. */
  readonly startFailures: ReadonlyMap<string, StartFailure>
}

export interface StartFailure {
  readonly message: string
  readonly atMs: number
}

/** Reads the engine's list. */
export function observe(listed: readonly ListedContainer[], known: Known): Observed {
  const sandboxes: ObservedSandbox[] = []
  const containers: ObservedContainer[] = []
  for (const entry of listed) {
    const role = entry.Labels?.[labels.role]
    if (role === 'sandbox') sandboxes.push(toSandbox(entry))
    else if (role === 'container') containers.push(toContainer(entry, known))
  }
  return { sandboxes, containers }
}

function toSandbox(entry: ListedContainer): ObservedSandbox {
  return {
    id: entry.Id,
    pod: identityOf(entry),
    attempt: Number(entry.Labels?.[labels.attempt] ?? 0),
    ready: entry.State === 'running',
    createdAtMs: Date.parse(entry.Created),
    pid: entry.Pid > 0 ? entry.Pid : undefined,
  }
}

function toContainer(entry: ListedContainer, known: Known): ObservedContainer {
  const seen = seenContainer(entry, known)
  const failed = seen.state === 'created' ? known.startFailures.get(entry.Id) : undefined
  if (!failed) return seen
  const ended = { state: 'exited', finishedAtMs: failed.atMs, exitCode: notStarted } as const
  return { ...seen, ...ended, startError: failed.message }
}

/** What containerd tells of a container that it could not start. */
const notStarted = 128

function seenContainer(entry: ListedContainer, { oomKilled, exitCodes }: Known): ObservedContainer {
  const label = (name: string) => entry.Labels?.[name] || undefined
  const state = stateOf(entry)
  return {
    id: entry.Id,
    pod: identityOf(entry),
    name: label(labels.container) ?? '',
    sandboxId: label(labels.sandbox) ?? '',
    attempt: Number(label(labels.attempt) ?? 0),
    state,
    createdAtMs: Date.parse(entry.Created),
    startedAtMs: toMs(entry.StartedAt),
    finishedAtMs: state === 'exited' ? (toMs(entry.ExitedAt) ?? toMs(entry.StartedAt)) : undefined,
    exitCode: state === 'exited' ? (exitCodes.get(entry.Id) ?? exitCodeOf(entry)) : undefined,
    oomKilled: oomKilled.has(entry.Id),
    image: label(labels.image) ?? '',
    imageId: label(labels.imageId) ?? '',
    terminationMessagePath: label(labels.terminationMessagePath),
    logPath: label(labels.logPath),
  }
}

/** A machine that was switched off leaves containers behind that the engine calls created, though they have run. */
function stateOf({ State, StartedAt }: ListedContainer): ObservedContainer['state'] {
  if (State === 'running' || State === 'paused' || State === 'stopping') return 'running'
  if (State === 'exited' || State === 'stopped' || StartedAt > 0) return 'exited'
  return 'created'
}

/** Whether the engine has not seen it run. */
export function isUnstarted(entry: ListedContainer): boolean {
  return stateOf(entry) === 'created'
}

export const killedBySignal9 = 137

function exitCodeOf({ State, ExitCode }: ListedContainer): number {
  if (State !== 'exited' && State !== 'stopped') return killedBySignal9
  // The engine says -1 when it was not there to see the end.
  return ExitCode < 0 ? killedBySignal9 : ExitCode
}

function toMs(seconds: number): number | undefined {
  return seconds > 0 ? seconds * 1000 : undefined
}

function identityOf({ Labels }: ListedContainer): PodIdentity {
  return {
    uid: Labels?.[labels.podUid] ?? '',
    name: Labels?.[labels.podName] ?? '',
    namespace: Labels?.[labels.podNamespace] ?? '',
  }
}
