import type { ClusterRoleBinding, RoleBinding, RoleRef, Subject } from '../../api/types/rbac-v1.gen.ts'
import type { UserInfo } from '../context.ts'
import type { Change, Source } from '../lister.ts'

export type AnyBinding = ClusterRoleBinding | RoleBinding

/** One subject of one binding. */
export interface Grant {
  readonly binding: AnyBinding
  readonly subject: Subject
  readonly roleRef: RoleRef
}

/**
 * Who is bound to what, by subject: the grants of a user are found without looking at other users' bindings.
 * Kept up to date by the sources that it is built from.
 */
export interface BindingIndex {
  /** The grants of a user in one namespace (`''`: the cluster-wide ones). */
  grants(user: UserInfo, namespace: string): Iterable<Grant>
}

/** Service accounts are looked up by the user name that they act under. */
type SubjectKey = `user:${string}` | `group:${string}`

export function createBindingIndex(
  clusterRoleBindings: Source<ClusterRoleBinding>,
  roleBindings: Source<RoleBinding>,
): BindingIndex {
  const byNamespace = new Map<string, Map<SubjectKey, Grant[]>>()
  const apply = ({ old, now }: Change<AnyBinding>) => {
    if (old) for (const subject of old.subjects ?? []) drop(byNamespace, old, subject)
    if (now) for (const subject of now.subjects ?? []) add(byNamespace, now, subject)
  }
  clusterRoleBindings.onChange(apply)
  roleBindings.onChange(apply)
  return {
    *grants(user, namespace) {
      const bySubject = byNamespace.get(namespace)
      if (!bySubject) return
      yield* bySubject.get(`user:${user.username}`) ?? []
      for (const group of user.groups) yield* bySubject.get(`group:${group}`) ?? []
    },
  }
}

function add(
  byNamespace: Map<string, Map<SubjectKey, Grant[]>>,
  binding: AnyBinding,
  subject: Subject,
): void {
  const key = subjectKey(subject, binding)
  if (!key) return
  const namespace = binding.metadata.namespace ?? ''
  const bySubject = byNamespace.get(namespace) ?? new Map<SubjectKey, Grant[]>()
  byNamespace.set(namespace, bySubject)
  const grant = { binding, subject, roleRef: binding.roleRef }
  bySubject.set(key, [...(bySubject.get(key) ?? []), grant])
}

function drop(
  byNamespace: Map<string, Map<SubjectKey, Grant[]>>,
  binding: AnyBinding,
  subject: Subject,
): void {
  const key = subjectKey(subject, binding)
  const namespace = binding.metadata.namespace ?? ''
  const bySubject = byNamespace.get(namespace)
  if (!key || !bySubject) return
  const left = (bySubject.get(key) ?? []).filter(
    grant => grant.binding.metadata.name !== binding.metadata.name,
  )
  if (left.length) bySubject.set(key, left)
  else bySubject.delete(key)
  if (bySubject.size === 0) byNamespace.delete(namespace)
}

function subjectKey(subject: Subject, binding: AnyBinding): SubjectKey | undefined {
  if (subject.kind === 'User') return `user:${subject.name}`
  if (subject.kind === 'Group') return `group:${subject.name}`
  const namespace = subject.namespace || binding.metadata.namespace
  if (subject.kind !== 'ServiceAccount' || !namespace) return undefined
  return `user:${serviceAccountUsername(namespace, subject.name)}`
}

/** `system:serviceaccount:<namespace>:<name>` */
export function serviceAccountUsername(namespace: string, name: string): string {
  return `system:serviceaccount:${namespace}:${name}`
}
