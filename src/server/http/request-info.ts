import type { RequestInfo } from '../context.ts'
import { selectedName } from '../selected-name.ts'

/** What decides how a request is understood, before anything of its body is read. */
export interface RequestLine {
  readonly method: string
  /** Decoded path without the query. */
  readonly path: string
  readonly query: URLSearchParams
}

const verbsByMethod: Readonly<Record<string, string>> = {
  POST: 'create',
  GET: 'get',
  HEAD: 'get',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
}
/** Subresources of a namespace; anything else below `/namespaces/NAME/` is a resource in it. */
const namespaceSubresources = new Set(['status', 'finalize'])

/**
 * Reads group, version, resource, namespace, name, subresource and verb from a path, as
 * apiserver pkg/endpoints/request RequestInfoFactory does. Throws `RangeError` for a bare `/watch` prefix.
 */
export function parseRequestInfo(line: RequestLine): RequestInfo {
  // Slashes around a path do not count; between its parts each does.
  const parts = line.path.replace(/^\/|\/+$/g, '').split('/')
  const prefix = parts[0]
  const isCore = prefix === 'api'
  if ((!isCore && prefix !== 'apis') || parts.length < (isCore ? 3 : 4)) return nonResource(line)
  const group = isCore ? '' : parts[1]!
  const version = parts[isCore ? 1 : 2]!
  return resourceInfo(line, group, version, parts.slice(isCore ? 2 : 3))
}

function nonResource({ method, path }: RequestLine): RequestInfo {
  return {
    isResourceRequest: false,
    path,
    verb: method.toLowerCase(),
    group: '',
    version: '',
    resource: '',
    subresource: '',
    namespace: '',
    name: '',
  }
}

function resourceInfo(line: RequestLine, group: string, version: string, rest: string[]): RequestInfo {
  let verb = verbsByMethod[line.method] ?? ''
  let parts = rest
  if (parts[0] === 'watch' || parts[0] === 'proxy') {
    if (parts.length < 2)
      throw new RangeError(`unable to determine kind and namespace from url, ${line.path}`)
    verb = parts[0]
    parts = parts.slice(1)
  }
  let namespace = ''
  if (parts[0] === 'namespaces' && parts.length > 1) {
    namespace = parts[1]!
    if (parts.length > 2 && !namespaceSubresources.has(parts[2]!)) parts = parts.slice(2)
  }
  const resource = parts[0]!
  const subresource = verb === 'proxy' ? '' : (parts[2] ?? '')
  const named = parts[1] ?? ''
  verb = collectionVerb(verb, named, line.query)
  const name = named || selectedName(verb, line.query.get('fieldSelector'))
  const info = {
    isResourceRequest: true,
    path: line.path,
    verb,
    group,
    version,
    resource,
    subresource,
    namespace,
    name,
  }
  return parts.length > 3 ? { ...info, subpath: parts.slice(3).join('/') } : info
}

function collectionVerb(verb: string, name: string, query: URLSearchParams): string {
  if (name !== '') return verb
  if (verb === 'delete') return 'deletecollection'
  if (verb !== 'get') return verb
  return isWatch(query) ? 'watch' : 'list'
}

function isWatch(query: URLSearchParams): boolean {
  const value = query.get('watch')
  return value !== null && value !== '0' && value.toLowerCase() !== 'false'
}
