import { nameIsDnsLabel, qualifiedNameErrors } from '../../machinery/meta/names.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { invalidFor } from '../../machinery/validation/field-errors.ts'
import { defineResource } from '../define-resource.ts'
import type { Namespace } from '../types/core-v1.gen.ts'

const kubernetesFinalizer = 'kubernetes'
const nameLabel = 'kubernetes.io/metadata.name'

function validateFinalizers({ spec }: Namespace, errors: FieldErrors): void {
  for (const finalizer of spec?.finalizers ?? []) validateFinalizer(finalizer, 'spec.finalizers', errors)
}

/** Through the door of their own they are told apart by their place. */
function validateFinalized({ spec }: Namespace, errors: FieldErrors): void {
  spec?.finalizers?.forEach((finalizer, index) => {
    validateFinalizer(finalizer, `spec.finalizers[${index}]`, errors)
  })
}

function validateFinalizer(finalizer: string, path: string, errors: FieldErrors): void {
  invalidFor(errors, path, finalizer, qualifiedNameErrors(finalizer))
  if (finalizer.includes('/') || finalizer === kubernetesFinalizer) return
  errors.invalid(path, finalizer, 'name is neither a standard finalizer name nor is it fully qualified')
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

function labelWithName({ metadata }: Namespace): void {
  if (metadata.name) metadata.labels = { ...metadata.labels, [nameLabel]: metadata.name }
}

export const namespaces = defineResource<Namespace>('v1', 'Namespace', {
  strategy: {
    returnsDeletedObject: true,
    tellsDeletedObject: false,
    validateName: nameIsDnsLabel,
    setDefaults(namespace) {
      labelWithName(namespace)
      namespace.status ??= {}
      namespace.status.phase ||= 'Active'
    },
    prepareForCreate(namespace) {
      labelWithName(namespace)
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
    finalize: { writes: ['spec'], strategy: { validate: validateFinalized } },
  },
  cells: { Status: ({ status }) => status?.phase ?? '' },
  selectableFields: { 'status.phase': ({ status }) => status?.phase ?? '' },
})
