import { defineResource } from '../define-resource.ts'
import type { CSINode } from '../types/storage-v1.gen.ts'

export const csiNodes = defineResource<CSINode>('storage.k8s.io/v1', 'CSINode', {
  strategy: {
    returnsDeletedObject: true,
    validate({ spec }, errors) {
      const seen = new Set<string>()
      spec?.drivers?.forEach(({ name, nodeID }, i) => {
        const path = `spec.drivers[${i}]`
        if (!name) errors.required(`${path}.name`)
        else if (seen.has(name)) errors.duplicate(`${path}.name`, name)
        if (!nodeID) errors.required(`${path}.nodeID`)
        seen.add(name)
      })
    },
    allowUnconditionalUpdate: false,
  },
  cells: { Drivers: ({ spec }) => spec?.drivers?.length ?? 0 },
})
