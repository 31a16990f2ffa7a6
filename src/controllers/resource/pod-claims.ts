import { isFinished } from '../../api/core/pod/lifecycle.ts'
import type { Pod, PodResourceClaim } from '../../api/types/core-v1.gen.ts'
import type { ResourceClaim } from '../../api/types/resource-v1.gen.ts'
import { strategicPatch } from '../../client/client.ts'
import { objectKey, toKey } from '../../client/resource.ts'
import { type Action, create, event, type Plan, patch, updateStatus } from '../../controller/actions.ts'
import { applyPlan } from '../../controller/apply.ts'
import { controllerUid, informerStores, type View } from '../../controller/view.ts'
import type { Worker } from '../../controller/worker.ts'
import { controllerOf } from '../../machinery/meta/owners.ts'
import { messageOf } from '../../std/message.ts'
import { pods, resourceClaims, resourceClaimTemplates } from '../kinds.ts'
import { claimAnnotation, countCreation, tellClaims } from './claim-metrics.ts'

/** Room for a hyphen and five characters in a name of 63. */
const prefixMax = 57
/** core/v1 ResourceClaimReservedForMaxSize. */
const reservedMax = 256

/**
 * Makes the resource claims of pods from templates, and reserves claims for pods that were bound without the
 * scheduler (upstream pkg/controller/resourceclaim, the pods' half).
 */
export const podResourceClaims: Worker = {
  name: 'resourceclaim-pods',
  identity: 'resource-claim-controller',
  eventSource: 'resource_claim',
  start(context) {
    const store = informerStores(context.informers)
    const podStore = context.use(pods).store
    const stopTelling = tellClaims(context.ports.metrics, context.use(resourceClaims).store)
    context.signal.addEventListener('abort', stopTelling, { once: true })
    const asks = (pod: Pod) => pod.spec?.resourceClaims !== undefined && !pod.metadata.deletionTimestamp
    context.watch(pods, pod => (pod && asks(pod) ? [objectKey(pod)] : []))
    context.watch(resourceClaims, (claim, old) => {
      const key = objectKey((claim ?? old)!)
      return podStore.index(claimKeysOf).get(key).filter(asks).map(objectKey)
    })
    context.watch(resourceClaimTemplates, template =>
      template ? podStore.index(templateKeysOf).get(objectKey(template)).filter(asks).map(objectKey) : [],
    )
    return async key => {
      const pod = podStore.byKey(key)
      if (!pod || !asks(pod) || isFinished(pod)) return {}
      const { error } = await applyPlan(context, planPodClaims(pod, store))
      if (error !== undefined) throw error
      return {}
    }
  },
}

/** Index projection: the templates that a pod has claims made from. */
function templateKeysOf({ metadata, spec }: Pod): string[] {
  return (spec?.resourceClaims ?? []).flatMap(({ resourceClaimTemplateName: name }) =>
    name ? [toKey(metadata.namespace, name)] : [],
  )
}

/** Index projection: the claims that a pod uses, as far as they are named. */
export function claimKeysOf(pod: Pod): string[] {
  return (pod.spec?.resourceClaims ?? []).flatMap(wanted => {
    const name = nameOf(pod, wanted)
    return name ? [toKey(pod.metadata.namespace, name)] : []
  })
}

/** The claim behind an entry: named by the pod, or written into its status when it was made. */
export function nameOf({ status }: Pod, { name, resourceClaimName }: PodResourceClaim): string | undefined {
  return (
    resourceClaimName ?? status?.resourceClaimStatuses?.find(made => made.name === name)?.resourceClaimName
  )
}

export function planPodClaims(pod: Pod, store: View['store']): Plan {
  const wanted = pod.spec?.resourceClaims ?? []
  const made = wanted.flatMap(entry => planClaim(pod, entry, store))
  return made.length > 0 || !pod.spec?.nodeName
    ? made
    : wanted.flatMap(entry => planReservation(pod, entry, store))
}

function planClaim(pod: Pod, entry: PodResourceClaim, store: View['store']): Plan {
  const { namespace, uid } = pod.metadata
  if (entry.resourceClaimTemplateName === undefined) return []
  const known = pod.status?.resourceClaimStatuses?.find(({ name }) => name === entry.name)
  // No claim was needed after all.
  if (known && known.resourceClaimName === undefined) return []
  const claims = store(resourceClaims)
  const named = known && claims.get(namespace, known.resourceClaimName!)
  if (named && isMadeFor(named, pod)) return []
  const existing = claims
    .index(controllerUid)
    .get(uid!)
    .find(({ metadata }) => metadata.annotations?.[claimAnnotation] === entry.name)
  if (existing) return [noteClaim(pod, entry, existing)]
  const template = store(resourceClaimTemplates).get(namespace, entry.resourceClaimTemplateName)
  if (!template) return fails(pod, entry, templateMissing(entry))
  const claim = newClaim(pod, entry, template.spec)
  return [
    create(resourceClaims, claim, {
      done: result => [countCreation(claim, 'success'), noteClaim(pod, entry, result as ResourceClaim)],
      failed: error => [
        countCreation(claim, 'failure'),
        ...fails(pod, entry, `create ResourceClaim : ${messageOf(error)}`),
      ],
    }),
  ]
}

function templateMissing({ resourceClaimTemplateName: name }: PodResourceClaim): string {
  return `resource claim template "${name}": resourceclaimtemplate.resource.k8s.io "${name}" not found`
}

function fails(pod: Pod, { name }: PodResourceClaim, problem: string): Plan {
  const message = `PodResourceClaim ${name}: ${problem}`
  return [event(pods, pod, { type: 'Warning', reason: 'FailedResourceClaimCreation', message })]
}

function isMadeFor(claim: ResourceClaim, { metadata }: Pod): boolean {
  return controllerOf(claim)?.uid === metadata.uid
}

function newClaim(
  pod: Pod,
  { name: entryName }: PodResourceClaim,
  template: { readonly metadata?: ResourceClaim['metadata']; readonly spec: ResourceClaim['spec'] },
): ResourceClaim {
  const { name = '', namespace, uid } = pod.metadata
  const { labels, annotations } = template.metadata ?? {}
  const whole = `${name}-${entryName}-`
  const cut = (text: string) => text.slice(0, Math.floor((text.length * prefixMax) / whole.length))
  return {
    apiVersion: 'resource.k8s.io/v1',
    kind: 'ResourceClaim',
    metadata: {
      generateName: whole.length > prefixMax ? `${cut(name)}-${cut(entryName)}` : whole,
      namespace,
      labels,
      annotations: { ...annotations, [claimAnnotation]: entryName },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name, uid: uid!, controller: true }],
    },
    spec: template.spec,
  }
}

function noteClaim(pod: Pod, { name }: PodResourceClaim, { metadata }: ResourceClaim): Action {
  const resourceClaimStatuses = [{ name, resourceClaimName: metadata.name }]
  const body = { metadata: { uid: pod.metadata.uid }, status: { resourceClaimStatuses } }
  return patch(pods, pod, { type: strategicPatch, subresource: 'status', body })
}

function planReservation(pod: Pod, entry: PodResourceClaim, store: View['store']): Plan {
  const { namespace, name, uid } = pod.metadata
  const claimName = nameOf(pod, entry)
  const claim = claimName ? store(resourceClaims).get(namespace, claimName) : undefined
  const reserved = claim?.status?.reservedFor ?? []
  const isOurs = reserved.some(consumer => consumer.uid === uid)
  if (!claim?.status?.allocation || isOurs || reserved.length >= reservedMax) return []
  if (entry.resourceClaimTemplateName !== undefined && !isMadeFor(claim, pod)) return []
  const reservedFor = [...reserved, { resource: 'pods', name: name!, uid: uid! }]
  return [updateStatus(resourceClaims, { ...claim, status: { ...claim.status, reservedFor } })]
}
