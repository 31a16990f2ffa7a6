import { defineResource } from '../define-resource.ts'
import type { LimitRange, LimitRangeItem } from '../types/core-v1.gen.ts'
import { validateLimitRange } from './limit-range-validation.ts'

/** What a container gets by default follows from its bounds (SetDefaults_LimitRangeItem). */
function setItemDefaults(item: LimitRangeItem): void {
  if (item.type !== 'Container') return
  item.default = { ...item.max, ...item.default }
  item.defaultRequest = { ...item.min, ...item.default, ...item.defaultRequest }
  for (const field of ['default', 'defaultRequest'] as const) {
    if (Object.keys(item[field]!).length === 0) delete item[field]
  }
}

export const limitRanges = defineResource<LimitRange>('v1', 'LimitRange', {
  strategy: {
    setDefaults({ spec }) {
      for (const item of spec?.limits ?? []) setItemDefaults(item)
    },
    // Nameless ones get a name of their own.
    prepareForCreate({ metadata }) {
      metadata.name ||= metadata.uid!
    },
    validate: validateLimitRange,
    allowCreateOnUpdate: true,
  },
})
