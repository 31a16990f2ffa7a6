import { isMirrorPod } from '../../api/core/pod/annotations.ts'
import { podReferences } from '../../api/core/pod/references.ts'
import type {
  Container,
  Pod,
  PodSpec,
  ProjectedVolumeSource,
  ServiceAccount,
} from '../../api/types/core-v1.gen.ts'
import { randomSuffix } from '../../machinery/meta/names.ts'
import type { Clock, Random } from '../../std/ports.ts'
import { sleep } from '../../std/sleep.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../context.ts'
import type { Lister } from '../lister.ts'
import { limitSecretReferences } from './mountable-secrets.ts'
import { createsPod, isAbout, refusal } from './refusal.ts'

const mountPath = '/var/run/secrets/kubernetes.io/serviceaccount'
const volumePrefix = 'kube-api-access-'
const defaultName = 'default'
/** The `default` account comes a moment after its namespace; the others must be there. */
const defaultAccountTriesMax = 10
const retryMs = 150

export interface ServiceAccountPorts {
  readonly serviceAccounts: Lister<ServiceAccount>
  readonly clock: Pick<Clock, 'setTimer'>
  readonly random: Pick<Random, 'next'>
}

/** Every pod runs as a service account and gets its token mounted (plugin/pkg/admission/serviceaccount). */
export function serviceAccount(ports: ServiceAccountPorts): AdmissionPlugin {
  return {
    name: 'ServiceAccount',
    handles: request =>
      createsPod(request) ||
      (request.operation === 'UPDATE' && isAbout(request, '', 'pods', 'ephemeralcontainers')),
    async admit(request) {
      const pod = request.object as Pod
      if (!createsPod(request) || !pod.spec) return
      // Nothing of them is changed, and what they may not have is told before others look at them.
      if (isMirrorPod(pod)) return checkMirrorPod(request, pod)
      pod.spec.serviceAccountName ||= defaultName
      // The old name of the field always says the same (core/v1 conversion).
      pod.spec.serviceAccount = pod.spec.serviceAccountName
      const account = await lookUp(request, pod.spec.serviceAccountName, ports)
      if (shouldMount(account, pod.spec)) mountToken(pod.spec, ports.random)
      if (!pod.spec.imagePullSecrets?.length && account.imagePullSecrets?.length) {
        pod.spec.imagePullSecrets = account.imagePullSecrets.map(({ name }) => ({ name }))
      }
    },
    async validate(request) {
      const pod = request.object as Pod
      if (createsPod(request) && isMirrorPod(pod)) return checkMirrorPod(request, pod)
      const name = pod.spec?.serviceAccountName
      if (!name) {
        throw refusal(
          request,
          `no service account specified for pod ${request.info.namespace}/${pod.metadata.name ?? ''}`,
        )
      }
      const problem = limitSecretReferences(await lookUp(request, name, ports), pod, createsPod(request))
      if (problem) throw refusal(request, problem)
    },
  }
}

async function lookUp(
  request: AdmissionRequest,
  name: string,
  ports: ServiceAccountPorts,
): Promise<ServiceAccount> {
  const { namespace } = request.info
  const tries = name === defaultName ? defaultAccountTriesMax : 1
  for (let attempt = 1; ; attempt++) {
    const found = ports.serviceAccounts.get(namespace, name)
    if (found) return found
    if (attempt >= tries) {
      throw refusal(
        request,
        `error looking up service account ${namespace}/${name}: serviceaccount "${name}" not found`,
      )
    }
    await sleep(ports.clock, retryMs)
  }
}

/** The pod's wish wins over the account's. */
function shouldMount(account: ServiceAccount, spec: PodSpec): boolean {
  return spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true
}

function mountToken(spec: PodSpec, random: Pick<Random, 'next'>): void {
  const existing = spec.volumes?.find(volume => volume.name.startsWith(volumePrefix))?.name
  const name = existing ?? `${volumePrefix}${randomSuffix(random)}`
  const containers = [...(spec.initContainers ?? []), ...spec.containers]
  const needing = containers.filter(container => !mountsAtPath(container))
  for (const container of needing) {
    container.volumeMounts = [...(container.volumeMounts ?? []), { name, readOnly: true, mountPath }]
  }
  if (existing || needing.length === 0) return
  spec.volumes = [...(spec.volumes ?? []), { name, projected: tokenVolume() }]
}

function mountsAtPath({ volumeMounts }: Container): boolean {
  return volumeMounts?.some(mount => mount.mountPath === mountPath) ?? false
}

function tokenVolume(): ProjectedVolumeSource {
  return {
    sources: [
      { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
      { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
      {
        downwardAPI: {
          items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
        },
      },
    ],
    defaultMode: 0o644,
  }
}

function checkMirrorPod(request: AdmissionRequest, pod: Pod): void {
  if (pod.spec?.serviceAccountName) throw refusal(request, 'a mirror pod may not reference service accounts')
  if (podReferences(pod).secrets.length) throw refusal(request, 'a mirror pod may not reference secrets')
  const sources = (pod.spec?.volumes ?? []).flatMap(volume => volume.projected?.sources ?? [])
  if (sources.some(source => source.serviceAccountToken)) {
    throw refusal(request, 'a mirror pod may not use ServiceAccountToken volume projections')
  }
}
