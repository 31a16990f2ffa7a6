import type { Resource, Verb } from '../../api/define.ts'
import { versionPath } from '../../machinery/meta/group.ts'
import { type Dialect, mainOperation, responsesOf, type Shapes, streamed, type Writer } from './operations.ts'
import { verbParameters } from './parameters.ts'
import type { JsonSchema } from './schema-json.ts'
import { subresourceOperations } from './subresource-operations.ts'
import { groupWord, pascal, versionTag } from './words.ts'

export type PathItems = { [path: string]: JsonSchema }

/** All paths of one resource, as a stock server lists them. */
export function pathsOf(resource: Resource, shapes: Shapes, dialect: Dialect): PathItems {
  const { plural, namespaced, verbs } = resource
  const root = versionPath(resource.group, resource.version)
  const scope = namespaced ? `${root}/namespaces/{namespace}` : root
  const writer = { resource, shapes, dialect }
  const paths: PathItems = {}
  const add = (path: string, found: JsonSchema) => {
    if (Object.keys(found).length > 0) paths[path] = withPathParameters(path, found, dialect)
  }
  const known = (...wanted: Exclude<Verb, 'watch'>[]) => wanted.filter(verb => verbs.includes(verb))
  const main = (wanted: readonly Exclude<Verb, 'watch'>[], everywhere = false) =>
    Object.assign({}, ...wanted.map(verb => mainOperation(writer, verb, everywhere))) as JsonSchema
  add(`${scope}/${plural}`, main(known('list', 'create', 'deletecollection')))
  add(`${scope}/${plural}/{name}`, main(known('get', 'update', 'delete', 'patch')))
  if (namespaced && verbs.includes('list')) add(`${root}/${plural}`, main(['list'], true))
  for (const subresource of resource.subresources) {
    const path = `${scope}/${plural}/{name}/${subresource.name}`
    const found = subresourceOperations(writer, subresource, '')
    add(path, found)
    if (subresource.name === 'proxy')
      add(`${path}/{path}`, subresourceOperations(writer, subresource, 'WithPath'))
  }
  if (verbs.includes('watch') && !resource.custom) addWatches(writer, { root, scope }, add)
  return paths
}

/** What stands in the path, and what all its operations take, is said once. */
function withPathParameters(path: string, found: JsonSchema, dialect: Dialect): JsonSchema {
  const isConnect = Object.values(found).some(
    operation => (operation as JsonSchema)['x-kubernetes-action'] === 'connect',
  )
  const placed = ['name', 'namespace', 'path'].filter(name => path.includes(`{${name}}`))
  const parameters = placed.map(each => dialect.parameter(each, 'path'))
  if (!isConnect) parameters.push(dialect.parameter('pretty', 'query'))
  const all = Object.values(found) as { parameters?: JsonSchema[] }[]
  const queries = all.map(({ parameters: own = [] }) => own.filter(({ in: place }) => place === 'query'))
  const [first = []] = queries
  const shared = first.filter(({ name }) => queries.every(own => own.some(each => each.name === name)))
  for (const operation of all) {
    const kept = operation.parameters?.filter(each => !shared.some(({ name }) => name === each.name))
    if (kept && kept.length > 0) operation.parameters = kept
    else delete operation.parameters
  }
  const listed = [...parameters, ...shared].toSorted((a, b) => (String(a.name) < String(b.name) ? -1 : 1))
  return { ...found, parameters: listed }
}

const deprecated = "deprecated: use the 'watch' parameter with a list operation instead"

/** The paths below `/watch/`, from before lists could be watched. */
function addWatches(
  writer: Writer,
  { root, scope }: { root: string; scope: string },
  add: (path: string, found: JsonSchema) => void,
): void {
  const { resource } = writer
  const { plural, namespaced, kind } = resource
  const below = scope.slice(root.length)
  const one = `watch changes to an object of kind ${kind}. ${deprecated}, filtered to a single item with the 'fieldSelector' parameter.`
  const many = `watch individual changes to a list of ${kind}. ${deprecated}.`
  const word = namespaced ? 'Namespaced' : ''
  const paths: [path: string, id: string, action: string, text: string][] = [
    [`${root}/watch${below}/${plural}`, `${word}${kind}List`, 'watchlist', many],
    [`${root}/watch${below}/${plural}/{name}`, `${word}${kind}`, 'watch', one],
  ]
  if (namespaced) paths.push([`${root}/watch/${plural}`, `${kind}ListForAllNamespaces`, 'watchlist', many])
  for (const [path, id, action, description] of paths) {
    if (path.endsWith('{name}') && !resource.verbs.includes('get')) continue
    add(path, { get: watchOperation(writer, { id, action, description }) })
  }
}

function watchOperation(
  { resource, shapes, dialect }: Writer,
  { id, action, description }: { id: string; action: string; description: string },
): JsonSchema {
  const { group, version, kind } = resource
  return {
    ...dialect.common(streamed, ['*/*']),
    tags: [versionTag(resource)],
    description,
    operationId: `watch${groupWord(group)}${pascal(version)}${id}`,
    parameters: verbParameters.watch.toSorted().map(name => dialect.parameter(name, 'query')),
    responses: responsesOf([200], shapes.watchEvent, { dialect, produces: streamed }),
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': { group, version, kind },
  }
}
