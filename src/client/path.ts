import { versionPath } from '../machinery/meta/group.ts'
import type { ApiCall, CallOptions } from './transport.ts'

/** The URL path of a call, escaped: `/apis/apps/v1/namespaces/shop/deployments/web/status`. */
export function pathOf({ group, version, resource, subresource, namespace, name }: ApiCall): string {
  const place = namespace ? `/namespaces/${encodeURIComponent(namespace)}` : ''
  const object = name === undefined ? '' : `/${encodeURIComponent(name)}`
  return `${versionPath(group, version)}${place}/${resource}${object}${subresource ? `/${subresource}` : ''}`
}

/** The query of a call, without its question mark. */
export function queryOf(options: CallOptions = {}, watch = false): string {
  const query = new URLSearchParams(watch ? { watch: 'true' } : {})
  for (const [key, value] of Object.entries(options) as [string, CallOptions[keyof CallOptions]][]) {
    if (value === undefined || value === '') continue
    for (const one of Array.isArray(value) ? value : [value]) query.append(key, String(one))
  }
  return query.toString()
}

/** The HTTP method of each verb. */
export const methods: Readonly<Record<ApiCall['verb'], string>> = {
  get: 'GET',
  list: 'GET',
  watch: 'GET',
  create: 'POST',
  update: 'PUT',
  patch: 'PATCH',
  delete: 'DELETE',
  deletecollection: 'DELETE',
}
