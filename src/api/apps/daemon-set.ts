import type { ObjectMeta } from '../../machinery/meta/object.ts'
import { formatLabelSelector, formatLabels } from '../../machinery/table/cells.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { isEmptySelector, validateLabelSelector } from '../../machinery/validation/label-selector.ts'
import {
  nonnegative,
  percentOf,
  validateNotMoreThan100Percent,
  validatePositiveIntOrPercent,
} from '../../machinery/validation/values.ts'
import { templateWarnings } from '../core/pod/warnings.ts'
import { defineResource } from '../define-resource.ts'
import { containerCells } from '../shared/cells.ts'
import { internalValue } from '../shared/internal-value.ts'
import {
  selectorMatches,
  validateAlwaysRestarts,
  validatePodTemplate,
  withTemplateDefaults,
} from '../shared/pod-template.ts'
import { validateCollisionCount, validateReplicaCounts } from '../shared/replica-status.ts'
import { immutableField, sameField } from '../shared/same-field.ts'
import type {
  DaemonSet,
  DaemonSetSpec,
  DaemonSetUpdateStrategy,
  RollingUpdateDaemonSet,
} from '../types/apps-v1.gen.ts'

const generationAnnotation = 'deprecated.daemonset.template.generation'

/** The template's own generation was a field of older versions; apps/v1 carries it as an annotation. */
function setTemplateGeneration(metadata: ObjectMeta, generation: number): void {
  metadata.annotations = { ...metadata.annotations, [generationAnnotation]: String(generation) }
}

function setDefaults(daemonSet: DaemonSet): void {
  // Whoever writes the object owns the annotation, as upstream's conversion makes it.
  if (daemonSet.metadata.annotations?.[generationAnnotation] === undefined)
    setTemplateGeneration(daemonSet.metadata, 0)
  daemonSet.spec ??= {} as DaemonSetSpec
  const { spec } = daemonSet
  spec.template = withTemplateDefaults(spec.template)
  spec.updateStrategy ??= {}
  spec.updateStrategy.type ||= 'RollingUpdate'
  if (spec.updateStrategy.type === 'RollingUpdate') {
    spec.updateStrategy.rollingUpdate = {
      maxUnavailable: 1,
      maxSurge: 0,
      ...spec.updateStrategy.rollingUpdate,
    }
  }
  spec.revisionHistoryLimit ??= 10
}

function validate(daemonSet: DaemonSet, errors: FieldErrors): void {
  const spec = daemonSet.spec!
  validateLabelSelector(spec.selector, 'spec.selector', errors)
  const labels = spec.template.metadata?.labels
  if (selectorMatches(spec.selector, labels) === false) {
    errors.invalid(
      'spec.template.metadata.labels',
      labels ?? null,
      '`selector` does not match template `labels`',
    )
  }
  if (spec.selector && isEmptySelector(spec.selector)) {
    errors.invalid('spec.selector', spec.selector, 'empty selector is invalid for daemonset')
  }
  validatePodTemplate(spec.template, 'spec.template', errors)
  validateAlwaysRestarts(spec.template.spec!, 'DaemonSet', 'spec.template.spec', errors)
  nonnegative(spec.minReadySeconds, 'spec.minReadySeconds', errors)
  validateUpdateStrategy(spec.updateStrategy ?? {}, 'spec.updateStrategy', errors)
  nonnegative(spec.revisionHistoryLimit, 'spec.revisionHistoryLimit', errors)
}

function validateUpdateStrategy(strategy: DaemonSetUpdateStrategy, path: string, errors: FieldErrors): void {
  const { type = '', rollingUpdate } = strategy
  if (type === 'RollingUpdate') validateRollingUpdate(rollingUpdate ?? {}, `${path}.rollingUpdate`, errors)
  else if (type !== 'OnDelete') {
    errors.notSupported(path, internalValue('k8s.io/api/apps/v1.DaemonSetUpdateStrategy', strategy), [
      'RollingUpdate',
      'OnDelete',
    ])
  }
}

/** Exactly one of surge and unavailable is more than zero. */
function validateRollingUpdate(update: RollingUpdateDaemonSet, path: string, errors: FieldErrors): void {
  const { maxUnavailable = 0, maxSurge = 0 } = update
  validatePositiveIntOrPercent(maxUnavailable, `${path}.maxUnavailable`, errors)
  validatePositiveIntOrPercent(maxSurge, `${path}.maxSurge`, errors)
  validateNotMoreThan100Percent(maxUnavailable, `${path}.maxUnavailable`, errors)
  validateNotMoreThan100Percent(maxSurge, `${path}.maxSurge`, errors)
  const isSet = (value: number | string) => (typeof value === 'number' ? value : percentOf(value)) !== 0
  if (isSet(maxUnavailable) && isSet(maxSurge)) {
    errors.invalid(`${path}.maxSurge`, maxSurge, 'may not be set when maxUnavailable is non-zero')
  } else if (!isSet(maxUnavailable) && !isSet(maxSurge)) {
    errors.required(`${path}.maxUnavailable`, 'cannot be 0 when maxSurge is 0')
  }
}

const specType = 'k8s.io/api/apps/v1.DaemonSetSpec'

export const daemonSets = defineResource<DaemonSet>('apps/v1', 'DaemonSet', {
  strategy: {
    setDefaults,
    prepareForCreate: ({ metadata }) => setTemplateGeneration(metadata, 1),
    prepareForUpdate({ metadata, spec }, old) {
      const before = Number(old.metadata.annotations?.[generationAnnotation] ?? 1)
      const changed = !sameField(specType, 'template', spec, old.spec)
      setTemplateGeneration(metadata, changed ? before + 1 : before)
    },
    validate,
    // The selector is looked at first.
    validatesOnceOnly: true,
    validateUpdate(daemonSet, old, errors) {
      immutableField(specType, 'selector', [daemonSet.spec, old.spec], 'spec.selector', errors)
      validate(daemonSet, errors)
    },
    // Another template is what makes another generation of it.
    warnings: (object, old) =>
      old && sameField(specType, 'template', object.spec, old.spec)
        ? []
        : templateWarnings(object.spec?.template, 'spec.template', [object, undefined]),
    hasGeneration: true,
  },
  formAnnotations: [generationAnnotation],
  podTemplate: ({ spec }) => spec?.template,
  emptyForm: { metadata: { annotations: { [generationAnnotation]: '0' } } },
  initialStatus: () => ({
    currentNumberScheduled: 0,
    numberMisscheduled: 0,
    desiredNumberScheduled: 0,
    numberReady: 0,
  }),
  subresources: {
    status: {
      strategy: {
        prepareForUpdate({ metadata }, old) {
          setTemplateGeneration(metadata, Number(old.metadata.annotations?.[generationAnnotation] ?? 1))
        },
        validateUpdate({ status }, old, errors) {
          validateReplicaCounts({ ...status }, [], '', errors)
          validateCollisionCount(status, old.status, errors)
        },
      },
    },
  },
  cells: {
    Desired: ({ status }) => status?.desiredNumberScheduled ?? 0,
    Current: ({ status }) => status?.currentNumberScheduled ?? 0,
    Ready: ({ status }) => status?.numberReady ?? 0,
    'Up-to-date': ({ status }) => status?.updatedNumberScheduled ?? 0,
    Available: ({ status }) => status?.numberAvailable ?? 0,
    'Node Selector': ({ spec }) => formatLabels(spec?.template.spec?.nodeSelector),
    ...containerCells(({ spec }: DaemonSet) => spec?.template),
    Selector: ({ spec }) => formatLabelSelector(spec?.selector),
  },
})
