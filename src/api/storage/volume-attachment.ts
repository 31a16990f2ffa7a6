import { dns1123SubdomainErrors } from '../../machinery/meta/names.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { invalidFor } from '../../machinery/validation/field-errors.ts'
import { rangeText } from '../../machinery/validation/values.ts'
import { validateInlineVolume } from '../core/persistent-volume-validation.ts'
import { defineResource } from '../define-resource.ts'
import { validateDriverName } from '../shared/driver-names.ts'
import { immutableInternal } from '../shared/internal-value.ts'
import type { VolumeAttachment, VolumeAttachmentStatus } from '../types/storage-v1.gen.ts'

const metadataBytesMax = 256 * 1024
const messageBytesMax = 1024
const codeMax = 2 ** 31 - 1
const oneSource = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName'

function validateSpec(attachment: VolumeAttachment, errors: FieldErrors): void {
  const { attacher, nodeName = '', source = {} } = attachment.spec ?? {}
  const { persistentVolumeName: name, inlineVolumeSpec } = source
  const isNew = !attachment.metadata.resourceVersion
  if (!attacher) errors.required('spec.attacher')
  if (name !== undefined && inlineVolumeSpec) errors.forbidden('spec.source', oneSource)
  else if (name === '')
    errors.required('spec.source.persistentVolumeName', 'must specify non empty persistentVolumeName')
  else if (inlineVolumeSpec) validateInlineVolume(inlineVolumeSpec, 'spec.source.inlineVolumeSpec', errors)
  else if (name === undefined) errors.required('spec.source', oneSource)
  invalidFor(errors, 'spec.nodeName', nodeName, dns1123SubdomainErrors(nodeName))
  if (!isNew) return
  validateDriverName(attacher, 'spec.attacher', errors)
  if (name) invalidFor(errors, 'spec.source.persistentVolumeName', name, dns1123SubdomainErrors(name))
}

function validateStatus(
  { status = {} as VolumeAttachmentStatus }: VolumeAttachment,
  errors: FieldErrors,
): void {
  const bytes = Object.entries(status.attachmentMetadata ?? {}).reduce(
    (sum, entry) => sum + Buffer.byteLength(entry.join('')),
    0,
  )
  if (bytes > metadataBytesMax) errors.tooLong('status.attachmentMetadata', metadataBytesMax)
  for (const field of ['attachError', 'detachError'] as const) {
    const { message = '', errorCode } = status[field] ?? {}
    if (Buffer.byteLength(message) > messageBytesMax)
      errors.tooLong(`status.${field}.message`, metadataBytesMax)
    if (errorCode !== undefined && errorCode < 0)
      errors.invalid(`status.${field}.errorCode`, errorCode, rangeText(0, codeMax))
  }
}

export const volumeAttachments = defineResource<VolumeAttachment>('storage.k8s.io/v1', 'VolumeAttachment', {
  strategy: {
    returnsDeletedObject: true,
    validate(attachment, errors) {
      validateSpec(attachment, errors)
      validateStatus(attachment, errors)
    },
    validateUpdate({ spec }, old, errors) {
      const values = [spec, old.spec] as const
      immutableInternal('k8s.io/api/storage/v1.VolumeAttachmentSpec', values, 'spec', errors)
    },
    allowUnconditionalUpdate: false,
  },
  initialStatus: () => ({ attached: false }),
  subresources: { status: { keepsMetadata: true, strategy: { validate: validateStatus } } },
  cells: {
    Attacher: ({ spec }) => spec.attacher,
    PV: ({ spec }) => spec.source?.persistentVolumeName ?? '',
    Node: ({ spec }) => spec.nodeName,
    Attached: ({ status }) => status?.attached ?? false,
  },
})
