import { nameIsPathSegment } from '../../machinery/meta/names.ts'
import { defineResource } from '../define-resource.ts'
import type { ClusterRoleBinding } from '../types/rbac-v1.gen.ts'
import { bindingCells, setBindingDefaults, validateBinding, validateRoleRefStays } from './rules.ts'

export const clusterRoleBindings = defineResource<ClusterRoleBinding>(
  'rbac.authorization.k8s.io/v1',
  'ClusterRoleBinding',
  {
    strategy: {
      validateName: nameIsPathSegment,
      setDefaults: setBindingDefaults,
      validate: (binding, errors) => validateBinding(binding, ['ClusterRole'], errors),
      validateUpdate: validateRoleRefStays,
      allowCreateOnUpdate: true,
    },
    cells: bindingCells,
  },
)
