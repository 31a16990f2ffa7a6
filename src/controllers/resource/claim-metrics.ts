import type { ResourceClaim } from '../../api/types/resource-v1.gen.ts'
import type { ObjectStore } from '../../client/object-store.ts'
import { type Action, measure } from '../../controller/actions.ts'
import type { MetricSpec, Metrics } from '../../std/metrics.ts'
import type { Cancel } from '../../std/ports.ts'
import { tellCounts } from '../shared/told-counts.ts'

/** Upstream's names and labels (pkg/controller/resourceclaim/metrics). */
const creates: MetricSpec = {
  name: 'resourceclaim_controller_creates_total',
  help: 'Resource claims that were to be made for pods, by what came of it.',
  labels: ['status', 'admin_access'],
  stability: 'ALPHA',
}
const there: MetricSpec = {
  name: 'resourceclaim_controller_resource_claims',
  help: 'Resource claims that there are, by whether they have devices and what they were made from.',
  labels: ['allocated', 'admin_access', 'source'],
  stability: 'ALPHA',
}

/** Says which entry of its pod a claim was made for. */
export const claimAnnotation = 'resource.kubernetes.io/pod-claim-name'

export function countCreation(claim: ResourceClaim, status: 'success' | 'failure'): Action {
  return measure(metrics =>
    metrics
      .counter(creates)
      .with(status, String(asksForAdmin(claim)))
      .inc(),
  )
}

/** Tells at each reading how many claims there are. */
export function tellClaims(metrics: Metrics, store: ObjectStore<ResourceClaim>): Cancel {
  return tellCounts(metrics, there, () => store.list(), labelsOf)
}

function labelsOf(claim: ResourceClaim): string[] {
  const isMade = claim.metadata.annotations?.[claimAnnotation] !== undefined
  const allocated = claim.status?.allocation !== undefined
  return [String(allocated), String(asksForAdmin(claim)), isMade ? 'resource_claim_template' : '']
}

function asksForAdmin({ spec }: ResourceClaim): boolean {
  return (spec?.devices?.requests ?? []).some(({ exactly }) => exactly?.adminAccess === true)
}
