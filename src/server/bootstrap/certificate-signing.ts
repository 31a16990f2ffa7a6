import { isIP } from 'node:net'
import type { CertificateSigningRequest } from '../../api/types/certificates-v1.gen.ts'
import type { Node } from '../../api/types/core-v1.gen.ts'
import { canonicalName } from '../pki/certificate.ts'
import {
  type CertificateUse,
  type IssueContext,
  type KeyUse,
  leafLifeMs,
  type RequestFacts,
  requestFacts,
  signRequest,
} from '../pki/issue.ts'
import type { Pki } from '../pki/pki.ts'
import type { CaName } from '../pki/profiles.ts'

type Csr = Pick<CertificateSigningRequest, 'spec'>

const nodeClient = 'kubernetes.io/kube-apiserver-client-kubelet'
const nodeServing = 'kubernetes.io/kubelet-serving'
const anyClient = 'kubernetes.io/kube-apiserver-client'

interface Signer {
  readonly ca: CaName
  readonly use: CertificateUse
  readonly problem: (facts: RequestFacts, usages: ReadonlySet<string>) => string | undefined
}

/** The signers of kubernetes.io that this cluster serves (pkg/controller/certificates/signer). */
const signers: Readonly<Record<string, Signer>> = {
  [nodeClient]: { ca: 'client-ca', use: 'clientAuth', problem: nodeClientProblem },
  [nodeServing]: { ca: 'kubelet-ca', use: 'serverAuth', problem: nodeServingProblem },
  [anyClient]: { ca: 'client-ca', use: 'clientAuth', problem: (_, usages) => clientUsageProblem(usages) },
}

const lifeMsMin = 600_000

export type Signed =
  | { readonly kind: 'certificate'; readonly certificate: string }
  /** The request can never be signed: condition Failed with reason SignerValidationFailure. */
  | { readonly kind: 'failed'; readonly message: string }
  /** Somebody else's signer. */
  | { readonly kind: 'notOurs' }

/** Signs an approved request, or says why not. The caller has checked that it is approved. Throws for a broken PEM. */
export async function signCertificate(
  { spec }: Csr,
  authorities: Pki['authorities'],
  context: IssueContext,
): Promise<Signed> {
  const signer = signers[spec.signerName]
  if (!signer) return { kind: 'notOurs' }
  const pem = decode(spec.request)
  const message = signer.problem(await requestFacts(pem), new Set(spec.usages ?? []))
  if (message !== undefined) return { kind: 'failed', message }
  const askedMs = (spec.expirationSeconds ?? Number.POSITIVE_INFINITY) * 1000
  const lifeMs = Math.min(leafLifeMs, Math.max(lifeMsMin, askedMs))
  const grant = { uses: [signer.use], keyUses: keyUsesOf(spec.usages), lifeMs }
  return { kind: 'certificate', certificate: await signRequest(authorities[signer.ca], pem, grant, context) }
}

/** The certificate says what was asked for, no more. */
function keyUsesOf(usages: readonly string[] = []): KeyUse[] {
  const known: [string, KeyUse][] = [
    ['digital signature', 'digitalSignature'],
    ['key encipherment', 'keyEncipherment'],
  ]
  return known.filter(([usage]) => usages.includes(usage)).map(([, use]) => use)
}

function nodeClientProblem(facts: RequestFacts, usages: ReadonlySet<string>): string | undefined {
  if (!ofNodes(facts)) return 'subject organization is not system:nodes'
  if (facts.names.some(name => !isIP(name))) return 'DNS subjectAltNames are not allowed'
  if (facts.names.length > 0) return 'IP subjectAltNames are not allowed'
  if (facts.otherNames.length > 0) return otherNamesProblem(facts)
  if (!namesNode(facts)) return 'subject common name does not begin with system:node:'
  return usageProblem(usages, 'client auth')
}

function nodeServingProblem(facts: RequestFacts, usages: ReadonlySet<string>): string | undefined {
  if (!ofNodes(facts)) return 'subject organization is not system:nodes'
  if (facts.names.length === 0) return 'DNS or IP subjectAltName is required'
  if (facts.otherNames.length > 0) return otherNamesProblem(facts)
  const problem = usageProblem(usages, 'server auth')
  if (problem) return problem
  return namesNode(facts) ? undefined : 'subject common name does not begin with system:node:'
}

function otherNamesProblem({ otherNames }: RequestFacts): string {
  return `${otherNames.some(name => name.includes('@')) ? 'Email' : 'URI'} subjectAltNames are not allowed`
}

function ofNodes({ organizations }: RequestFacts): boolean {
  return organizations.length === 1 && organizations[0] === 'system:nodes'
}

function namesNode({ commonName }: RequestFacts): boolean {
  return commonName.startsWith('system:node:')
}

/** Exactly these; keys that are not RSA need no key encipherment. */
function usageProblem(usages: ReadonlySet<string>, use: string): string | undefined {
  const required = ['digital signature', 'key encipherment', use]
  const rest = [...usages].filter(usage => usage !== 'key encipherment')
  const fits = rest.length === 2 && usages.has('digital signature') && usages.has(use)
  return fits ? undefined : `usages did not match [${required.join(' ')}]`
}

function clientUsageProblem(usages: ReadonlySet<string>): string | undefined {
  const optional = ['digital signature', 'key encipherment', 'client auth']
  const wrong = [...usages].find(usage => !optional.includes(usage))
  if (wrong !== undefined) return `invalid usage for client certificate: ${wrong}`
  return usages.has('client auth') ? undefined : 'missing required usage for client certificate: client auth'
}

/** Why a request may be approved without a person. */
export interface Approval {
  readonly message: string
  /** The requester must hold `create` on this subresource of certificatesigningrequests. */
  readonly permission?: 'selfnodeclient' | 'nodeclient'
}

/**
 * The grounds on which a request may be approved, the narrowest first; empty: a person has to decide. A node's
 * client certificate needs a right (pkg/controller/certificates/approver). Its serving certificate is approved when
 * the node itself asks, for names and addresses that it has and no other node claims; upstream leaves that to others.
 */
export async function approvals({ spec }: Csr, nodes: readonly Node[]): Promise<readonly Approval[]> {
  const facts = await requestFacts(decode(spec.request))
  const usages = new Set(spec.usages ?? [])
  if (spec.signerName === nodeClient && nodeClientProblem(facts, usages) === undefined) {
    const other: Approval = {
      permission: 'nodeclient',
      message: 'Auto approving kubelet client certificate after SubjectAccessReview.',
    }
    const self: Approval = {
      permission: 'selfnodeclient',
      message: 'Auto approving self kubelet client certificate after SubjectAccessReview.',
    }
    return spec.username === facts.commonName ? [self, other] : [other]
  }
  const serves = spec.signerName === nodeServing && nodeServingProblem(facts, usages) === undefined
  if (!serves || spec.username !== facts.commonName || !ownsNames(facts, nodes)) return []
  return [{ message: "Auto approving kubelet serving certificate for the node's own names." }]
}

const loopback = ['localhost', '127.0.0.1', '::1']

function ownsNames({ commonName, names }: RequestFacts, nodes: readonly Node[]): boolean {
  const nodeName = commonName.slice('system:node:'.length)
  const own = nodes.find(node => node.metadata.name === nodeName)
  if (!own) return false
  const mine = new Set([...claimedNames(own), ...loopback])
  const others = new Set(nodes.filter(node => node !== own).flatMap(claimedNames))
  return names.map(canonicalName).every(name => mine.has(name) && !others.has(name))
}

function claimedNames({ metadata, status }: Node): string[] {
  return [metadata.name ?? '', ...(status?.addresses ?? []).map(({ address }) => address)].map(canonicalName)
}

function decode(request: string): string {
  return Buffer.from(request, 'base64').toString()
}
