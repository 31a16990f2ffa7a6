import { serviceAccountUsername } from '../authz/binding-index.ts'
import { privilegedGroup } from '../authz/union.ts'
import type { UserInfo } from '../context.ts'
import { withAuthenticated } from './authenticator.ts'

/** The user that a service account acts as. */
export function serviceAccountUser(namespace: string, name: string, uid?: string): UserInfo {
  return {
    username: serviceAccountUsername(namespace, name),
    ...(uid !== undefined && { uid }),
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`],
  }
}

/** Takes `system:serviceaccount:<namespace>:<name>` apart; undefined for other users. */
export function splitServiceAccountUsername(
  username: string,
): { namespace: string; name: string } | undefined {
  const [system, kind, namespace, name, ...more] = username.split(':')
  if (system !== 'system' || kind !== 'serviceaccount' || !namespace || !name || more.length) return undefined
  return { namespace, name }
}

/**
 * Who the parts of this process are (for `ApiServer.inProcess`); each holds the rights that RBAC gives this name, and
 * no other.
 */
export const componentUsers = {
  scheduler: component('system:kube-scheduler'),
  controllerManager: component('system:kube-controller-manager'),
  proxy: component('system:kube-proxy'),
  dns: component('system:hutch:dns'),
  /** The server's own start-up work: bootstrap policy, system namespaces, the kubernetes service. */
  server: component('system:apiserver', privilegedGroup),
} as const satisfies Record<string, UserInfo>

function component(username: string, ...groups: string[]): UserInfo {
  return withAuthenticated({ username, groups })
}

/** The name under which upstream's program of this identity writes (managedFields, audit): `kubelet`, `kube-scheduler`. */
export function programOf({ username }: UserInfo): string {
  if (username.startsWith('system:node:')) return 'kubelet'
  if (username === componentUsers.server.username) return 'kube-apiserver'
  return username.slice(username.lastIndexOf(':') + 1)
}

/** A kubelet's identity. */
export function nodeUser(name: string): UserInfo {
  return component(`system:node:${name}`, 'system:nodes')
}

/** A controller of upstream's list, as its own service account in kube-system (`deployment-controller`, …). */
export function controllerUser(name: string): UserInfo {
  return withAuthenticated(serviceAccountUser('kube-system', name))
}
