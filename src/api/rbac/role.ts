import { nameIsPathSegment } from '../../machinery/meta/names.ts'
import { defineResource } from '../define-resource.ts'
import type { Role } from '../types/rbac-v1.gen.ts'
import { validateRules } from './rules.ts'

export const roles = defineResource<Role>('rbac.authorization.k8s.io/v1', 'Role', {
  strategy: {
    validateName: nameIsPathSegment,
    validate: ({ rules }, errors) => validateRules(rules ?? [], true, errors),
    allowCreateOnUpdate: true,
  },
})
