import type {
  CertificateSigningRequest,
  CertificateSigningRequestCondition,
} from '../../api/types/certificates-v1.gen.ts'
import type { Node } from '../../api/types/core-v1.gen.ts'
import { type Client, createClient } from '../../client/client.ts'
import { isConflict, isNotFound } from '../../client/failure.ts'
import { createInformer, type Informer } from '../../client/informer.ts'
import { toTimestamp } from '../../client/timestamp.ts'
import type { Transport } from '../../client/transport.ts'
import type { Ports, Runnable } from '../../std/ports.ts'
import type { Authorizer, UserInfo } from '../context.ts'
import type { Pki } from '../pki/pki.ts'
import { type Approval, approvals, signCertificate } from './certificate-signing.ts'

const csrs = {
  group: 'certificates.k8s.io',
  version: 'v1',
  plural: 'certificatesigningrequests',
  kind: 'CertificateSigningRequest',
  namespaced: false,
}
const nodes = { group: '', version: 'v1', plural: 'nodes', kind: 'Node', namespaced: false }

export interface CertificateIssuerParts {
  /** As `controllerUser('certificate-controller')`. */
  readonly transport: Transport
  /** Asked at each signature, so that a renewed authority needs no restart. */
  readonly authorities: () => Pki['authorities']
  /** Answers whether a requester may have a certificate approved without a person. */
  readonly authorize: Authorizer
}

interface Issuer extends CertificateIssuerParts {
  readonly client: Client
  readonly nodes: Informer<Node>
  readonly ports: Ports
}

/**
 * Approves what needs no person and signs what is approved (upstream's csrapproving and csrsigning controllers). It
 * lives beside the keys of the authorities, which never leave the server.
 */
export function certificateIssuer(parts: CertificateIssuerParts): Runnable {
  return async function runCertificateIssuer(ports, signal) {
    const client = createClient(parts.transport)
    const requests = createInformer<CertificateSigningRequest>({ client, ports, resource: csrs })
    const issuer: Issuer = {
      ...parts,
      client,
      ports,
      nodes: createInformer<Node>({ client, ports, resource: nodes }),
    }
    const handled = (request: CertificateSigningRequest) =>
      handle(issuer, request).catch(error => {
        ports.log.warn('certificate request failed', { name: request.metadata.name, error: String(error) })
      })
    requests.onChange(({ object }) => object && void handled(object))
    // A node that just told its addresses may now have its serving certificate.
    issuer.nodes.onChange(({ old, object }) => {
      if (old === undefined || object === undefined || sameAddresses(old, object)) return
      for (const request of requests.store.list()) void handled(request)
    })
    await Promise.all([requests.run(signal), issuer.nodes.run(signal)])
  }
}

function sameAddresses(a: Node, b: Node): boolean {
  return JSON.stringify(a.status?.addresses) === JSON.stringify(b.status?.addresses)
}

async function handle(issuer: Issuer, request: CertificateSigningRequest): Promise<void> {
  const { status } = request
  const has = (type: string) => status?.conditions?.some(condition => condition.type === type) ?? false
  if (status?.certificate || has('Denied') || has('Failed')) return
  try {
    if (has('Approved')) await sign(issuer, request)
    else await approve(issuer, request)
  } catch (error) {
    // Somebody wrote at the same time; their change brings the request back here.
    if (!isConflict(error) && !isNotFound(error)) throw error
  }
}

async function approve(issuer: Issuer, request: CertificateSigningRequest): Promise<void> {
  for (const approval of await approvals(request, issuer.nodes.store.list())) {
    if (!(await isPermitted(issuer, request, approval))) continue
    const condition = { type: 'Approved', status: 'True', reason: 'AutoApproved', message: approval.message }
    await issuer.client.subresource(csrs, {
      verb: 'update',
      namespace: undefined,
      name: request.metadata.name ?? '',
      subresource: 'approval',
      body: withCondition(request, condition, issuer.ports),
    })
    return
  }
}

async function isPermitted(
  { authorize }: Issuer,
  { spec }: CertificateSigningRequest,
  { permission }: Approval,
): Promise<boolean> {
  if (permission === undefined) return true
  const user: UserInfo = {
    username: spec.username ?? '',
    groups: spec.groups ?? [],
    ...(spec.extra && { extra: spec.extra }),
  }
  const info = {
    isResourceRequest: true,
    path: '',
    verb: 'create',
    group: csrs.group,
    version: '*',
    namespace: '',
    name: '',
  }
  const { decision } = await authorize({
    user,
    info: { ...info, resource: csrs.plural, subresource: permission },
  })
  return decision === 'allow'
}

async function sign(
  { client, authorities, ports }: Issuer,
  request: CertificateSigningRequest,
): Promise<void> {
  const context = { nowMs: ports.clock.nowMs(), random: ports.random }
  const signed = await signCertificate(request, authorities(), context)
  if (signed.kind === 'notOurs') return
  if (signed.kind === 'failed') {
    const reason = 'SignerValidationFailure'
    const condition = { type: 'Failed', status: 'True', reason, message: signed.message }
    await client.updateStatus(csrs, withCondition(request, condition, ports))
    return
  }
  const certificate = Buffer.from(signed.certificate).toString('base64')
  await client.updateStatus(csrs, { ...request, status: { ...request.status, certificate } })
}

function withCondition(
  request: CertificateSigningRequest,
  condition: CertificateSigningRequestCondition,
  { clock }: Ports,
): CertificateSigningRequest {
  const now = toTimestamp(clock.nowMs())
  const conditions = [...(request.status?.conditions ?? []), { ...condition, lastUpdateTime: now }]
  return { ...request, status: { ...request.status, conditions } }
}
