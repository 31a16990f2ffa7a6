import { formatLabels } from '../../machinery/table/cells.ts'
import { defineResource } from '../define-resource.ts'
import { containerCells } from '../shared/cells.ts'
import { validatePodTemplate, withTemplateDefaults } from '../shared/pod-template.ts'
import type { PodTemplate } from '../types/core-v1.gen.ts'
import { templateWarnings } from './pod/warnings.ts'

export const podTemplates = defineResource<PodTemplate>('v1', 'PodTemplate', {
  podTemplate: ({ template }) => template,
  strategy: {
    returnsDeletedObject: true,
    setDefaults(object) {
      object.template = withTemplateDefaults(object.template)
    },
    validate: ({ template }, errors) => validatePodTemplate(template!, 'template', errors),
    warnings: (object, old) => templateWarnings(object.template, 'template', [object, old]),
    hasGeneration: true,
  },
  cells: {
    ...containerCells(({ template }: PodTemplate) => template),
    'Pod Labels': ({ template }) => formatLabels(template?.metadata?.labels),
  },
})
