import { isMirrorPod } from '../../api/core/pod/annotations.ts'
import type { PodCertificateRequest } from '../../api/types/certificates-v1beta1.gen.ts'
import type { Node, Pod, ServiceAccount } from '../../api/types/core-v1.gen.ts'
import { quote } from '../../machinery/meta/quote.ts'
import { plainFailure } from '../../machinery/status/errors.ts'
import type { AdmissionRequest } from '../context.ts'
import type { Lister } from '../lister.ts'

export interface CertificatePorts {
  readonly pods: Lister<Pod>
  readonly nodes: Lister<Node>
  readonly serviceAccounts: Lister<ServiceAccount>
  /** Whether the gate PodCertificateRequest is on. */
  readonly podCertificates: boolean
}

interface CertificateWrite {
  readonly request: AdmissionRequest
  readonly node: string
  readonly ports: CertificatePorts
  refuse(message: string): never
}

/**
 * A kubelet asks for certificates of pods that run on it, under the service accounts that they have. What may be told by
 * an informer that lags behind is a 500, so that it is tried again (noderestriction admitPodCertificateRequest).
 */
export function restrictPodCertificate(write: CertificateWrite): void {
  const { request, node, ports, refuse } = write
  if (!ports.podCertificates) refuse('PodCertificateRequest feature gate is disabled')
  if (request.operation !== 'CREATE') refuse(`unexpected operation ${request.operation}`)
  const { subresource, namespace } = request.info
  if (subresource) refuse(`unexpected subresource ${subresource}`)
  const { spec } = request.object as PodCertificateRequest
  if (spec.nodeName !== node) {
    refuse(
      `PodCertificateRequest.Spec.NodeName=${quote(spec.nodeName)}, which is not the requesting node ${quote(node)}`,
    )
  }
  checkNode(spec, namespace, ports)
  const pod = namedPod(write, spec)
  if (spec.serviceAccountName !== pod.spec?.serviceAccountName) {
    refuse(
      `PodCertificateRequest for pod ${quote(`${namespace}/${spec.podName}`)} contains serviceAccountName (${quote(spec.serviceAccountName)}) that differs from running pod (${quote(pod.spec?.serviceAccountName ?? '')})`,
    )
  }
  checkAccount(spec, namespace, ports)
}

type Spec = PodCertificateRequest['spec']

function checkNode(
  { nodeName, nodeUID, podName }: Spec,
  namespace: string,
  { nodes }: CertificatePorts,
): void {
  const uid = present(nodes.get('', nodeName), 'node', nodeName, nodeName).metadata.uid ?? ''
  if (uid === nodeUID) return
  throw plainFailure(
    `PodCertificateRequest for pod ${quote(`${namespace}/${podName}`)} names node UID ${quote(nodeUID)}, inconsistent with the running node (${quote(uid)})`,
  )
}

function namedPod({ request, ports, refuse }: CertificateWrite, { podName, podUID, nodeName }: Spec): Pod {
  const { namespace } = request.info
  const full = `${namespace}/${podName}`
  const pod = present(ports.pods.get(namespace, podName), 'pod', podName, full)
  const { uid = '' } = pod.metadata
  if (uid !== podUID) {
    throw plainFailure(
      `PodCertificateRequest for pod ${quote(full)} contains pod UID (${quote(podUID)}) which differs from running pod ${quote(uid)}`,
    )
  }
  if (pod.spec?.nodeName !== nodeName)
    refuse(`pod ${quote(full)} is not running on node ${quote(nodeName)} named in the PodCertificateRequest`)
  if (isMirrorPod(pod)) refuse(`pod ${quote(full)} is a mirror pod`)
  return pod
}

function checkAccount(
  { podName, serviceAccountName, serviceAccountUID }: Spec,
  namespace: string,
  { serviceAccounts }: CertificatePorts,
): void {
  const account = serviceAccounts.get(namespace, serviceAccountName)
  const full = `${namespace}/${serviceAccountName}`
  const { uid = '' } = present(account, 'service account', serviceAccountName, full).metadata
  if (uid === serviceAccountUID) return
  throw plainFailure(
    `PodCertificateRequest for pod ${quote(`${namespace}/${podName}`)} names service account UID ${quote(serviceAccountUID)}, which differs from the running service account (${quote(uid)})`,
  )
}

function present<T>(found: T | undefined, noun: string, name: string, full: string): T {
  if (found) return found
  throw plainFailure(
    `while retrieving ${noun} ${quote(full)} named in the PodCertificateRequest: ${noun.replace(' ', '')} ${quote(name)} not found`,
  )
}
