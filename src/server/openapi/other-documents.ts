import { isMap, type JsonMap } from '../../machinery/meta/json.ts'
import type { Aggregation } from '../aggregation/index.ts'
import type { RemoteApi } from '../aggregation/remote-apis.ts'
import type { JsonSchema } from './schema-json.ts'

/** Documents of servers behind this one, asked for when somebody asks this one. */
export interface OtherDocuments {
  /** Of `/openapi/v3`: where the documents of their groups are, of versions that only they know of too. */
  index(): Promise<JsonSchema>
  /** The document of this name where only they have one: `apis/example.com/v2`. */
  document(name: string): Promise<JsonMap | undefined>
  /** Of `/openapi/v2`: what they say about their own groups. */
  swaggers(): Promise<readonly JsonMap[]>
}

/** The documents of the servers that are there. */
export function otherDocuments({ remotes, fetch }: Aggregation): OtherDocuments {
  const there = () => remotes.all().filter(({ isAvailable }) => isAvailable)
  return {
    async index() {
      const parts = await Promise.all(there().map(remote => indexOf(remote, fetch)))
      return Object.assign({}, ...parts) as JsonSchema
    },
    async document(name) {
      const remote = there().find(({ group }) => isOfGroup(name, group))
      return remote && fetch(remote, `/openapi/v3/${name}`)
    },
    async swaggers() {
      const found = await Promise.all(there().map(remote => swaggerOf(remote, fetch)))
      return found.filter(swagger => swagger !== undefined)
    },
  }
}

/** `apis/GROUP` and all below. */
function isOfGroup(path: string, group: string): boolean {
  return `${path}/`.startsWith(`apis/${group}/`)
}

async function indexOf(remote: RemoteApi, fetch: Aggregation['fetch']): Promise<JsonSchema> {
  const document = await fetch(remote, '/openapi/v3')
  if (!isMap(document?.paths)) return {}
  const own = Object.entries(document.paths).filter(([path]) => isOfGroup(path, remote.group))
  return Object.fromEntries(own) as JsonSchema
}

async function swaggerOf(remote: RemoteApi, fetch: Aggregation['fetch']): Promise<JsonMap | undefined> {
  const document = await fetch(remote, '/openapi/v2')
  if (!isMap(document?.paths)) return undefined
  const root = `/apis/${remote.group}/${remote.version}/`
  const own = Object.entries(document.paths).filter(([path]) => path.startsWith(root))
  return { ...document, paths: Object.fromEntries(own) }
}

/** One document of several; what this server defines is not redefined. */
export function joinSwaggers(own: JsonSchema, others: readonly JsonMap[]): JsonSchema {
  for (const field of ['paths', 'definitions', 'parameters'] as const)
    for (const other of others)
      if (isMap(other[field])) own[field] = { ...other[field], ...(own[field] as object | undefined) }
  return own
}
