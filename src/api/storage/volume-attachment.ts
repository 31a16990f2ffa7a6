import { semanticEqual } from '../../machinery/validation/values.ts'
import { defineResource } from '../define-resource.ts'
import type { VolumeAttachment } from '../types/storage-v1.gen.ts'

export const volumeAttachments = defineResource<VolumeAttachment>('storage.k8s.io/v1', 'VolumeAttachment', {
  strategy: {
    returnsDeletedObject: true,
    validate({ spec }, errors) {
      const { attacher, nodeName, source = {} } = spec ?? {}
      const { persistentVolumeName, inlineVolumeSpec } = source
      const detail = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName'
      if (!attacher) errors.required('spec.attacher')
      if (persistentVolumeName !== undefined && inlineVolumeSpec) errors.forbidden('spec.source', detail)
      else if (persistentVolumeName === undefined && !inlineVolumeSpec) errors.required('spec.source', detail)
      if (!nodeName) errors.required('spec.nodeName')
    },
    validateUpdate({ spec }, old, errors) {
      if (!semanticEqual(spec, old.spec)) errors.invalid('spec', spec, 'field is immutable')
    },
    allowUnconditionalUpdate: false,
  },
  initialStatus: () => ({ attached: false }),
  subresources: { status: { keepsMetadata: true } },
  cells: {
    Attacher: ({ spec }) => spec.attacher,
    PV: ({ spec }) => spec.source?.persistentVolumeName ?? '',
    Node: ({ spec }) => spec.nodeName,
    Attached: ({ status }) => status?.attached ?? false,
  },
})
