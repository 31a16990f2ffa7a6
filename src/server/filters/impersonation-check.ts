import { resourceInfo } from '../authz/resource-info.ts'
import type { RequestInfo } from '../context.ts'

export interface ImpersonationPlace {
  readonly namespace: string
  readonly name: string
  readonly verb?: string
}

/** What the authorizer is asked about one part of another user (`users`, `groups`, `uids`, `userextras`, …). */
export function impersonationCheck(
  group: string,
  resource: string,
  { namespace, name, verb = 'impersonate' }: ImpersonationPlace,
  subresource = '',
): RequestInfo {
  const version = group === '' ? '' : 'v1'
  return resourceInfo({ verb, group, version, resource, subresource, namespace, name })
}
