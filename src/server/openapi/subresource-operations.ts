/** What is told of the subresources of a kind: doors to its objects' parts, and connections. */
import type { Subresource, Verb } from '../../api/define.ts'
import { operation, type Writer } from './operations.ts'
import { connectorParameters } from './parameters.ts'
import type { JsonSchema } from './schema-json.ts'
import { article, groupWord, pascal, versionTag } from './words.ts'

const dataWords: Readonly<Partial<Record<Verb, readonly [verb: string, text: string]>>> = {
  get: ['read', 'read'],
  update: ['replace', 'replace'],
  patch: ['patch', 'partially update'],
  create: ['create', 'create'],
}
const connectMethods = ['delete', 'get', 'head', 'options', 'patch', 'post', 'put']

/** The operations of one subresource by method; `suffix` ends their ids. */
export function subresourceOperations(writer: Writer, subresource: Subresource, suffix: string): JsonSchema {
  const { resource, shapes, dialect } = writer
  const { name, verbs, connector, kind: other } = subresource
  const isConnect = connector !== undefined && (name === 'proxy' || verbs.includes('get')) && name !== 'log'
  if (isConnect) return connectOperations(writer, subresource, suffix)
  const word = pascal(name)
  const base = `${groupWord(resource.group)}${pascal(resource.version)}${resource.namespaced ? 'Namespaced' : ''}${resource.kind}${word}`
  const found: JsonSchema = {}
  for (const verb of ['get', 'update', 'patch', 'create'] as const) {
    const [id, text] = dataWords[verb]!
    if (!verbs.includes(verb)) continue
    const description =
      verb === 'create'
        ? `create ${name} of ${article(resource.kind)} ${resource.kind}`
        : `${text} ${name} of the specified ${resource.kind}`
    const shape = other ? shapes.kind(subresource) : shapes.object
    Object.assign(
      found,
      operation(writer, {
        verb,
        operationId: `${id}${base}`,
        description,
        shape,
        ...(name === 'log' && { shape: { type: 'string' }, produces: ['text/plain'] }),
        ...(other && { gvk: { ...other } }),
      }),
    )
  }
  const own = connectorParameters(subresource)
  const get = found.get as { parameters?: JsonSchema[] } | undefined
  if (get && own.length > 0) get.parameters = own.map(each => dialect.parameter(each, 'query'))
  return found
}

/** exec, attach, port-forward and proxies: nothing is known about what goes over them. */
function connectOperations(
  { resource, dialect }: Writer,
  subresource: Subresource,
  suffix: string,
): JsonSchema {
  const { group, version, kind, namespaced } = resource
  const methods = subresource.name === 'proxy' ? connectMethods : ['get', 'post']
  const anything = ['*/*']
  const made = methods.map(method => [
    method,
    {
      ...dialect.common(anything, anything),
      tags: [versionTag(resource)],
      description: `connect ${method.toUpperCase()} requests to ${subresource.name} of ${kind}`,
      operationId: `connect${groupWord(group)}${pascal(version)}${pascal(method)}${namespaced ? 'Namespaced' : ''}${kind}${pascal(subresource.name)}${suffix}`,
      parameters: connectorParameters(subresource).map(name => dialect.parameter(name, 'query')),
      responses: {
        200: dialect.response('OK', { type: 'string' }, anything),
        401: { description: 'Unauthorized' },
      },
      'x-kubernetes-action': 'connect',
      'x-kubernetes-group-version-kind': { group, version, kind: subresource.kind?.kind ?? kind },
    },
  ])
  return Object.fromEntries(made) as JsonSchema
}
