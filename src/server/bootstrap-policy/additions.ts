import type { PolicyFacts } from './facts.ts'

const csr = 'system:certificates.k8s.io:certificatesigningrequests'

/**
 * What Hutch's own parts need beyond upstream's bootstrap policy. An installer like kubeadm makes the same
 * bindings after the start; here they belong to the server, as joining works out of the box.
 */
export const additions: Pick<PolicyFacts, 'clusterRoles' | 'clusterRoleBindings'> = {
  clusterRoles: [
    // A joining agent reads the cluster's CA before it trusts anybody, and compares it with its token.
    { name: 'system:hutch:cluster-ca', rules: [[['get'], [], [], [], ['/cacerts']]] },
    // A node asks what the cluster's ranges and names are; nothing of it is secret.
    { name: 'system:hutch:node-settings', rules: [[['get'], [], [], [], ['/hutch/v1/node-settings']]] },
    // Serving certificates of nodes are approved too, for the names that the node has.
    {
      name: 'system:hutch:certificate-issuer',
      rules: [
        [['approve'], ['certificates.k8s.io'], ['signers'], ['kubernetes.io/kubelet-serving']],
        [['list', 'watch'], [''], ['nodes']],
      ],
    },
    // Cluster DNS in this process reads what CoreDNS reads.
    {
      name: 'system:hutch:dns',
      rules: [
        [['list', 'watch'], [''], ['endpoints', 'namespaces', 'pods', 'services']],
        [['list', 'watch'], ['discovery.k8s.io'], ['endpointslices']],
      ],
    },
  ],
  clusterRoleBindings: [
    {
      name: 'system:hutch:cluster-ca',
      role: 'system:hutch:cluster-ca',
      subjects: [
        ['Group', 'system:authenticated'],
        ['Group', 'system:unauthenticated'],
      ],
    },
    {
      name: 'system:hutch:node-settings',
      role: 'system:hutch:node-settings',
      subjects: [['Group', 'system:nodes']],
    },
    // An agent's kubelet, pod network and service proxy are one process with one certificate, the node's. What the
    // proxy reads beyond the kubelet is services' endpoints and the other nodes' addresses: no secrets.
    {
      name: 'system:hutch:node-proxier',
      role: 'system:node-proxier',
      subjects: [['Group', 'system:nodes']],
    },
    {
      name: 'system:hutch:certificate-issuer',
      role: 'system:hutch:certificate-issuer',
      subjects: [['ServiceAccount', 'certificate-controller', 'kube-system']],
    },
    { name: 'system:hutch:dns', role: 'system:hutch:dns', subjects: [['User', 'system:hutch:dns']] },
    // The server's own client certificate towards kubelets: their API and nothing else.
    {
      name: 'system:hutch:kubelet-api-admin',
      role: 'system:kubelet-api-admin',
      subjects: [['User', 'kube-apiserver-kubelet-client']],
    },
    {
      name: 'system:hutch:node-bootstrapper',
      role: 'system:node-bootstrapper',
      subjects: [['Group', 'system:bootstrappers']],
    },
    {
      name: 'system:hutch:node-autoapprove-bootstrap',
      role: `${csr}:nodeclient`,
      subjects: [['Group', 'system:bootstrappers']],
    },
    {
      name: 'system:hutch:node-autoapprove-renewal',
      role: `${csr}:selfnodeclient`,
      subjects: [['Group', 'system:nodes']],
    },
  ],
}
