import { sidecarsOf } from '../../api/core/pod/lifecycle.ts'
import { type Draft, kill } from './draft.ts'
import type { Ending } from './view.ts'

/** No stop is shorter than this once the grace period is used up (upstream minimumGracePeriodInSeconds). */
const graceMinSeconds = 2

/**
 * Ends a pod: first everything but the sidecars, all at once; then the sidecars, last one first; then the
 * sandbox. Grace counts from the start of the ending (KEP-753).
 */
export function planEnding(draft: Draft, ending: Ending): void {
  const { pod, observed, nowMs } = draft.view
  const running = observed.containers.filter(container => container.state === 'running')
  const sidecarOrder = sidecarsOf(pod.spec).map(({ name }) => name)
  const mains = running.filter(container => !sidecarOrder.includes(container.name))
  const usedSeconds = Math.floor((nowMs - ending.sinceMs) / 1000)
  const graceSeconds =
    ending.graceSeconds === 0 ? 0 : Math.max(graceMinSeconds, ending.graceSeconds - usedSeconds)
  for (const container of mains) kill(draft, container, graceSeconds, `Stopping container ${container.name}`)
  if (mains.length > 0) return
  const sidecar = running.sort((a, b) => sidecarOrder.indexOf(b.name) - sidecarOrder.indexOf(a.name))[0]
  if (sidecar) return kill(draft, sidecar, graceSeconds, `Stopping container ${sidecar.name}`)
  for (const container of observed.containers)
    if (container.state === 'created') draft.actions.push({ do: 'remove', id: container.id })
  const ready = observed.sandboxes.filter(sandbox => sandbox.ready)
  for (const sandbox of ready) draft.actions.push({ do: 'stopSandbox', sandbox })
  draft.ended = ready.length === 0
}
