/** Names a resource in one version: what a request path names. The core group is `''`. */
export interface GroupVersionResource {
  readonly group: string
  readonly version: string
  /** Plural, lower case: `deployments`. */
  readonly resource: string
}

export interface GroupVersionKind {
  readonly group: string
  readonly version: string
  readonly kind: string
}

/** `apps` + `v1` → `apps/v1`; the core group → `v1`. */
export function toApiVersion(group: string, version: string): string {
  return group === '' ? version : `${group}/${version}`
}

/** Where a version is served: `/apis/apps/v1`, of the core group `/api/v1`. */
export function versionPath(group: string, version: string): string {
  return `${group === '' ? '/api' : '/apis'}/${toApiVersion(group, version)}`
}

/** `apps/v1` → `{ group: 'apps', version: 'v1' }`. Undefined when there is more than one slash. */
export function fromApiVersion(apiVersion: string): { group: string; version: string } | undefined {
  const parts = apiVersion.split('/')
  if (parts.length === 1) return { group: '', version: parts[0]! }
  return parts.length === 2 ? { group: parts[0]!, version: parts[1]! } : undefined
}
