import { fromApiVersion } from '../../machinery/meta/group.ts'
import { controllerOf } from '../../machinery/meta/owners.ts'
import { none } from '../../machinery/table/cells.ts'
import { nonnegative } from '../../machinery/validation/values.ts'
import { defineResource } from '../define-resource.ts'
import { immutableField } from '../shared/same-field.ts'
import type { ControllerRevision } from '../types/apps-v1.gen.ts'

function controllerText(revision: ControllerRevision): string {
  const owner = controllerOf(revision)
  if (!owner) return none
  const group = fromApiVersion(owner.apiVersion)?.group
  return `${(group ? `${owner.kind}.${group}` : owner.kind).toLowerCase()}/${owner.name}`
}

export const controllerRevisions = defineResource<ControllerRevision>('apps/v1', 'ControllerRevision', {
  strategy: {
    validate({ metadata, revision, data }, errors) {
      nonnegative(revision, 'revision', errors)
      if (data === undefined || data === null) errors.required('data', 'data is mandatory')
      else if (!metadata.resourceVersion && typeof data !== 'object')
        errors.required('data', 'data must be a valid JSON object')
    },
    validateUpdate: (now, old, errors) =>
      immutableField('k8s.io/api/apps/v1.ControllerRevision', 'data', [now, old], 'data', errors),
  },
  cells: { Controller: controllerText, Revision: ({ revision }) => revision },
})
