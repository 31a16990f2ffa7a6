import { serviceAccountUsername } from '../authz/binding-index.ts'
import { privilegedGroup } from '../authz/union.ts'
import { withAuthenticated } from './authenticator.ts'
import type { Credential, UserInfo } from '../context.ts'

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

/** Who the parts of this process are; each holds the rights that RBAC gives this name, and no other. */
export const componentUsers = {
  scheduler: { username: 'system:kube-scheduler', groups: [] },
  controllerManager: { username: 'system:kube-controller-manager', groups: [] },
  proxy: { username: 'system:kube-proxy', groups: [] },
  dns: { username: 'system:hutch:dns', groups: [] },
  /** The server's own start-up work: bootstrap policy, system namespaces, the kubernetes service. */
  server: { username: 'system:apiserver', groups: [privilegedGroup] },
} as const satisfies Record<string, UserInfo>

/** A kubelet's identity. */
export function nodeUser(name: string): UserInfo {
  return { username: `system:node:${name}`, groups: ['system:nodes'] }
}

/** A controller of upstream's list, as its own service account in kube-system (`deployment-controller`, …). */
export function controllerUser(name: string): UserInfo {
  return serviceAccountUser('kube-system', name)
}

/** The credential of a part of this process. */
export function loopback(user: UserInfo): Credential {
  return { kind: 'loopback', user: withAuthenticated(user) }
}
