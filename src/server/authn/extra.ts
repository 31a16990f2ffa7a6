/** Keys of a user's `extra` that authentication sets (apiserver authentication/serviceaccount and user). */
export const credentialIdKey = 'authentication.kubernetes.io/credential-id'
export const podNameKey = 'authentication.kubernetes.io/pod-name'
export const podUidKey = 'authentication.kubernetes.io/pod-uid'
export const nodeNameKey = 'authentication.kubernetes.io/node-name'
export const nodeUidKey = 'authentication.kubernetes.io/node-uid'

/** As Go writes a map: by its keys. */
export function inKeyOrder<T>(extra: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(extra).sort(([a], [b]) => (a < b ? -1 : 1)))
}
