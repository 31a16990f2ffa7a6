import type { RequestInfo } from '../context.ts'

/** What a request for a resource would ask of the authorizer; everything that is not named is empty. */
export function resourceInfo(
  asked: Pick<RequestInfo, 'verb' | 'resource'> & Partial<RequestInfo>,
): RequestInfo {
  const nothing = { path: '', group: '', version: '', subresource: '', namespace: '', name: '' }
  return { isResourceRequest: true, ...nothing, ...asked }
}
