import type { Pod, PodStatus } from '../../api/types/core-v1.gen.ts'
import { type PodPlan, podFullName } from './draft.ts'
import type { PodEnvironment } from './environment.ts'
import { rolesOf } from './view.ts'

/** Tells once for each end that a container waits before its next start (upstream doBackOff). */
export function tellBackoffs(
  events: PodEnvironment['events'],
  { pod, plan, old }: { readonly pod: Pod; readonly plan: PodPlan; readonly old: PodStatus },
): void {
  const told = [...(old.initContainerStatuses ?? []), ...(old.containerStatuses ?? [])]
  for (const { container } of rolesOf(pod)) {
    const before = told.find(({ name }) => name === container.name)?.state?.waiting?.reason
    if (before === backoff || plan.waiting.get(container.name)?.reason !== backoff) continue
    const message = `Back-off restarting failed container ${container.name} in pod ${podFullName(pod)}(${pod.metadata.uid})`
    events({ pod, container }, { type: 'Warning', reason: 'BackOff', message })
  }
}

const backoff = 'CrashLoopBackOff'
