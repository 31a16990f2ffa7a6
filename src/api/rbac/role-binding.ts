import { nameIsPathSegment } from '../../machinery/meta/names.ts'
import { defineResource } from '../define-resource.ts'
import type { RoleBinding } from '../types/rbac-v1.gen.ts'
import { bindingCells, setBindingDefaults, validateBinding, validateRoleRefStays } from './rules.ts'

export const roleBindings = defineResource<RoleBinding>('rbac.authorization.k8s.io/v1', 'RoleBinding', {
  strategy: {
    validateName: nameIsPathSegment,
    setDefaults: setBindingDefaults,
    validate: (binding, errors) => validateBinding(binding, ['Role', 'ClusterRole'], errors),
    validateUpdate: validateRoleRefStays,
    allowCreateOnUpdate: true,
  },
  cells: bindingCells,
})
