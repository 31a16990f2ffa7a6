import { dns1123LabelErrors, nameIsDnsLabel } from '../../machinery/meta/names.ts'
import { formatSelector, labelSelectorFrom } from '../../machinery/selector/label.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { invalidFor } from '../../machinery/validation/field-errors.ts'
import { nonnegative } from '../../machinery/validation/values.ts'
import { claimSpecWarnings } from '../core/claim-warnings.ts'
import { validateClaimSpec } from '../core/persistent-volume-claim-validation.ts'
import { templateWarnings } from '../core/pod/warnings.ts'
import { defineResource } from '../define-resource.ts'
import { containerCells } from '../shared/cells.ts'
import {
  validateAlwaysRestarts,
  validatePodTemplate,
  validateSelectorOfTemplate,
  withTemplateDefaults,
} from '../shared/pod-template.ts'
import { replicaScale } from '../shared/replica-scale.ts'
import { validateCollisionCount, validateReplicaCounts } from '../shared/replica-status.ts'
import { sameValue } from '../shared/same-field.ts'
import type { StatefulSet, StatefulSetSpec } from '../types/apps-v1.gen.ts'
import { validateStatefulUpdateStrategy } from './stateful-set-update-strategy.ts'

const retentionPolicies = ['Retain', 'Delete']

function setDefaults(statefulSet: StatefulSet): void {
  statefulSet.spec ??= {} as StatefulSetSpec
  const { spec } = statefulSet
  spec.template = withTemplateDefaults(spec.template)
  spec.podManagementPolicy ||= 'OrderedReady'
  spec.updateStrategy ??= {}
  if (!spec.updateStrategy.type) {
    spec.updateStrategy.type = 'RollingUpdate'
    spec.updateStrategy.rollingUpdate ??= {}
  }
  const { type, rollingUpdate } = spec.updateStrategy
  if (type === 'RollingUpdate' && rollingUpdate) rollingUpdate.partition ??= 0
  spec.persistentVolumeClaimRetentionPolicy = {
    whenDeleted: 'Retain',
    whenScaled: 'Retain',
    ...spec.persistentVolumeClaimRetentionPolicy,
  }
  spec.replicas ??= 1
  spec.revisionHistoryLimit ??= 10
  for (const claim of spec.volumeClaimTemplates ?? []) {
    // They are printed with kind and version, as stored claims are.
    claim.apiVersion = 'v1'
    claim.kind = 'PersistentVolumeClaim'
    claim.spec ??= {}
    claim.spec.volumeMode ??= 'Filesystem'
    claim.status ??= {}
    claim.status.phase ||= 'Pending'
  }
}

/** An update is spared what never changes, and a template that was wrong before. */
function validate(statefulSet: StatefulSet, errors: FieldErrors, old?: StatefulSet): void {
  const spec = statefulSet.spec!
  const { podManagementPolicy = '', serviceName = '', ordinals } = spec
  if (!['OrderedReady', 'Parallel'].includes(podManagementPolicy)) {
    errors.invalid('spec.podManagementPolicy', podManagementPolicy, "must be 'OrderedReady' or 'Parallel'")
  }
  validateStatefulUpdateStrategy(spec.updateStrategy ?? {}, 'spec.updateStrategy', errors)
  for (const [field, policy] of Object.entries(spec.persistentVolumeClaimRetentionPolicy ?? {})) {
    if (retentionPolicies.includes(policy)) continue
    errors.notSupported(`spec.persistentVolumeClaimRetentionPolicy.${field}`, policy, retentionPolicies)
  }
  if (!old)
    spec.volumeClaimTemplates?.forEach((claim, i) => {
      validateClaimSpec(claim.spec!, `spec.volumeClaimTemplates[${i}].spec`, errors)
    })
  nonnegative(spec.replicas, 'spec.replicas', errors)
  nonnegative(spec.minReadySeconds, 'spec.minReadySeconds', errors)
  nonnegative(ordinals?.start, 'spec.ordinals.start', errors)
  if (serviceName && !old)
    invalidFor(errors, 'spec.serviceName', serviceName, dns1123LabelErrors(serviceName))
  const place = { path: 'spec', kind: 'statefulset', invalidText: '' }
  validateSelectorOfTemplate(spec.selector, spec.template, place, errors)
  validatePodTemplate(withClaimVolumes(spec), 'spec.template', errors)
  validateAlwaysRestarts(spec.template.spec!, 'StatefulSet', 'spec.template.spec', errors)
}

/** The template as the controller completes it: a volume per claim, host name and subdomain of its own. */
function withClaimVolumes({ template, volumeClaimTemplates = [] }: StatefulSetSpec) {
  const { hostname: _hostname, subdomain: _subdomain, ...podSpec } = template.spec!
  const names = [...new Set(volumeClaimTemplates.map(({ metadata }) => metadata?.name ?? ''))]
  const claims = names.map(name => ({ name, persistentVolumeClaim: { claimName: name } }))
  const volumes = [...claims, ...(podSpec.volumes ?? []).filter(({ name }) => !names.includes(name))]
  return { ...template, spec: { ...podSpec, volumes } }
}

const changeable = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
] as const

function validateUpdate(statefulSet: StatefulSet, before: StatefulSet, errors: FieldErrors): void {
  const { spec } = statefulSet
  const { spec: old } = before
  validate(statefulSet, errors, before)
  const fixed = { ...spec } as Record<string, unknown>
  for (const field of changeable) fixed[field] = old?.[field]
  if (sameValue('k8s.io/api/apps/v1.StatefulSetSpec', fixed, old)) return
  const names =
    "'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds'"
  errors.forbidden('spec', `updates to statefulset spec for fields other than ${names} are forbidden`)
}

/** The gate MaxUnavailableStatefulSet is off by default. */
function dropMaxUnavailable({ spec }: StatefulSet): void {
  delete spec?.updateStrategy?.rollingUpdate?.maxUnavailable
}

const historyWarning =
  'spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended'

export const statefulSets = defineResource<StatefulSet>('apps/v1', 'StatefulSet', {
  strategy: {
    validateName: nameIsDnsLabel,
    setDefaults,
    validate: (statefulSet, errors) => validate(statefulSet, errors),
    validatesOnceOnly: true,
    validateUpdate,
    prepareForCreate: dropMaxUnavailable,
    prepareForUpdate: dropMaxUnavailable,
    hasGeneration: true,
    warnings: (object, old) => [
      ...templateWarnings(object.spec?.template, 'spec.template', [object, old]),
      // Upstream's paths: without the spec in a new one, with a capital letter in a changed one.
      ...(object.spec?.volumeClaimTemplates ?? []).flatMap(({ spec }, index) =>
        claimSpecWarnings(spec, `spec.volumeClaimTemplates[${index}]${old ? '.Spec' : ''}`),
      ),
      ...((object.spec?.revisionHistoryLimit ?? 0) < 0 ? [historyWarning] : []),
    ],
  },
  podTemplate: ({ spec }) => spec?.template,
  emptyForm: { spec: { replicas: 0 } },
  initialStatus: () => ({ replicas: 0, availableReplicas: 0 }),
  subresources: {
    status: {
      strategy: {
        validateUpdate({ status }, old, errors) {
          const bounded = ['readyReplicas', 'currentReplicas', 'updatedReplicas', 'availableReplicas']
          validateReplicaCounts({ ...status }, bounded, 'status.readyReplicas', errors)
          validateCollisionCount(status, old.status, errors)
        },
      },
    },
  },
  scale: replicaScale(({ spec }) => formatSelector(labelSelectorFrom(spec?.selector))),
  cells: {
    Ready: ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`,
    ...containerCells(({ spec }: StatefulSet) => spec?.template),
  },
})
