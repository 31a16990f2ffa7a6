import type { CertificateSigningRequest } from '../../api/types/certificates-v1.gen.ts'
import { createClient } from '../../client/client.ts'
import type { Transport } from '../../client/transport.ts'
import type { KubeObject } from '../../machinery/meta/object.ts'
import { type KeyPair, newEcKey } from '../pki/certificate.ts'
import { createCertificateRequest } from '../pki/issue.ts'

const requests = {
  group: 'certificates.k8s.io',
  version: 'v1',
  plural: 'certificatesigningrequests',
  kind: 'CertificateSigningRequest',
  namespaced: false,
}

/** Which of a kubelet's two certificates; `names` are the node's DNS names and addresses. */
export type NodeCertificate =
  | { readonly purpose: 'client'; readonly nodeName: string }
  | { readonly purpose: 'serving'; readonly nodeName: string; readonly names: readonly string[] }

/**
 * Asks the cluster for a kubelet certificate with a new key and waits until it is signed. The client certificate is
 * asked for with the bootstrap token and, later, with its predecessor; the serving one with the client certificate.
 * Rejects when the request is denied or cannot be signed, or when `signal` aborts. Ask again before a third of
 * its life is left.
 */
export async function requestNodeCertificate(
  transport: Transport,
  wanted: NodeCertificate,
  signal: AbortSignal,
): Promise<KeyPair> {
  const client = createClient(transport)
  const key = newEcKey()
  const created = await client.create<CertificateSigningRequest>(requests, await signingRequest(wanted, key))
  const name = created.metadata.name ?? ''
  const done = Promise.withResolvers<string>()
  const look = (object: KubeObject) => settle(object as CertificateSigningRequest, done)
  const stop = new AbortController()
  const scope = {
    fieldSelector: `metadata.name=${name}`,
    resourceVersion: created.metadata.resourceVersion ?? '0',
  }
  const watching = client.watch(
    requests,
    scope,
    events => events.forEach(event => void look(event.object)),
    AbortSignal.any([signal, stop.signal]),
  )
  const ended = watching.then(() => {
    done.reject(new Error(`the certificate request ${name} was not answered: ask again`))
  }, done.reject)
  try {
    const certificate = await done.promise
    return { certificate: Buffer.from(certificate, 'base64').toString(), key }
  } finally {
    stop.abort()
    await ended
  }
}

async function signingRequest(wanted: NodeCertificate, key: string): Promise<CertificateSigningRequest> {
  const names = wanted.purpose === 'serving' ? wanted.names : []
  const subject = { commonName: `system:node:${wanted.nodeName}`, organizations: ['system:nodes'], names }
  const serving = wanted.purpose === 'serving'
  return {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { generateName: 'node-csr-' },
    spec: {
      request: Buffer.from(await createCertificateRequest(subject, key)).toString('base64'),
      signerName: serving ? 'kubernetes.io/kubelet-serving' : 'kubernetes.io/kube-apiserver-client-kubelet',
      usages: ['digital signature', serving ? 'server auth' : 'client auth'],
    },
  }
}

function settle({ metadata, status }: CertificateSigningRequest, done: PromiseWithResolvers<string>): void {
  const refused = status?.conditions?.find(({ type }) => type === 'Denied' || type === 'Failed')
  if (refused) {
    const why = refused.message ?? refused.reason ?? 'no reason given'
    done.reject(
      new Error(`the certificate request ${metadata.name} was ${refused.type.toLowerCase()}: ${why}`),
    )
  } else if (status?.certificate) done.resolve(status.certificate)
}
