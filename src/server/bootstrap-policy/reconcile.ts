import { isDeepStrictEqual } from 'node:util'
import type { Features } from '../../api/features/features.ts'
import type {
  ClusterRole,
  ClusterRoleBinding,
  Role,
  RoleBinding,
  Subject,
} from '../../api/types/rbac-v1.gen.ts'
import { type Client, createClient } from '../../client/client.ts'
import { isAlreadyExists, isConflict, isNotFound } from '../../client/failure.ts'
import type { ResourceName } from '../../client/resource.ts'
import type { Transport } from '../../client/transport.ts'
import type { KubeObject } from '../../machinery/meta/object.ts'
import type { Ports } from '../../std/ports.ts'
import { uncoveredRules } from '../authz/covers.ts'
import { type AccountRights, bootstrapPolicy } from './policy.ts'

type AnyRole = Role & ClusterRole
type AnyBinding = RoleBinding | ClusterRoleBinding

/** One write that brings a cluster's policy up to what the release expects. */
export interface PolicyWrite {
  readonly operation: 'create' | 'update' | 'recreate'
  readonly object: KubeObject
}

const group = 'rbac.authorization.k8s.io'
const rbac = { group, version: 'v1' }
const clusterRoles = { ...rbac, plural: 'clusterroles', kind: 'ClusterRole', namespaced: false }
const clusterRoleBindings = {
  ...rbac,
  plural: 'clusterrolebindings',
  kind: 'ClusterRoleBinding',
  namespaced: false,
}
const roles = { ...rbac, plural: 'roles', kind: 'Role', namespaced: true }
const roleBindings = { ...rbac, plural: 'rolebindings', kind: 'RoleBinding', namespaced: true }
const namespaces = { group: '', version: 'v1', plural: 'namespaces', kind: 'Namespace', namespaced: false }
const attemptsMax = 3

/**
 * Creates and updates the bootstrap roles and bindings as upstream does at every start: what is missing is added,
 * nothing is taken away, objects with `autoupdate: "false"` are left alone, a binding to another role is made anew.
 * An ordinary start costs four lists and no write. Answers how many objects were written.
 */
export async function reconcileBootstrapPolicy(
  transport: Transport,
  { log }: Pick<Ports, 'log'>,
  features?: Pick<Features, 'enabled'>,
  accounts?: readonly AccountRights[],
): Promise<number> {
  const client = createClient(transport)
  const desired = bootstrapPolicy(features, accounts)
  for (const namespace of new Set(desired.roles.map(role => role.metadata.namespace ?? ''))) {
    await createNamespace(client, namespace)
  }
  const written = [
    await reconcileKind(client, clusterRoles, desired.clusterRoles, planRole),
    await reconcileKind(client, clusterRoleBindings, desired.clusterRoleBindings, planBinding),
    await reconcileKind(client, roles, desired.roles, planRole),
    await reconcileKind(client, roleBindings, desired.roleBindings, planBinding),
  ].reduce((sum, count) => sum + count)
  if (written > 0) log.info('bootstrap policy reconciled', { written })
  return written
}

type Planner<T extends KubeObject> = (desired: T, existing: T | undefined) => PolicyWrite | undefined

async function reconcileKind<T extends KubeObject>(
  client: Client,
  resource: ResourceName,
  desired: readonly T[],
  plan: Planner<T>,
): Promise<number> {
  let written = 0
  for (let attempt = 1; attempt <= attemptsMax; attempt++) {
    const list = await client.list<T>(resource)
    const existing = new Map(list.items.map(item => [keyOf(item), item]))
    let raced = false
    for (const object of desired) {
      const write = plan(object, existing.get(keyOf(object)))
      if (!write) continue
      if (await apply(client, resource, write)) written++
      else raced = true
    }
    if (!raced) return written
  }
  throw new Error(
    `the bootstrap policy could not be reconciled: somebody else keeps changing ${resource.plural}`,
  )
}

function keyOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name ?? ''}`
}

/** False when somebody else was faster: look again. */
async function apply(
  client: Client,
  resource: ResourceName,
  { operation, object }: PolicyWrite,
): Promise<boolean> {
  const { namespace, name = '' } = object.metadata
  try {
    if (operation === 'update') await client.update(resource, object)
    if (operation === 'recreate') await client.delete(resource, namespace, name)
    if (operation !== 'update') await client.create(resource, object)
    return true
  } catch (error) {
    if (isConflict(error) || isAlreadyExists(error) || isNotFound(error)) return false
    throw error
  }
}

async function createNamespace(client: Client, name: string): Promise<void> {
  try {
    await client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
  } catch (error) {
    if (!isAlreadyExists(error)) throw error
  }
}

/** What a role needs (component-helpers auth/rbac/reconciliation computeReconciledRole). */
export function planRole(
  desired: Role | ClusterRole,
  existing: Role | ClusterRole | undefined,
): PolicyWrite | undefined {
  if (!existing) return { operation: 'create', object: desired }
  if (isProtected(existing)) return undefined
  const missing = uncoveredRules(existing.rules ?? [], desired.rules ?? [])
  const wanted = (desired as AnyRole).aggregationRule?.clusterRoleSelectors ?? []
  const held = (existing as AnyRole).aggregationRule?.clusterRoleSelectors ?? []
  const selectors = [
    ...held,
    ...wanted.filter(selector => !held.some(other => isDeepStrictEqual(other, selector))),
  ]
  const { aggregationRule: _, ...rest } = existing as AnyRole
  const object: AnyRole = {
    ...rest,
    metadata: mergedMetadata(desired, existing),
    ...(missing.length && { rules: [...(existing.rules ?? []), ...missing] }),
    ...((desired as AnyRole).aggregationRule && { aggregationRule: { clusterRoleSelectors: selectors } }),
  }
  return isDeepStrictEqual(object, existing) ? undefined : { operation: 'update', object }
}

/** What a binding needs (computeReconciledRoleBinding). */
export function planBinding(desired: AnyBinding, existing: AnyBinding | undefined): PolicyWrite | undefined {
  if (!existing) return { operation: 'create', object: desired }
  if (isProtected(existing)) return undefined
  const metadata = mergedMetadata(desired, existing)
  if (!isDeepStrictEqual(desired.roleRef, existing.roleRef)) {
    const { name, namespace, labels, annotations } = metadata
    const object: AnyBinding = {
      ...desired,
      metadata: { name, labels, annotations, ...(namespace !== undefined && { namespace }) },
      subjects: unionSubjects(existing.subjects, desired.subjects),
    }
    return { operation: 'recreate', object }
  }
  const subjects = unionSubjects(existing.subjects, desired.subjects)
  const object: AnyBinding = { ...existing, metadata, ...(subjects.length && { subjects }) }
  return isDeepStrictEqual(object, existing) ? undefined : { operation: 'update', object }
}

function unionSubjects(held: readonly Subject[] = [], wanted: readonly Subject[] = []): Subject[] {
  return [...held, ...wanted.filter(subject => !held.some(other => sameSubject(other, subject)))]
}

function sameSubject(a: Subject, b: Subject): boolean {
  return a.kind === b.kind && a.name === b.name && (a.namespace ?? '') === (b.namespace ?? '')
}

function isProtected({ metadata }: KubeObject): boolean {
  return metadata.annotations?.['rbac.authorization.kubernetes.io/autoupdate'] === 'false'
}

/** What an administrator set wins over the release's own labels and annotations. */
function mergedMetadata(desired: KubeObject, existing: KubeObject): KubeObject['metadata'] {
  return {
    ...existing.metadata,
    labels: { ...desired.metadata.labels, ...existing.metadata.labels },
    annotations: { ...desired.metadata.annotations, ...existing.metadata.annotations },
  }
}
