/** How operations, tags and types are named after groups, versions and kinds. */
import type { Resource } from '../../api/define.ts'

/** `a` or `an`. */
export function article(kind: string): string {
  return /^[AEIOU]/.test(kind) ? 'an' : 'a'
}

/** `v1beta1` → `V1beta1`, `example.com` → `ExampleCom`. */
export function pascal(name: string): string {
  return name.replace(/(?:^|[^a-zA-Z0-9])([a-z0-9])/g, (_, first: string) => first.toUpperCase())
}

/** `apps` → `Apps`, `rbac.authorization.k8s.io` → `RbacAuthorization`, `example.com` → `ExampleCom`. */
export function groupWord(group: string): string {
  return group === '' ? 'Core' : pascal(group.replace(/\.k8s\.io$/, ''))
}

/** `rbac.authorization.k8s.io` → `rbacAuthorization`. */
export function groupTag(group: string): string {
  const word = groupWord(group)
  return word[0]!.toLowerCase() + word.slice(1)
}

/** `apps_v1` */
export function versionTag({ group, version }: Pick<Resource, 'group' | 'version'>): string {
  return `${groupTag(group)}_${version}`
}
