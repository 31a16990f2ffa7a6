import { isDeepStrictEqual } from 'node:util'
import { isMirrorPod } from '../../api/core/pod/annotations.ts'
import type { TokenRequest } from '../../api/types/authentication-v1.gen.ts'
import type { CertificateSigningRequest } from '../../api/types/certificates-v1.gen.ts'
import type { Node, PersistentVolume, PersistentVolumeClaim, Pod } from '../../api/types/core-v1.gen.ts'
import type { CSIDriver } from '../../api/types/storage-v1.gen.ts'
import { quote } from '../../machinery/meta/quote.ts'
import { notFound } from '../../machinery/status/errors.ts'
import type { NodeOwned } from '../authz/node-graph.ts'
import { isNodeUser, nodeNameOf } from '../authz/node-identity.ts'
import type { AdmissionPlugin, AdmissionRequest, Authorizer } from '../context.ts'
import type { Lister } from '../lister.ts'
import { requestFacts } from '../pki/issue.ts'
import { apiReference } from './mirror-pod.ts'
import { type CertificatePorts, restrictPodCertificate } from './node-certificates.ts'
import { forbiddenLabels } from './node-labels.ts'
import { requestsAudience } from './pod-audience.ts'
import { refusal } from './refusal.ts'

export interface NodeRestrictionPorts extends CertificatePorts {
  readonly claims: Lister<PersistentVolumeClaim>
  readonly volumes: Lister<PersistentVolume>
  readonly csiDrivers: Lister<CSIDriver>
  readonly authorize: Authorizer
}

/** One request of one kubelet; `refuse` throws in upstream's words. */
interface NodeWrite {
  readonly request: AdmissionRequest
  readonly node: string
  readonly ports: NodeRestrictionPorts
  refuse(message: string): never
}

type Restriction = (write: NodeWrite) => void | Promise<void>

const restrictions: Readonly<Record<string, Restriction>> = {
  '/pods': restrictPods,
  '/nodes': restrictNode,
  '/persistentvolumeclaims': restrictClaim,
  '/serviceaccounts': restrictToken,
  'certificates.k8s.io/certificatesigningrequests': restrictCertificate,
  'certificates.k8s.io/podcertificaterequests': restrictPodCertificate,
  'coordination.k8s.io/leases': restrictLease,
  'resource.k8s.io/resourceslices': restrictResourceSlice,
  'storage.k8s.io/csinodes': restrictCsiNode,
}

/**
 * A kubelet writes only its own node and what belongs to the pods bound to it
 * (plugin/pkg/admission/noderestriction); together with the Node authorizer a stolen node stays one node.
 */
export function nodeRestriction(ports: NodeRestrictionPorts): AdmissionPlugin {
  return {
    name: 'NodeRestriction',
    handles: ({ user, operation }) => operation !== 'CONNECT' && isNodeUser(user),
    async admit(request) {
      const refuse = (message: string): never => {
        throw refusal(request, message)
      }
      const node = nodeNameOf(request.user)
      if (!node) return refuse(`could not determine node from user ${quote(request.user.username)}`)
      await restrictions[`${request.resource.group}/${request.resource.plural}`]?.({
        request,
        node,
        ports,
        refuse,
      })
    },
  }
}

function restrictPods(write: NodeWrite): void {
  const { subresource } = write.request.info
  if (subresource === '') return restrictPod(write)
  if (subresource === 'status') return restrictPodStatus(write)
  if (subresource === 'eviction') return restrictEviction(write)
  write.refuse(`unexpected pod subresource ${quote(subresource)}, only 'status' and 'eviction' are allowed`)
}

function restrictPod(write: NodeWrite): void {
  const { request, node, refuse } = write
  if (request.operation === 'CREATE') return restrictPodCreate(write)
  if (request.operation !== 'DELETE') {
    refuse(
      `unexpected operation ${quote(request.operation)}, node ${quote(node)} can only create and delete mirror pods`,
    )
  }
  if (existingPod(write, request.info.name).spec?.nodeName === node) return
  refuse(`node ${quote(node)} can only delete pods with spec.nodeName set to itself`)
}

/** Upstream's listers name what they do not find in the singular. */
function existingPod({ request, ports }: NodeWrite, name: string): Pod {
  const pod = ports.pods.get(request.info.namespace, name)
  if (!pod) throw notFound({ group: '', resource: 'pod' }, name)
  return pod
}

function restrictPodCreate(write: NodeWrite): void {
  const { request, node, refuse } = write
  const pod = request.object as Pod
  if (!isMirrorPod(pod)) {
    refuse(
      `pod does not have "kubernetes.io/config.mirror" annotation, node ${quote(node)} can only create mirror pods`,
    )
  }
  if (pod.spec?.nodeName !== node)
    refuse(`node ${quote(node)} can only create pods with spec.nodeName set to itself`)
  checkOwner(write, pod)
  const reference = apiReference(pod)
  if (reference?.unknown) refuse(`error checking mirror pod for API references: ${reference.unknown}`)
  if (reference) refuse(`node ${quote(node)} can not create pods that reference ${reference.resource}`)
}

function checkOwner({ node, ports, refuse }: NodeWrite, pod: Pod): void {
  const [owner, ...others] = pod.metadata.ownerReferences ?? []
  const rule = (text: string) => refuse(`node ${quote(node)} ${text}`)
  if (others.length) return rule('can only create pods with a single owner reference set to itself')
  if (owner?.apiVersion !== 'v1' || owner.kind !== 'Node' || owner.name !== node) {
    return rule('can only create pods with an owner reference set to itself')
  }
  if (!owner.controller) return rule('can only create pods with a controller owner reference set to itself')
  if (owner.blockOwnerDeletion) return rule('must not set blockOwnerDeletion on an owner reference')
  const existing = ports.nodes.get('', node)
  if (!existing) throw notFound({ group: '', resource: 'node' }, node)
  const { uid } = existing.metadata
  if (owner.uid !== uid) refuse(`node ${node} UID mismatch: expected ${owner.uid} got ${uid}`)
}

function restrictPodStatus({ request, node, refuse }: NodeWrite): void {
  if (request.operation !== 'UPDATE') refuse(`unexpected operation ${quote(request.operation)}`)
  const pod = request.object as Pod
  const old = request.oldObject as Pod
  const which = `node ${quote(node)}`
  if (old.spec?.nodeName !== node) {
    refuse(`${which} can only update pod status for pods with spec.nodeName set to itself`)
  }
  if (!isDeepStrictEqual(pod.metadata.labels ?? {}, old.metadata.labels ?? {})) {
    refuse(`${which} cannot update labels through pod status`)
  }
  if (!isDeepStrictEqual(pod.status?.resourceClaimStatuses ?? [], old.status?.resourceClaimStatuses ?? [])) {
    refuse(`${which} cannot update resource claim statues`)
  }
  if (!isDeepStrictEqual(pod.status?.extendedResourceClaimStatus, old.status?.extendedResourceClaimStatus)) {
    refuse(`${which} cannot update extended resource claim status`)
  }
}

function restrictEviction(write: NodeWrite): void {
  const { request, node, refuse } = write
  if (request.operation !== 'CREATE') refuse(`unexpected operation ${request.operation}`)
  const name = request.info.name || request.object?.metadata?.name
  if (!name) return refuse('could not determine pod from request data')
  if (existingPod(write, name).spec?.nodeName === node) return
  refuse(`node ${node} can only evict pods with spec.nodeName set to itself`)
}

function restrictNode({ request, node, refuse }: NodeWrite): void {
  const { operation, info, oldObject } = request
  const object = request.object as Node | undefined
  const requested = info.name || object?.metadata.name || ''
  if (requested !== node) refuse(`node ${quote(node)} is not allowed to modify node ${quote(requested)}`)
  if (!object) return
  const old = oldObject as Node | undefined
  const labels = forbiddenLabels(object.metadata.labels ?? {}, old?.metadata.labels ?? {}).join(', ')
  if (operation === 'CREATE') {
    if (object.spec?.configSource) {
      refuse(`node ${quote(node)} is not allowed to create pods with a non-nil configSource`)
    }
    if (labels) refuse(`node ${quote(node)} is not allowed to set the following labels: ${labels}`)
    return
  }
  if (object.spec?.configSource && !isDeepStrictEqual(object.spec.configSource, old?.spec?.configSource)) {
    refuse(`node ${quote(node)} is not allowed to update configSource to a new non-nil configSource`)
  }
  if (!isDeepStrictEqual(object.spec?.taints ?? [], old?.spec?.taints ?? [])) {
    refuse(`node ${quote(node)} is not allowed to modify taints`)
  }
  if (!isDeepStrictEqual(object.metadata.ownerReferences ?? [], old?.metadata.ownerReferences ?? [])) {
    refuse(`node ${quote(node)} is not allowed to modify ownerReferences`)
  }
  if (labels) refuse(`is not allowed to modify labels: ${labels}`)
}

function restrictClaim({ request, node, refuse }: NodeWrite): void {
  if (request.info.subresource !== 'status') return refuse('may only update PVC status')
  if (request.operation !== 'UPDATE') refuse(`unexpected operation ${quote(request.operation)}`)
  const relevant = (claim: PersistentVolumeClaim) => {
    const { resourceVersion, managedFields, ...metadata } = claim.metadata
    const { capacity, conditions, allocatedResourceStatuses, allocatedResources, ...status } =
      claim.status ?? {}
    return { ...claim, metadata, status }
  }
  const unchanged = isDeepStrictEqual(
    relevant(request.object as PersistentVolumeClaim),
    relevant(request.oldObject as PersistentVolumeClaim),
  )
  if (unchanged) return
  refuse(
    `node ${quote(node)} is not allowed to update fields other than status.quantity and status.conditions`,
  )
}

async function restrictToken({ request, node, ports, refuse }: NodeWrite): Promise<void> {
  if (request.operation !== 'CREATE' || request.info.subresource !== 'token') return
  const { boundObjectRef: reference, audiences = [] } = (request.object as TokenRequest).spec
  if (reference?.apiVersion !== 'v1' || reference.kind !== 'Pod' || !reference.name) {
    return refuse('node requested token not bound to a pod')
  }
  if (!reference.uid) return refuse('node requested token with a pod binding without a uid')
  const pod = ports.pods.get(request.info.namespace, reference.name)
  if (!pod) throw notFound({ group: '', resource: 'pod' }, reference.name)
  if (reference.uid !== pod.metadata.uid) {
    refuse(
      `the UID in the bound object reference (${reference.uid}) does not match the UID in record. The object might have been deleted and then recreated`,
    )
  }
  if (pod.spec?.nodeName !== node) refuse('node requested token bound to a pod scheduled on a different node')
  if (audiences.length > 1) refuse('node may only request 0 or 1 audiences')
  const audience = audiences[0] ?? ''
  try {
    if (requestsAudience(pod, audience, ports)) return
  } catch (error) {
    refuse(`error validating audience ${quote(audience)}: ${(error as Error).message}`)
  }
  const info = {
    ...request.info,
    verb: 'request-serviceaccounts-token-audience',
    group: '',
    version: 'v1',
    resource: audience,
    subresource: '',
  }
  const { decision } = await ports.authorize({ user: request.user, info })
  if (decision === 'allow') return
  refuse(
    `audience ${quote(audience)} not found in pod spec volume, ${request.user.username} is not authorized to request tokens for this audience`,
  )
}

const kubeletSigners: ReadonlySet<string> = new Set([
  'kubernetes.io/kubelet-serving',
  'kubernetes.io/kube-apiserver-client-kubelet',
])

async function restrictCertificate({ request, node, refuse }: NodeWrite): Promise<void> {
  if (request.operation !== 'CREATE') return
  const { signerName, request: encoded } = (request.object as CertificateSigningRequest).spec
  if (!kubeletSigners.has(signerName)) return
  const facts = await requestFacts(Buffer.from(encoded, 'base64').toString()).catch((error: Error) =>
    refuse(`unable to parse csr: ${error.message}`),
  )
  if (facts.commonName === `system:node:${node}`) return
  refuse(`can only create a node CSR with CN=system:node:${node}`)
}

function restrictLease({ request, node, refuse }: NodeWrite): void {
  if (request.info.namespace !== 'kube-node-lease') {
    refuse('can only access leases in the "kube-node-lease" system namespace')
  }
  if (writtenName(request) === node) return
  refuse('can only access node lease with the same name as the requesting node')
}

function restrictCsiNode({ request, node, refuse }: NodeWrite): void {
  if (writtenName(request) === node) return
  refuse('can only access CSINode with the same name as the requesting node')
}

function writtenName({ operation, info, object }: AdmissionRequest): string | undefined {
  return operation === 'CREATE' ? object?.metadata.name : info.name
}

function restrictResourceSlice({ request, node, refuse }: NodeWrite): void {
  const { operation, object, oldObject } = request
  if (operation === 'UPDATE') return
  const slice = (operation === 'CREATE' ? object : oldObject) as NodeOwned | undefined
  if (slice?.spec?.nodeName === node) return
  refuse(`can only ${operation.toLowerCase()} ResourceSlice with the same NodeName as the requesting node`)
}
