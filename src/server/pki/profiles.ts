import type { CertificateUse } from './issue.ts'

/**
 * k3s's three authorities and one more: kubelets' serving certificates have an authority of their own, so that no
 * node can hold a certificate that passes for the API server's.
 */
export type CaName = 'server-ca' | 'client-ca' | 'request-header-ca' | 'kubelet-ca'

/** Files of the authorities below the directory of the server's certificates. */
export const caNames: readonly CaName[] = ['server-ca', 'client-ca', 'request-header-ca', 'kubelet-ca']

/** One certificate that this process keeps: the table below says everything that differs between them. */
export interface Profile {
  /** Path without `.crt` and `.key`, below the data directory. */
  readonly file: string
  readonly ca: CaName
  readonly commonName: string
  readonly organizations: readonly string[]
  readonly uses: readonly CertificateUse[]
  /** DNS names and addresses; none for clients. */
  readonly names: readonly string[]
}

/** What the certificates of one server depend on. A changed list issues the server's certificate anew. */
export interface PkiSpec {
  /** `<data>`: `server/tls` and `agent` lie below. */
  readonly dataDirectory: string
  /** Addresses and names that clients reach the server by, beyond the well-known: advertise address, --tls-san. */
  readonly serverNames: readonly string[]
  /** First address of each service range: the `kubernetes` service. */
  readonly serviceAddresses: readonly string[]
  /** `cluster.local` */
  readonly clusterDomain: string
  /** The node in this process, when there is one. */
  readonly node?: { readonly name: string; readonly addresses: readonly string[] }
}

/** The component identities of upstream, each with its own certificate and no more rights than RBAC gives it. */
export function profiles(spec: PkiSpec): readonly Profile[] {
  return [serverProfile(spec), ...clientProfiles, ...(spec.node ? nodeProfiles(spec.node) : [])]
}

const tls = 'server/tls'

function serverProfile(spec: PkiSpec): Profile {
  const names = [
    ...[
      'kubernetes',
      'kubernetes.default',
      'kubernetes.default.svc',
      `kubernetes.default.svc.${spec.clusterDomain}`,
    ],
    ...['localhost', '127.0.0.1', '::1'],
    ...spec.serviceAddresses,
    ...spec.serverNames,
    ...(spec.node ? [spec.node.name, ...spec.node.addresses] : []),
  ]
  return {
    file: `${tls}/serving-kube-apiserver`,
    ca: 'server-ca',
    commonName: 'kube-apiserver',
    organizations: [],
    uses: ['serverAuth'],
    names,
  }
}

const clientProfiles: readonly Profile[] = [
  client('client-admin', 'system:admin', ['system:masters']),
  client('client-controller', 'system:kube-controller-manager'),
  client('client-scheduler', 'system:kube-scheduler'),
  client('client-kube-proxy', 'system:kube-proxy'),
  client('client-kube-apiserver', 'kube-apiserver-kubelet-client'),
  { ...client('client-auth-proxy', 'front-proxy-client'), ca: 'request-header-ca' },
]

function client(file: string, commonName: string, organizations: readonly string[] = []): Profile {
  return {
    file: `${tls}/${file}`,
    ca: 'client-ca',
    commonName,
    organizations,
    uses: ['clientAuth'],
    names: [],
  }
}

function nodeProfiles(node: {
  readonly name: string
  readonly addresses: readonly string[]
}): readonly Profile[] {
  const commonName = `system:node:${node.name}`
  const organizations = ['system:nodes']
  return [
    { ...client('', commonName, organizations), file: 'agent/client-kubelet' },
    {
      file: 'agent/serving-kubelet',
      ca: 'kubelet-ca',
      commonName,
      organizations,
      uses: ['serverAuth'],
      names: [node.name, 'localhost', '127.0.0.1', '::1', ...node.addresses],
    },
  ]
}
