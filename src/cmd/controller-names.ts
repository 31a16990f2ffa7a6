import { optionalControllers } from '../controllers/optional.ts'
import { type ControllerName, controllerNames } from '../controllers/tuning.ts'

/** Upstream's older names, which stay valid (cmd/kube-controller-manager/app, `aliases` of each descriptor). */
const older: Readonly<Record<string, ControllerName>> = {
  bootstrapsigner: 'bootstrap-signer-controller',
  'clusterrole-aggregation': 'clusterrole-aggregation-controller',
  cronjob: 'cronjob-controller',
  csrapproving: 'certificatesigningrequest-approving-controller',
  csrcleaner: 'certificatesigningrequest-cleaner-controller',
  csrsigning: 'certificatesigningrequest-signing-controller',
  daemonset: 'daemonset-controller',
  deployment: 'deployment-controller',
  disruption: 'disruption-controller',
  endpoint: 'endpoints-controller',
  endpointslice: 'endpointslice-controller',
  endpointslicemirroring: 'endpointslice-mirroring-controller',
  'ephemeral-volume': 'ephemeral-volume-controller',
  garbagecollector: 'garbage-collector-controller',
  horizontalpodautoscaling: 'horizontal-pod-autoscaler-controller',
  job: 'job-controller',
  'legacy-service-account-token-cleaner': 'legacy-serviceaccount-token-cleaner-controller',
  namespace: 'namespace-controller',
  nodeipam: 'node-ipam-controller',
  nodelifecycle: 'node-lifecycle-controller',
  'persistentvolume-binder': 'persistentvolume-binder-controller',
  podgc: 'pod-garbage-collector-controller',
  'pv-protection': 'persistentvolume-protection-controller',
  'pvc-protection': 'persistentvolumeclaim-protection-controller',
  replicaset: 'replicaset-controller',
  replicationcontroller: 'replicationcontroller-controller',
  'resource-claim-controller': 'resourceclaim-controller',
  resourcequota: 'resourcequota-controller',
  'root-ca-cert-publisher': 'root-ca-certificate-publisher-controller',
  serviceaccount: 'serviceaccount-controller',
  'serviceaccount-token': 'serviceaccount-token-controller',
  statefulset: 'statefulset-controller',
  'storage-version-gc': 'storageversion-garbage-collector-controller',
  svm: 'storage-version-migrator-controller',
  tokencleaner: 'token-cleaner-controller',
  ttl: 'ttl-controller',
  'ttl-after-finished': 'ttl-after-finished-controller',
}

/** As upstream's `isDisabledByDefault`: `*` does not mean these, nor any that brings kinds of its own. */
const offByDefault: readonly ControllerName[] = ['bootstrap-signer-controller', 'token-cleaner-controller']
const ofTheStar: ReadonlySet<string> = new Set(controllerNames.filter(name => !offByDefault.includes(name)))
const known: ReadonlySet<string> = new Set([
  ...controllerNames,
  ...optionalControllers.map(({ name }) => name),
])

/** What runs without a word: nodes join by tokens out of the box, so what tends those is on, as kubeadm has it. */
export const chosenByDefault: readonly string[] = ['*', ...offByDefault]
export const optionalNames: readonly string[] = optionalControllers.map(({ name }) => name)

const bare = (word: string) => word.replace(/^-/, '')
const nameOf = (word: string) => older[bare(word)] ?? bare(word)

/** The name in a word of `--controllers` that no controller has. */
export function unknownController(words: readonly string[]): string | undefined {
  const wrong = words.find(word => word !== '*' && !known.has(nameOf(word)))
  return wrong === undefined ? undefined : bare(wrong)
}

/** Whether a controller runs: the first word about it counts, without any `*` (controller-manager IsControllerEnabled). */
export function chosenBy(words: readonly string[]): (name: string) => boolean {
  const first = new Map<string, boolean>()
  for (const word of words) if (!first.has(nameOf(word))) first.set(nameOf(word), !word.startsWith('-'))
  return name => first.get(name) ?? (first.has('*') && ofTheStar.has(name))
}
