import { formatSelector, labelSelectorFrom } from '../../machinery/selector/label.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import {
  nonnegative,
  percentOf,
  validateNotMoreThan100Percent,
  validatePositiveIntOrPercent,
} from '../../machinery/validation/values.ts'
import { nameWarnings, templateWarnings } from '../core/pod/warnings.ts'
import { defineResource } from '../define-resource.ts'
import { containerCells } from '../shared/cells.ts'
import { internalValue } from '../shared/internal-value.ts'
import {
  validateAlwaysRestarts,
  validatePodTemplate,
  validateSelectorOfTemplate,
  withTemplateDefaults,
} from '../shared/pod-template.ts'
import { replicaScale } from '../shared/replica-scale.ts'
import { validateCollisionCount, validateReplicaCounts } from '../shared/replica-status.ts'
import { immutableField, metaType, sameField } from '../shared/same-field.ts'
import type { Deployment, DeploymentSpec, DeploymentStrategy } from '../types/apps-v1.gen.ts'

const share = '25%'

function setDefaults(deployment: Deployment): void {
  deployment.spec ??= {} as DeploymentSpec
  const { spec } = deployment
  spec.template = withTemplateDefaults(spec.template)
  spec.replicas ??= 1
  spec.strategy ??= {}
  spec.strategy.type ||= 'RollingUpdate'
  if (spec.strategy.type === 'RollingUpdate') {
    spec.strategy.rollingUpdate = { maxUnavailable: share, maxSurge: share, ...spec.strategy.rollingUpdate }
  }
  spec.revisionHistoryLimit ??= 10
  spec.progressDeadlineSeconds ??= 600
}

function validate(deployment: Deployment, errors: FieldErrors): void {
  const spec = deployment.spec!
  nonnegative(spec.replicas, 'spec.replicas', errors)
  validateSelectorOfTemplate(spec.selector, spec.template, { path: 'spec', kind: 'deployment' }, errors)
  validatePodTemplate(spec.template, 'spec.template', errors)
  validateAlwaysRestarts(spec.template.spec!, 'ReplicaSet', 'spec.template.spec', errors)
  validateStrategy(spec.strategy ?? {}, 'spec.strategy', errors)
  nonnegative(spec.minReadySeconds, 'spec.minReadySeconds', errors)
  nonnegative(spec.revisionHistoryLimit, 'spec.revisionHistoryLimit', errors)
  const { progressDeadlineSeconds, minReadySeconds = 0 } = spec
  if (progressDeadlineSeconds === undefined) return
  nonnegative(progressDeadlineSeconds, 'spec.progressDeadlineSeconds', errors)
  if (progressDeadlineSeconds <= minReadySeconds) {
    errors.invalid(
      'spec.progressDeadlineSeconds',
      progressDeadlineSeconds,
      'must be greater than minReadySeconds',
    )
  }
}

function validateStrategy(strategy: DeploymentStrategy, path: string, errors: FieldErrors): void {
  const { type, rollingUpdate } = strategy
  if (type === 'Recreate') {
    if (rollingUpdate)
      errors.forbidden(`${path}.rollingUpdate`, "may not be specified when strategy `type` is 'Recreate'")
    return
  }
  if (type !== 'RollingUpdate') {
    errors.notSupported(path, internalValue('k8s.io/api/apps/v1.DeploymentStrategy', strategy), [
      'Recreate',
      'RollingUpdate',
    ])
    return
  }
  const { maxUnavailable = 0, maxSurge = 0 } = rollingUpdate ?? {}
  validatePositiveIntOrPercent(maxUnavailable, `${path}.rollingUpdate.maxUnavailable`, errors)
  validatePositiveIntOrPercent(maxSurge, `${path}.rollingUpdate.maxSurge`, errors)
  if (isZero(maxUnavailable) && isZero(maxSurge)) {
    errors.invalid(
      `${path}.rollingUpdate.maxUnavailable`,
      maxUnavailable,
      'may not be 0 when `maxSurge` is 0',
    )
  }
  validateNotMoreThan100Percent(maxUnavailable, `${path}.rollingUpdate.maxUnavailable`, errors)
}

const isZero = (value: number | string) => (typeof value === 'number' ? value === 0 : percentOf(value) === 0)

export const deployments = defineResource<Deployment>('apps/v1', 'Deployment', {
  strategy: {
    setDefaults,
    // Controllers must see changed annotations too, so these raise the generation like a changed spec.
    prepareForUpdate({ metadata }, { metadata: old }) {
      if (!sameField(metaType, 'annotations', metadata, old)) metadata.generation = (old.generation ?? 0) + 1
    },
    validate,
    validateUpdate({ spec }, { spec: old }, errors) {
      immutableField('k8s.io/api/apps/v1.DeploymentSpec', 'selector', [spec, old], 'spec.selector', errors)
    },
    warnings: (object, old) => [
      ...nameWarnings(object.metadata.name, old),
      ...templateWarnings(object.spec?.template, 'spec.template', [object, old]),
    ],
    hasGeneration: true,
  },
  subresources: {
    status: {
      resetFields: [['metadata', 'labels']],
      strategy: {
        prepareForUpdate({ metadata }, { metadata: { labels } }) {
          if (labels) metadata.labels = labels
          else delete metadata.labels
        },
        validateUpdate({ status = {} }, old, errors) {
          const bounded = ['updatedReplicas', 'readyReplicas', 'availableReplicas']
          validateReplicaCounts({ ...status }, bounded, 'readyReplicas', errors)
          validateCollisionCount(status, old.status, errors)
        },
      },
    },
  },
  podTemplate: ({ spec }) => spec?.template,
  emptyForm: { spec: { replicas: 0 } },
  scale: replicaScale(({ spec }) => formatSelector(labelSelectorFrom(spec?.selector))),
  cells: {
    Ready: ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`,
    'Up-to-date': ({ status }) => status?.updatedReplicas ?? 0,
    Available: ({ status }) => status?.availableReplicas ?? 0,
    ...containerCells(({ spec }: Deployment) => spec?.template),
    Selector: ({ spec }) => formatSelector(labelSelectorFrom(spec?.selector)),
  },
})
