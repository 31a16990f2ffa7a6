import { nameIsDnsLabel, qualifiedNameErrors } from '../../machinery/meta/names.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { invalidFor } from '../../machinery/validation/field-errors.ts'
import { defineResource } from '../define-resource.ts'
import type { Namespace } from '../types/core-v1.gen.ts'

const kubernetesFinalizer = 'kubernetes'
const nameLabel = 'kubernetes.io/metadata.name'

function validateFinalizers({ spec }: Namespace, errors: FieldErrors): void {
  spec?.finalizers?.forEach(finalizer => {
    invalidFor(errors, 'spec.finalizers', finalizer, qualifiedNameErrors(finalizer))
    if (!finalizer.includes('/') && finalizer !== kubernetesFinalizer) {
      errors.invalid(
        'spec.finalizers',
        finalizer,
        'name is neither a standard finalizer name nor is it fully qualified',
      )
    }
  })
}

/** A namespace says Terminating exactly while it is being deleted. */
function validateStatusUpdate({ metadata, status }: Namespace, _old: Namespace, errors: FieldErrors): void {
  const phase = status?.phase ?? ''
  if (metadata.deletionTimestamp) {
    if (phase !== 'Terminating') {
      errors.invalid('status.Phase', phase, "may only be 'Terminating' if `deletionTimestamp` is not empty")
    }
  } else if (phase !== 'Active') {
    errors.invalid('status.Phase', phase, "may only be 'Active' if `deletionTimestamp` is empty")
  }
}

export const namespaces = defineResource<Namespace>('v1', 'Namespace', {
  strategy: {
    returnsDeletedObject: true,
    validateName: nameIsDnsLabel,
    setDefaults(namespace) {
      const { metadata } = namespace
      if (metadata.name) metadata.labels = { ...metadata.labels, [nameLabel]: metadata.name }
      namespace.status ??= {}
      namespace.status.phase ||= 'Active'
    },
    prepareForCreate(namespace) {
      const finalizers = namespace.spec?.finalizers ?? []
      if (!finalizers.includes(kubernetesFinalizer)) finalizers.push(kubernetesFinalizer)
      namespace.spec = { ...namespace.spec, finalizers }
    },
    prepareForUpdate(namespace, old) {
      namespace.spec = { ...namespace.spec, finalizers: structuredClone(old.spec?.finalizers ?? []) }
    },
    validate: validateFinalizers,
    holdsDeletion: ({ spec }) => (spec?.finalizers?.length ?? 0) > 0,
    markDeleting(namespace) {
      namespace.status = { ...namespace.status, phase: 'Terminating' }
    },
  },
  initialStatus: () => ({ phase: 'Active' }),
  subresources: {
    status: { strategy: { validateUpdate: validateStatusUpdate } },
    finalize: { writes: ['spec'], strategy: { validate: validateFinalizers } },
  },
  cells: { Status: ({ status }) => status?.phase ?? '' },
  selectableFields: { 'status.phase': ({ status }) => status?.phase ?? '' },
})
