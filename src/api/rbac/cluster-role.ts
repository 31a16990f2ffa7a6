import { nameIsPathSegment } from '../../machinery/meta/names.ts'
import { validateLabelSelector } from '../../machinery/validation/label-selector.ts'
import { defineResource } from '../define-resource.ts'
import type { ClusterRole } from '../types/rbac-v1.gen.ts'
import { validateRules } from './rules.ts'

export const clusterRoles = defineResource<ClusterRole>('rbac.authorization.k8s.io/v1', 'ClusterRole', {
  strategy: {
    validateName: nameIsPathSegment,
    validate({ rules, aggregationRule }, errors) {
      validateRules(rules ?? [], false, errors)
      if (!aggregationRule) return
      const path = 'aggregationRule.clusterRoleSelectors'
      const { clusterRoleSelectors = [] } = aggregationRule
      if (clusterRoleSelectors.length === 0) {
        errors.required(path, 'at least one clusterRoleSelector required if aggregationRule is non-nil')
      }
      clusterRoleSelectors.forEach((selector, i) => {
        const before = errors.list.length
        validateLabelSelector(selector, `${path}[${i}]`, errors)
        if (errors.list.length > before) errors.invalid(`${path}[${i}]`, null, 'invalid label selector.')
      })
    },
    allowCreateOnUpdate: true,
  },
})
