import type { Container, ContainerState, ContainerStatus, Pod } from '../../api/types/core-v1.gen.ts'
import { toTimestamp } from '../../client/timestamp.ts'
import { actuatedResources } from '../pod/resize.ts'
import { shouldRestart } from '../pod/restart.ts'
import { containersNamed, type PodView, type Role } from '../pod/view.ts'
import type { ObservedContainer } from '../runtime/runtime.ts'

export interface StatusInput {
  readonly view: PodView
  readonly waiting: ReadonlyMap<string, { readonly reason: string; readonly message: string }>
  /** The last status that was computed, or what the API server shows. */
  readonly old: ReadonlyMap<string, ContainerStatus>
  readonly terminationMessage: (container: ObservedContainer) => string | undefined
  /** Prefix of container ids: `podman`. */
  readonly runtimeName: string
}

/** The status of one container from what the runtime shows (upstream convertToAPIContainerStatuses). */
export function containerStatus(input: StatusInput, container: Container, role: Role): ContainerStatus {
  const { view, old, waiting } = input
  const [newest, previous] = containersNamed(view.observed, container.name)
  const before = old.get(container.name)
  const status = newest ? seenStatus(input, newest, previous) : unseenStatus(input, container, before)
  const why = waiting.get(container.name) ?? view.failures.get(container.name)
  if (why && mayStartAgain(view, container, role, newest)) {
    if (status.state?.terminated) status.lastState = status.state
    status.state = { waiting: { reason: why.reason, ...(why.message ? { message: why.message } : {}) } }
  }
  setReadiness({ view, status, role, newest })
  if (!status.lastState)
    status.lastState = before?.containerID === status.containerID ? (before?.lastState ?? {}) : {}
  const volumeMounts = volumeMountStatuses(container)
  return {
    ...(newest && container.resources?.requests ? { allocatedResources: container.resources.requests } : {}),
    ...(newest ? { resources: resourcesInForce(view, container, newest) } : {}),
    ...(volumeMounts ? { volumeMounts } : {}),
    ...status,
  }
}

/** What a running container has; of one that ended, what it was granted. */
function resourcesInForce(
  { resize }: PodView,
  container: Container,
  newest: ObservedContainer,
): ContainerStatus['resources'] {
  const actuated =
    resize && newest.state === 'running' ? actuatedResources(resize, newest) : container.resources
  return actuated ?? container.resources ?? {}
}

function mayStartAgain(
  view: PodView,
  container: Container,
  role: Role,
  newest: ObservedContainer | undefined,
): boolean {
  if (!newest || newest.state === 'created') return true
  if (newest.state === 'running') return false
  if (role === 'sidecar') return true
  if (role === 'init' && newest.exitCode === 0) return false
  return shouldRestart(container, view.pod, newest.exitCode ?? 0)
}

function seenStatus(
  input: StatusInput,
  newest: ObservedContainer,
  previous: ObservedContainer | undefined,
): ContainerStatus {
  const lastState = previous?.state === 'exited' ? stateOf(input, previous) : undefined
  return {
    name: newest.name,
    state: stateOf(input, newest),
    ...(lastState ? { lastState } : {}),
    ready: false,
    restartCount: newest.attempt,
    image: newest.image,
    imageID: newest.imageId,
    containerID: `${input.runtimeName}://${newest.id}`,
  }
}

function stateOf(input: StatusInput, container: ObservedContainer): ContainerState {
  if (container.state === 'created') return { waiting: {} }
  if (container.state === 'running')
    return { running: { startedAt: toTimestamp(container.startedAtMs ?? container.createdAtMs) } }
  const exitCode = container.exitCode ?? 0
  const message = lastWords(input, container)
  return {
    terminated: {
      exitCode,
      reason: endReason(container, exitCode),
      ...(message ? { message } : {}),
      // Upstream's zero time of what has never run.
      startedAt: toTimestamp(container.startError ? 0 : (container.startedAtMs ?? container.createdAtMs)),
      finishedAt: toTimestamp(container.finishedAtMs ?? container.createdAtMs),
      containerID: `${input.runtimeName}://${container.id}`,
    },
  }
}

/** Reasons of the runtimes below a kubelet. */
function endReason({ startError, oomKilled }: ObservedContainer, exitCode: number): string {
  if (startError) return 'StartError'
  if (oomKilled) return 'OOMKilled'
  return exitCode === 0 ? 'Completed' : 'Error'
}

/** Read once: the file goes with the pod's directory when the pod is over. */
function lastWords({ old, terminationMessage, runtimeName }: StatusInput, container: ObservedContainer) {
  const id = `${runtimeName}://${container.id}`
  const { state, lastState } = old.get(container.name) ?? {}
  const known = [state, lastState].find(({ terminated } = {}) => terminated?.containerID === id)
  return known?.terminated?.message ?? container.startError ?? terminationMessage(container)
}

/** Nothing of this name is there: not yet, or no more. What ran before must not look as if it had never run. */
function unseenStatus(
  { view }: StatusInput,
  container: Container,
  before: ContainerStatus | undefined,
): ContainerStatus {
  if (before?.state?.terminated) return structuredClone(before)
  const reason = (view.pod.spec?.initContainers?.length ?? 0) > 0 ? 'PodInitializing' : 'ContainerCreating'
  const status: ContainerStatus = {
    name: container.name,
    state: { waiting: { reason } },
    ...(before?.lastState ? { lastState: before.lastState } : {}),
    ready: false,
    restartCount: before?.restartCount ?? 0,
    image: container.image ?? '',
    imageID: '',
  }
  if (!before?.state?.running || before.lastState?.terminated) return status
  const message =
    'The container could not be located when the pod was deleted.  The container used to be Running'
  const restartCount = status.restartCount + (view.pod.metadata.deletionTimestamp ? 0 : 1)
  return {
    ...status,
    restartCount,
    lastState: { terminated: { reason: 'ContainerStatusUnknown', message, exitCode: 137 } },
  }
}

interface ReadinessInput {
  readonly view: PodView
  readonly status: ContainerStatus
  readonly role: Role
  readonly newest: ObservedContainer | undefined
}

/** Upstream prober_manager UpdatePodStatus: an init container is ready once it has succeeded. */
function setReadiness({ view, status, role, newest }: ReadinessInput): void {
  const running = newest?.state === 'running' && status.state?.running !== undefined
  if (role === 'ephemeral') return
  if (role === 'init') {
    status.ready = status.state?.terminated?.exitCode === 0
    status.started = running
    return
  }
  const verdict = running && newest ? view.probe(newest) : undefined
  status.started = verdict?.started ?? false
  status.ready = (verdict?.started && verdict.ready) ?? false
}

function volumeMountStatuses(container: Container): ContainerStatus['volumeMounts'] {
  return container.volumeMounts?.map(({ name, mountPath, readOnly }) => ({
    name,
    mountPath,
    ...(readOnly ? { readOnly, recursiveReadOnly: 'Disabled' } : {}),
  }))
}

/** All statuses of one list of a pod's spec; application containers come sorted by name, as upstream's. */
export function containerStatuses(
  input: StatusInput,
  pod: Pod,
  role: 'init' | 'app' | 'ephemeral',
): ContainerStatus[] {
  if (role === 'init')
    return (pod.spec?.initContainers ?? []).map(container =>
      containerStatus(input, container, container.restartPolicy === 'Always' ? 'sidecar' : 'init'),
    )
  const list = role === 'app' ? pod.spec?.containers : pod.spec?.ephemeralContainers
  const statuses = (list ?? []).map(container => containerStatus(input, container, role))
  return statuses.sort((a, b) => (a.name < b.name ? -1 : 1))
}
