import type { UserInfo } from '../context.ts'

const nodesGroup = 'system:nodes'
const nodeUserPrefix = 'system:node:'

/** A kubelet: named `system:node:<name>` and a member of `system:nodes` (pkg/auth/nodeidentifier). */
export function isNodeUser({ username, groups }: UserInfo): boolean {
  return username.startsWith(nodeUserPrefix) && groups.includes(nodesGroup)
}

/** The node's name when the user is a kubelet, else undefined. */
export function nodeNameOf(user: UserInfo): string | undefined {
  return isNodeUser(user) ? user.username.slice(nodeUserPrefix.length) : undefined
}
