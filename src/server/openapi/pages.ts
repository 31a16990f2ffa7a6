import type { Resource } from '../../api/define.ts'
import { facts } from '../../api/schema/index.ts'
import { metaSchema } from '../../api/schema/meta-schema.ts'
import { toApiVersion, versionPath } from '../../machinery/meta/group.ts'
import type { ObjectSchema } from '../../machinery/schema/schema.ts'
import { assert } from '../../std/assert.ts'
import { isBuiltin } from '../http/encode.ts'
import type { Dialect } from './operations.ts'
import type { PathItems } from './paths.ts'
import type { Definitions } from './schema-json.ts'
import { groupTag, groupWord, pascal, versionTag } from './words.ts'

/** A page that is no resource: what there is, in which version, whose tokens these are. */
export interface Page {
  readonly path: string
  readonly operationId: string
  readonly tag: string
  readonly description: string
  /** Absent: free text. */
  readonly answer?: () => ObjectSchema
  readonly types: readonly string[]
  /** Reads what it writes, as upstream's pages of discovery say of themselves. */
  readonly consumes: boolean
}

const plain = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf']
const discovery = { types: plain, consumes: true }

/** The pages with an OpenAPI v3 document of their own, by the document's name. */
export function pagesOf(resources: readonly Resource[]): ReadonlyMap<string, Page> {
  const groups = new Set(resources.filter(isBuiltin).map(({ group }) => group))
  groups.delete('')
  const ofGroups = [...groups].map(group => [`apis/${group}`, groupPage(group)] as const)
  return new Map([...fixed, ...ofGroups])
}

const fixed: ReadonlyMap<string, Page> = new Map<string, Page>([
  [
    '.well-known/openid-configuration',
    {
      path: '/.well-known/openid-configuration/',
      operationId: 'getServiceAccountIssuerOpenIDConfiguration',
      tag: 'WellKnown',
      description: "get service account issuer OpenID configuration, also known as the 'OIDC discovery doc'",
      types: ['application/json'],
      consumes: false,
    },
  ],
  [
    'api',
    {
      ...discovery,
      path: '/api/',
      operationId: 'getCoreAPIVersions',
      tag: 'core',
      description: 'get available API versions',
      answer: () => metaSchema('APIVersions'),
    },
  ],
  [
    'apis',
    {
      ...discovery,
      path: '/apis/',
      operationId: 'getAPIVersions',
      tag: 'apis',
      description: 'get available API versions',
      answer: () => metaSchema('APIGroupList'),
    },
  ],
  [
    'openid/v1/jwks',
    {
      path: '/openid/v1/jwks/',
      operationId: 'getServiceAccountIssuerOpenIDKeyset',
      tag: 'openid',
      description:
        'get service account issuer OpenID JSON Web Key Set (contains public token verification keys)',
      types: ['application/jwk-set+json'],
      consumes: false,
    },
  ],
  [
    'version',
    {
      path: '/version/',
      operationId: 'getCodeVersion',
      tag: 'version',
      description: 'get the version information for this server',
      answer: versionInfo,
      types: ['application/json'],
      consumes: true,
    },
  ],
])

function versionInfo(): ObjectSchema {
  const schema = facts.typeNamed('k8s.io/apimachinery/pkg/version.Info')
  assert(schema, 'facts know no version.Info')
  return schema
}

function groupPage(group: string): Page {
  return {
    ...discovery,
    path: `/apis/${group}/`,
    operationId: `get${groupWord(group)}APIGroup`,
    tag: groupTag(group),
    description: 'get information of a group',
    answer: () => metaSchema('APIGroup'),
  }
}

/** The page that lists the resources of a version; kinds that users define have none in the documents. */
export function versionPages(resources: readonly Resource[]): readonly Page[] {
  const versions = new Map(
    resources.filter(isBuiltin).map(each => [toApiVersion(each.group, each.version), each] as const),
  )
  return [...versions.values()].map(resource => ({
    ...discovery,
    path: `${versionPath(resource.group, resource.version)}/`,
    operationId: `get${groupWord(resource.group)}${pascal(resource.version)}APIResources`,
    tag: versionTag(resource),
    description: 'get available resources',
    answer: () => metaSchema('APIResourceList'),
  }))
}

/** How a document tells of pages. */
export function pagePaths(pages: Iterable<Page>, definitions: Definitions, dialect: Dialect): PathItems {
  const found: PathItems = {}
  for (const { path, operationId, tag, description, answer, types, consumes } of pages) {
    const schema = answer ? definitions.refer(answer()) : { type: 'string' }
    found[path] = {
      get: {
        ...dialect.common(types, consumes ? types : []),
        tags: [tag],
        description,
        operationId,
        responses: { 200: dialect.response('OK', schema, types), 401: { description: 'Unauthorized' } },
      },
    }
  }
  return found
}
