import type {
  PodCertificateRequest,
  PodCertificateRequestStatus,
} from '../../api/types/certificates-v1beta1.gen.ts'
import type { Node, Pod, PodCertificateProjection } from '../../api/types/core-v1.gen.ts'
import type { Client } from '../../client/client.ts'
import { createInformer, type Informer } from '../../client/informer.ts'
import { fromTimestamp } from '../../client/timestamp.ts'
import { messageOf } from '../../std/message.ts'
import type { Cancel, Ports } from '../../std/ports.ts'
import type { PodEvents } from '../pod/events.ts'
import { podCertificateRequests, serviceAccounts } from '../resources.ts'
import { certificateBodies, certificatesPem } from './pem.ts'
import { createPodKey } from './pod-key.ts'

/** Keys and certificates of the `podCertificate` sources of this node's pods (KEP-4317, upstream pkg/kubelet/podcertificate). */
export interface PodCertificates {
  /** Asks for all of a pod's certificates, and renews them; `changed` is called whenever one has come. */
  hold(pod: Pod, changed: () => void): void
  release(podUid: string): void
  /** Throws while there is none. */
  bundle(podUid: string, volume: string, source: number): CredentialBundle
}

/** PEM. */
export interface CredentialBundle {
  readonly key: string
  readonly certificates: string
}

export interface PodCertificatesOptions {
  readonly client: Client
  readonly ports: Ports
  readonly events: PodEvents
  readonly nodeName: string
  readonly node: () => Node | undefined
}

interface Issued extends CredentialBundle {
  readonly refreshAtMs: number
  readonly notAfterMs: number
}

interface Asked {
  readonly name: string
  readonly key: string
  /** When it is not seen by then, somebody has deleted it. */
  readonly abandonAtMs: number
}

/** One source of one volume of one pod: fresh, asked for, issued, asked for again, …, or refused for good. */
interface Projection {
  readonly pod: Pod
  readonly source: PodCertificateProjection
  readonly changed: () => void
  issued?: Issued
  asked?: Asked
  refusal?: string
  /** Warnings that the certificate of now has had. */
  readonly warned: Set<string>
  failures: number
  isBusy: boolean
  isDirty: boolean
  isGone: boolean
  cancel: Cancel
}

const abandonMs = 600_000
const overdueMs = 600_000
/** So that not all of a node ask at once. */
const jitterMs = 300_000
const retryMinMs = 5
const retryMaxMs = 1_000_000
const notIssued = 'credential bundle is not issued yet'

/** Certificates are not kept over a restart: each is asked for anew. */
export function createPodCertificates(options: PodCertificatesOptions): PodCertificates {
  const byPod = new Map<string, ReadonlyMap<string, Projection>>()
  const requests = liveRequests(options, podUid => {
    for (const projection of byPod.get(podUid)?.values() ?? []) wake(projection)
  })
  const wake = (projection: Projection) => void drive(options, requests, projection)
  return {
    hold(pod, changed) {
      const uid = pod.metadata.uid ?? ''
      const found = projectionsOf(pod, changed)
      if (found.size === 0 || byPod.has(uid)) return
      byPod.set(uid, found)
      requests.start()
      for (const projection of found.values()) wake(projection)
    },
    release(podUid) {
      for (const projection of byPod.get(podUid)?.values() ?? []) {
        projection.isGone = true
        projection.cancel()
      }
      if (byPod.delete(podUid) && byPod.size === 0) requests.stop()
    },
    bundle(podUid, volume, source) {
      const { issued, refusal } = byPod.get(podUid)?.get(idOf(volume, source)) ?? {}
      if (refusal !== undefined) throw new Error(refusal)
      if (!issued) throw new Error(notIssued)
      return issued
    },
  }
}

const idOf = (volume: string, source: number) => `${volume}/${source}`

function projectionsOf(pod: Pod, changed: () => void): ReadonlyMap<string, Projection> {
  const sources = (pod.spec?.volumes ?? []).flatMap(({ name, projected }) =>
    (projected?.sources ?? []).flatMap(({ podCertificate: source }, index) =>
      source ? [[idOf(name, index), source] as const] : [],
    ),
  )
  const state = () => ({ failures: 0, isBusy: false, isDirty: false, isGone: false, cancel: () => {} })
  return new Map(sources.map(([id, source]) => [id, { pod, source, changed, warned: new Set(), ...state() }]))
}

interface LiveRequests {
  start(): void
  stop(): void
  find(namespace: string | undefined, name: string): PodCertificateRequest | undefined
}

/** The requests of this node, watched while some pod has one. */
function liveRequests(
  { client, ports, nodeName }: PodCertificatesOptions,
  changed: (podUid: string) => void,
): LiveRequests {
  type Live = { readonly informer: Informer<PodCertificateRequest>; readonly stop: AbortController }
  let live: Live | undefined
  return {
    start() {
      if (live) return
      const fieldSelector = `spec.nodeName=${nodeName}`
      const informer = createInformer({ client, ports, resource: podCertificateRequests, fieldSelector })
      const stop = new AbortController()
      informer.onChange(({ object, old }) => changed((object ?? old)!.spec.podUID))
      live = { informer, stop }
      void informer.run(stop.signal)
    },
    stop() {
      live?.stop.abort()
      live = undefined
    },
    find: (namespace, name) => live?.informer.store.get(namespace, name),
  }
}

/** Takes a projection as far as it goes just now; comes back when its request changes or time says so. */
async function drive(
  options: PodCertificatesOptions,
  requests: LiveRequests,
  projection: Projection,
): Promise<void> {
  projection.isDirty = true
  if (projection.isBusy) return
  const { clock, log } = options.ports
  const again = () => void drive(options, requests, projection)
  projection.isBusy = true
  projection.cancel()
  try {
    while (projection.isDirty && !projection.isGone) {
      projection.isDirty = false
      await step(options, requests, projection)
    }
    projection.failures = 0
    const waitMs = nextMs(projection, clock.nowMs())
    if (waitMs !== undefined && !projection.isGone) projection.cancel = clock.setTimer(waitMs, again)
  } catch (error) {
    const { namespace, name } = projection.pod.metadata
    log.warn('no pod certificate', { namespace, pod: name, error: messageOf(error) })
    const pauseMs = Math.min(retryMinMs * 2 ** projection.failures++, retryMaxMs)
    if (!projection.isGone) projection.cancel = clock.setTimer(pauseMs, again)
  } finally {
    projection.isBusy = false
  }
}

async function step(
  options: PodCertificatesOptions,
  requests: LiveRequests,
  projection: Projection,
): Promise<void> {
  const { clock, random } = options.ports
  const { pod, asked } = projection
  if (projection.refusal !== undefined) return
  if (asked) {
    const request = requests.find(pod.metadata.namespace, asked.name)
    if (request) settle(options, projection, asked, request)
    else if (clock.nowMs() >= asked.abandonAtMs) delete projection.asked
  }
  warnOfAge(options, projection)
  if (projection.refusal !== undefined || projection.asked) return
  if (projection.issued && clock.nowMs() < projection.issued.refreshAtMs) return
  const { request, key } = await ask(options, projection)
  const createdMs = fromTimestamp(request.metadata.creationTimestamp) ?? clock.nowMs()
  const abandonAtMs = createdMs + abandonMs + random.next() * jitterMs
  projection.asked = { name: request.metadata.name ?? '', key, abandonAtMs }
  // The answer may have been seen before the call came back.
  projection.isDirty ||= requests.find(pod.metadata.namespace, projection.asked.name) !== undefined
}

/** What became of the request. */
function settle(
  { ports: { random }, events }: PodCertificatesOptions,
  projection: Projection,
  { key }: Asked,
  { metadata, status = {} }: PodCertificateRequest,
): void {
  const { pod } = projection
  for (const { type, reason, message } of status.conditions ?? []) {
    if (type === 'Denied' || type === 'Failed') {
      const said = `reason=${JSON.stringify(reason)} message=${JSON.stringify(message)}`
      projection.refusal = `PodCertificateRequest was permanently ${type.toLowerCase()}: ${said}`
      const happened = type === 'Denied' ? 'was denied' : 'failed'
      const id = `${metadata.namespace}/${metadata.name}`
      events(
        { pod },
        {
          type: 'Warning',
          reason: type,
          message: `PodCertificateRequest ${id} ${happened}, ${said.replace(' message', ', message')}`,
        },
      )
      return
    }
    if (type === 'Issued') {
      projection.issued = issuedBy(status, key, random.next() * jitterMs)
      projection.warned.clear()
      delete projection.asked
      projection.changed()
      return
    }
  }
}

function issuedBy(status: PodCertificateRequestStatus, key: string, laterMs: number): Issued {
  return {
    key,
    certificates: certificatesPem(certificateBodies(status.certificateChain ?? '')),
    refreshAtMs: (fromTimestamp(status.beginRefreshAt) ?? 0) + laterMs,
    notAfterMs: fromTimestamp(status.notAfter) ?? 0,
  }
}

const ageWarnings = [
  ['CertificateOverdueForRefresh', 'PodCertificate refresh overdue', overdueAtMs],
  ['CertificateExpired', 'PodCertificate expired', ({ notAfterMs }: Issued) => notAfterMs],
] as const

function overdueAtMs({ refreshAtMs }: Issued): number {
  return refreshAtMs + overdueMs
}

/** Says once of each certificate that it should have been renewed long ago, and that it is over. */
function warnOfAge({ ports: { clock }, events }: PodCertificatesOptions, projection: Projection): void {
  const { pod, issued, warned } = projection
  if (!issued) return
  for (const [reason, message, atMs] of ageWarnings) {
    if (clock.nowMs() < atMs(issued) || warned.has(reason)) continue
    warned.add(reason)
    events({ pod }, { type: 'Warning', reason, message })
  }
}

/** How long until time alone changes something; undefined: never. */
function nextMs({ issued, asked, refusal, warned }: Projection, nowMs: number): number | undefined {
  if (refusal !== undefined) return undefined
  const warnings = issued
    ? ageWarnings.filter(([reason]) => !warned.has(reason)).map(([, , atMs]) => atMs(issued))
    : []
  const moments = [asked ? asked.abandonAtMs : issued?.refreshAtMs, ...warnings]
  const next = Math.min(...moments.filter(moment => moment !== undefined))
  return Number.isFinite(next) ? Math.max(next - nowMs, 1) : undefined
}

async function ask(
  { client, nodeName, node }: PodCertificatesOptions,
  { pod, source }: Projection,
): Promise<{ readonly request: PodCertificateRequest; readonly key: string }> {
  const { namespace = '', name = '', uid = '' } = pod.metadata
  const account = pod.spec?.serviceAccountName || 'default'
  const { metadata: accountMetadata } = await client.get(serviceAccounts, namespace, account)
  const nodeUid = node()?.metadata.uid
  if (!nodeUid) throw new Error(`while getting node object from local cache: node "${nodeName}" not found`)
  const key = await createPodKey(source.keyType, uid)
  const request = await client.create(podCertificateRequests, {
    metadata: {
      namespace,
      generateName: 'req-',
      ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name, uid }],
    },
    spec: {
      signerName: source.signerName,
      ...{ podName: name, podUID: uid },
      ...{ serviceAccountName: account, serviceAccountUID: accountMetadata.uid ?? '' },
      ...{ nodeName, nodeUID: nodeUid },
      ...(source.maxExpirationSeconds !== undefined && { maxExpirationSeconds: source.maxExpirationSeconds }),
      pkixPublicKey: key.publicKey,
      proofOfPossession: key.proof,
      ...(source.userAnnotations && { unverifiedUserAnnotations: source.userAnnotations }),
    },
  } as PodCertificateRequest)
  return { request, key: key.privatePem }
}
