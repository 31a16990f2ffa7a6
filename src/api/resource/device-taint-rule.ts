import { since } from '../../machinery/table/cells.ts'
import { validateConditions } from '../../machinery/validation/conditions.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { defineResource } from '../define-resource.ts'
import { validateDriverName } from '../shared/driver-names.ts'
import { sameField } from '../shared/same-field.ts'
import type { DeviceTaintRule, DeviceTaintSelector } from '../types/resource-v1alpha3.gen.ts'
import { validateDeviceTaint } from './device-taints.ts'
import { validateLabelName, validatePoolName } from './shared-rules.ts'

const conditionsMax = 8

function validateSelector(
  { driver, pool, device }: DeviceTaintSelector,
  path: string,
  errors: FieldErrors,
): void {
  if (driver !== undefined) validateDriverName(driver, `${path}.driver`, errors)
  if (pool !== undefined) validatePoolName(pool, `${path}.pool`, errors)
  if (device !== undefined) validateLabelName(device, `${path}.device`, errors)
}

function validate({ spec }: DeviceTaintRule, old: DeviceTaintRule | undefined, errors: FieldErrors): void {
  if (spec.deviceSelector) validateSelector(spec.deviceSelector, 'spec.deviceSelector', errors)
  validateDeviceTaint(spec.taint, old?.spec.taint, 'spec.taint', errors)
}

/** Taints devices of drivers from outside of their slices (KEP-5055). */
export const deviceTaintRules = defineResource<DeviceTaintRule>(
  'resource.k8s.io/v1alpha3',
  'DeviceTaintRule',
  {
    strategy: {
      returnsDeletedObject: true,
      prepareForCreate({ metadata, spec }, { now }) {
        metadata.generation = 1
        if (spec.taint) spec.taint.timeAdded ??= now
      },
      prepareForUpdate(rule, old, { now }) {
        if (rule.spec.taint) rule.spec.taint.timeAdded ??= now
        if (!sameField('k8s.io/api/resource/v1alpha3.DeviceTaintRule', 'spec', rule, old))
          rule.metadata.generation = (old.metadata.generation ?? 0) + 1
      },
      validate: (rule, errors) => validate(rule, undefined, errors),
      validatesOnceOnly: true,
      validateUpdate: (rule, old, errors) => validate(rule, old, errors),
    },
    subresources: {
      status: {
        keepsMetadata: true,
        strategy: {
          validate({ status }, errors) {
            const { conditions = [] } = status ?? {}
            validateConditions(conditions, 'status.conditions', errors)
            if (conditions.length > conditionsMax)
              errors.tooMany('status.conditions', conditions.length, conditionsMax)
          },
        },
      },
    },
    cells: {
      Key: ({ spec }) => spec?.taint?.key ?? '',
      Value: ({ spec }) => spec?.taint?.value ?? '',
      Effect: ({ spec }) => spec?.taint?.effect ?? '',
      TimeAdded: ({ spec }, nowMs) => (spec?.taint?.timeAdded ? since(spec.taint.timeAdded, nowMs) : ''),
    },
  },
)
