import { type OracleCase, patch, send } from './case.ts'

const core = '/api/v1/namespaces/oracle'
const armour = 'container.apparmor.security.beta.kubernetes.io/'
const seccomp = 'container.seccomp.security.alpha.kubernetes.io/'
const seccompOfPod = 'seccomp.security.alpha.kubernetes.io/pod'
const cost = 'controller.kubernetes.io/pod-deletion-cost'
const mirror = 'kubernetes.io/config.mirror'

const container = (more: object = {}) => ({ name: 'c', image: 'i', ...more })
const profile = (type: string, localhostProfile?: string) => ({
  securityContext: { appArmorProfile: { type, ...(localhostProfile && { localhostProfile }) } },
})
const when = 'DuringSchedulingIgnoredDuringExecution'
const terms = (key: string) => ({ matchExpressions: [{ key, operator: 'Exists' }] })

interface Annotated {
  readonly annotations: Readonly<Record<string, string>>
  readonly spec?: object
}

const pods: Readonly<Record<string, Annotated>> = {
  'no profile': { annotations: { [`${armour}c`]: 'unconfined' } },
  'the default profile': { annotations: { [`${armour}c`]: 'runtime/default' } },
  'a local profile': { annotations: { [`${armour}c`]: 'localhost/x' } },
  'a profile of nobody': { annotations: { [`${armour}z`]: 'unconfined' } },
  'an empty profile': { annotations: { [`${armour}c`]: '' } },
  'the profile of the pod': { annotations: { [`${armour}c`]: 'unconfined' }, spec: profile('Unconfined') },
  'the profile of the field': {
    annotations: { [`${armour}c`]: 'unconfined' },
    spec: { containers: [container(profile('Unconfined'))] },
  },
  'another profile than the field': {
    annotations: { [`${armour}c`]: 'unconfined' },
    spec: { containers: [container(profile('RuntimeDefault'))] },
  },
  'another local profile than the field': {
    annotations: { [`${armour}c`]: 'localhost/a' },
    spec: { containers: [container(profile('Localhost', 'b'))] },
  },
  'a profile on Windows': {
    annotations: { [`${armour}c`]: 'unconfined' },
    spec: { os: { name: 'windows' } },
  },
  seccomp: { annotations: { [seccompOfPod]: 'runtime/default' } },
  'seccomp of a container': { annotations: { [`${seccomp}c`]: 'docker/default' } },
  'odd seccomp': { annotations: { [seccompOfPod]: 'odd' } },
  'a mirror without a node': { annotations: { [mirror]: 'x' } },
  critical: { annotations: { 'scheduler.alpha.kubernetes.io/critical-pod': '' } },
  'old labels of nodes': {
    annotations: {},
    spec: {
      nodeSelector: { 'beta.kubernetes.io/os': 'linux' },
      affinity: {
        nodeAffinity: {
          [`required${when}`]: { nodeSelectorTerms: [terms('beta.kubernetes.io/arch')] },
          [`preferred${when}`]: [{ weight: 1, preference: terms('node-role.kubernetes.io/master') }],
        },
      },
      topologySpreadConstraints: [
        {
          maxSkew: 1,
          topologyKey: 'failure-domain.beta.kubernetes.io/zone',
          whenUnsatisfiable: 'DoNotSchedule',
          labelSelector: {},
        },
      ],
    },
  },
  ...Object.fromEntries(
    ['5', '-5', '+5', '05', '', 'x', '2147483648'].map(text => [
      `cost ${text}`,
      { annotations: { [cost]: text } },
    ]),
  ),
}

const podOf = ({ annotations, spec }: Annotated) => ({
  metadata: { name: 'annotated', annotations },
  spec: { containers: [container()], ...spec },
})
const labels = { a: 'b' }
const workloadOf = ({ annotations, spec }: Annotated) => ({
  metadata: { name: 'annotated' },
  spec: {
    selector: { matchLabels: labels },
    template: { metadata: { labels, annotations }, spec: { containers: [container()], ...spec } },
  },
})
const changes: Readonly<Record<string, Readonly<Record<string, string | null>>>> = {
  'another profile': { [`${armour}c`]: 'runtime/default' },
  'no profile': { [`${armour}c`]: null },
  'an odd cost': { [cost]: 'x' },
  'another annotation': { other: 'x' },
}

/** Annotations of pods that mean something, of new and of changed ones. */
export const annotationCases: readonly OracleCase[] = [
  ...Object.entries(pods).flatMap(([name, pod]) => [
    send('POST', `annotations: pod: ${name}`, `${core}/pods?dryRun=All`, podOf(pod)),
    send(
      'POST',
      `annotations: workload: ${name}`,
      '/apis/apps/v1/namespaces/oracle/deployments?dryRun=All',
      workloadOf(pod),
    ),
  ]),
  send('POST', 'annotations: account', `${core}/serviceaccounts?dryRun=All`, {
    metadata: { name: 'annotated', annotations: { 'kubernetes.io/enforce-mountable-secrets': 'true' } },
  }),
  send('POST', 'annotations: ingress', '/apis/networking.k8s.io/v1/namespaces/oracle/ingresses?dryRun=All', {
    metadata: { name: 'annotated', annotations: { 'kubernetes.io/ingress.class': 'x' } },
    spec: { defaultBackend: { service: { name: 's', port: { number: 1 } } } },
  }),
  send('POST', 'annotations: make', `${core}/pods`, podOf(pods['no profile']!)),
  ...Object.entries(changes).flatMap(([name, annotations]) =>
    ['', '/status'].map(door =>
      patch(`annotations: ${name} ${door}`, `${core}/pods/annotated${door}?dryRun=All`, 'merge', {
        metadata: { annotations },
      }),
    ),
  ),
]
