import { defineResource } from '../define-resource.ts'
import type { Pod, PodSpec } from '../types/core-v1.gen.ts'
import { appArmorWarnings } from './pod/annotations.ts'
import { setPodOnlyDefaults, setPodSpecDefaults } from './pod/defaults.ts'
import { dropPodFields } from './pod/disabled-fields.ts'
import { isFinished } from './pod/lifecycle.ts'
import { defaultPodLevelRequests, qosClass } from './pod/pod-resources.ts'
import { preparePodCreate } from './pod/prepare.ts'
import { podCells, podRowConditions } from './pod/printing.ts'
import { ephemeralContainersStrategy, podStatusStrategy, resizeStrategy } from './pod/subresources.ts'
import { validateNewPod, validatePod } from './pod/validate.ts'
import { validatePodUpdate } from './pod/validate-update.ts'
import { podWarnings } from './pod/warnings.ts'

function defaultGraceSeconds({ spec }: Pod): number {
  const seconds = spec?.terminationGracePeriodSeconds ?? 0
  return seconds < 0 ? 1 : seconds
}

export const pods = defineResource<Pod>('v1', 'Pod', {
  strategy: {
    returnsDeletedObject: true,
    setDefaults(pod) {
      pod.spec ??= {} as PodSpec
      setPodSpecDefaults(pod.spec)
      setPodOnlyDefaults(pod.spec)
    },
    // A LimitRange may have given requests to the containers.
    setLateDefaults: ({ spec }) => defaultPodLevelRequests(spec!),
    prepareForCreate: preparePodCreate,
    prepareForUpdate: ({ spec }, old) => dropPodFields(spec, old.spec),
    validate: validateNewPod,
    validatesOnceOnly: true,
    validateUpdate(pod, old, errors) {
      validatePod(pod, errors)
      validatePodUpdate(pod, old, errors)
    },
    earlyWarnings: appArmorWarnings,
    warnings: podWarnings,
    hasGeneration: true,
    defaultGraceSeconds,
    deletesAtOnce: pod => !pod.spec?.nodeName || isFinished(pod),
  },
  initialStatus: pod => ({ phase: 'Pending', qosClass: qosClass(pod.spec!) }),
  subresources: {
    status: { strategy: podStatusStrategy, resetFields: [['metadata', 'ownerReferences']] },
    ephemeralcontainers: { writes: ['spec'], strategy: ephemeralContainersStrategy },
    resize: { writes: ['spec'], strategy: resizeStrategy },
  },
  cells: podCells,
  rowConditions: podRowConditions,
  selectableFields: {
    'spec.nodeName': ({ spec }) => spec?.nodeName ?? '',
    // The name of v1beta1, still understood.
    'spec.host': ({ spec }) => spec?.nodeName ?? '',
    'spec.restartPolicy': ({ spec }) => spec?.restartPolicy ?? '',
    'spec.schedulerName': ({ spec }) => spec?.schedulerName ?? '',
    'spec.serviceAccountName': ({ spec }) => spec?.serviceAccountName ?? '',
    'spec.hostNetwork': ({ spec }) => String(spec?.hostNetwork ?? false),
    'status.phase': ({ status }) => status?.phase ?? '',
    'status.podIP': ({ status }) => status?.podIPs?.[0]?.ip ?? '',
    // Understood, though upstream holds nothing against it.
    'status.podIPs': () => '',
    'status.nominatedNodeName': ({ status }) => status?.nominatedNodeName ?? '',
  },
})
