import type { Volume } from '../../../api/types/core-v1.gen.ts'
import { procMount, seccompProfile } from './baseline.ts'
import {
  type Check,
  type CheckPod,
  containersOf,
  containersText,
  exceptUserNamespaces,
  exceptWindows,
  joinQuoted,
  namesOf,
  plural,
  settersText,
  sortedSet,
} from './check.ts'

const allowPrivilegeEscalation: CheckPod = pod => {
  const bad = containersOf(pod).filter(item => item.securityContext?.allowPrivilegeEscalation !== false)
  if (bad.length === 0) return undefined
  return {
    reason: 'allowPrivilegeEscalation != false',
    detail: `${containersText(namesOf(bad))} must set securityContext.allowPrivilegeEscalation=false`,
  }
}

const capabilities: CheckPod = pod => {
  const addedBy = (item: ReturnType<typeof containersOf>[number]) =>
    (item.securityContext?.capabilities?.add ?? []).filter(name => name !== 'NET_BIND_SERVICE')
  const containers = containersOf(pod)
  const keeping = containers.filter(item => !item.securityContext?.capabilities?.drop?.includes('ALL'))
  const adding = containers.filter(item => addedBy(item).length > 0)
  if (keeping.length === 0 && adding.length === 0) return undefined
  const details = [
    ...(keeping.length
      ? [`${containersText(namesOf(keeping))} must set securityContext.capabilities.drop=["ALL"]`]
      : []),
    ...(adding.length
      ? [
          `${containersText(namesOf(adding))} must not include ${joinQuoted(sortedSet(adding.flatMap(addedBy)))} in securityContext.capabilities.add`,
        ]
      : []),
  ]
  return { reason: 'unrestricted capabilities', detail: details.join('; ') }
}

const allowedVolumes: readonly (keyof Volume)[] = [
  ...(['configMap', 'csi', 'downwardAPI', 'emptyDir', 'ephemeral', 'image'] as const),
  ...(['persistentVolumeClaim', 'projected', 'secret'] as const),
]

const otherVolumes: readonly (keyof Volume)[] = [
  ...([
    'hostPath',
    'gcePersistentDisk',
    'awsElasticBlockStore',
    'gitRepo',
    'nfs',
    'iscsi',
    'glusterfs',
  ] as const),
  ...([
    'rbd',
    'flexVolume',
    'cinder',
    'cephfs',
    'flocker',
    'fc',
    'azureFile',
    'vsphereVolume',
    'quobyte',
  ] as const),
  ...(['azureDisk', 'photonPersistentDisk', 'portworxVolume', 'scaleIO', 'storageos'] as const),
]

const volumeTypes: CheckPod = ({ spec }) => {
  const bad = (spec.volumes ?? []).filter(volume => !allowedVolumes.some(kind => volume[kind]))
  if (bad.length === 0) return undefined
  const types = sortedSet(bad.map(volume => otherVolumes.find(kind => volume[kind]) ?? 'unknown'))
  const uses = `${plural('uses', bad.length, 'use')} ${plural('restricted volume type', types.length)}`
  return {
    reason: 'restricted volume types',
    detail: `${plural('volume', bad.length)} ${joinQuoted(namesOf(bad))} ${uses} ${joinQuoted(types)}`,
  }
}

const runAsNonRoot: CheckPod = pod => {
  const reason = 'runAsNonRoot != true'
  const podValue = pod.spec.securityContext?.runAsNonRoot
  const containers = containersOf(pod)
  const wrong = containers.filter(item => item.securityContext?.runAsNonRoot === false)
  if (podValue === false || wrong.length > 0) {
    const setters = settersText(podValue === false, namesOf(wrong))
    return { reason, detail: `${setters} must not set securityContext.runAsNonRoot=false` }
  }
  const silent = containers.filter(item => item.securityContext?.runAsNonRoot === undefined)
  if (podValue || silent.length === 0) return undefined
  return {
    reason,
    detail: `pod or ${containersText(namesOf(silent))} must set securityContext.runAsNonRoot=true`,
  }
}

const runAsUser: CheckPod = pod => {
  const podSets = pod.spec.securityContext?.runAsUser === 0
  const bad = containersOf(pod).filter(item => item.securityContext?.runAsUser === 0)
  if (!podSets && bad.length === 0) return undefined
  return { reason: 'runAsUser=0', detail: `${settersText(podSets, namesOf(bad))} must not set runAsUser=0` }
}

const seccomp: CheckPod = pod => {
  const wrong = seccompProfile(pod)
  if (wrong || pod.spec.securityContext?.seccompProfile) return wrong
  const silent = containersOf(pod).filter(item => !item.securityContext?.seccompProfile)
  if (silent.length === 0) return undefined
  return {
    reason: 'seccompProfile',
    detail: `pod or ${containersText(namesOf(silent))} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"`,
  }
}

/** Every control of the level `restricted` beyond baseline, by name. */
export const restrictedChecks: readonly Check[] = [
  {
    id: 'allowPrivilegeEscalation',
    versions: [
      { since: 8, check: allowPrivilegeEscalation },
      { since: 25, check: exceptWindows(allowPrivilegeEscalation) },
    ],
  },
  {
    id: 'capabilities_restricted',
    versions: [
      { since: 22, check: capabilities, overrides: 'capabilities_baseline' },
      { since: 25, check: exceptWindows(capabilities), overrides: 'capabilities_baseline' },
    ],
  },
  { id: 'procMount_restricted', versions: [{ since: 35, check: procMount, overrides: 'procMount' }] },
  { id: 'restrictedVolumes', versions: [{ since: 0, check: volumeTypes, overrides: 'hostPathVolumes' }] },
  {
    id: 'runAsNonRoot',
    versions: [
      { since: 0, check: runAsNonRoot },
      { since: 35, check: exceptUserNamespaces(runAsNonRoot) },
    ],
  },
  {
    id: 'runAsUser',
    versions: [
      { since: 23, check: runAsUser },
      { since: 35, check: exceptUserNamespaces(runAsUser) },
    ],
  },
  {
    id: 'seccompProfile_restricted',
    versions: [
      { since: 19, check: seccomp, overrides: 'seccompProfile_baseline' },
      { since: 25, check: exceptWindows(seccomp), overrides: 'seccompProfile_baseline' },
    ],
  },
]
