import type {
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  Role,
  RoleBinding,
  Subject,
} from '../../api/types/rbac-v1.gen.ts'
import type { RequestInfo, UserInfo } from '../context.ts'
import { memorySource } from '../lister.ts'

/** RBAC sources that a test fills by hand. */
export function testRbacSource() {
  return {
    roles: memorySource<Role>(),
    clusterRoles: memorySource<ClusterRole>(),
    roleBindings: memorySource<RoleBinding>(),
    clusterRoleBindings: memorySource<ClusterRoleBinding>(),
  }
}

export const clusterRole = (name: string, ...rules: PolicyRule[]): ClusterRole => ({
  metadata: { name },
  rules,
})

export const clusterBinding = (name: string, role: string, ...subjects: Subject[]): ClusterRoleBinding => ({
  metadata: { name },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
  subjects,
})

export const binding = (
  namespace: string,
  name: string,
  ref: string,
  ...subjects: Subject[]
): RoleBinding => {
  const [kind = '', role = ''] = ref.split(':')
  return {
    metadata: { name, namespace },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name: role },
    subjects,
  }
}

export const user = (username: string, ...groups: string[]): UserInfo => ({ username, groups })

/** `get pods/log.core in ns named x` without the words: `info('get', 'pods/log', { namespace, name })`. */
export function info(verb: string, what: string, more: Partial<RequestInfo> = {}): RequestInfo {
  const isResourceRequest = !what.startsWith('/')
  const [resource = '', subresource = ''] = isResourceRequest ? what.split('/') : []
  return {
    isResourceRequest,
    path: isResourceRequest ? '' : what,
    verb,
    group: '',
    version: 'v1',
    resource,
    subresource,
    namespace: '',
    name: '',
    ...more,
  }
}
