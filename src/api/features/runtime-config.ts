/** Which built-in group versions are served (apiserver pkg/server/resourceconfig): those of the table, and what was asked for. */

import { toApiVersion } from '../../machinery/meta/group.ts'
import { numError } from '../../machinery/meta/strconv.ts'
import { builtinResources, optionalResources } from '../builtin.ts'
import type { Resource } from '../define.ts'
import { discovery } from '../schema/discovery.ts'
import { parseBoolean } from './booleans.ts'
import { createFeatures, FeatureError, type Features } from './features.ts'

type GroupVersion = Pick<Resource, 'group' | 'version'>

/** `api/beta` and its like, in the order in which they are applied. */
const wholesale: readonly (readonly [key: string, covers: RegExp])[] = [
  ['api/all', /^/],
  ['api/ga', /^v\d+$/],
  ['api/beta', /^v\d+beta\d+$/],
  ['api/alpha', /^v\d+alpha\d+$/],
]

/** What the server itself lives by: without these groups it would not become ready. */
const needed: ReadonlySet<string> = new Set([
  '',
  'apiregistration.k8s.io',
  'coordination.k8s.io',
  'flowcontrol.apiserver.k8s.io',
  'networking.k8s.io',
  'rbac.authorization.k8s.io',
  'scheduling.k8s.io',
])

const isNeeded = ({ group, version }: GroupVersion) => needed.has(group) && version === 'v1'

/**
 * The built-in kinds that are served under `--runtime-config` and the feature gates. Throws FeatureError for what is
 * unknown, is not there, or cannot be turned off because the server lives by it.
 */
export function servedResources(
  settings: readonly string[] = [],
  features: Features = createFeatures(),
): readonly Resource[] {
  const given = new Map(settings.map(splitSetting))
  const served = new Map([
    ...builtinResources.map(resource => [resource, true] as const),
    ...optionalResources.map(resource => [resource, false] as const),
  ])
  for (const [key, covers] of wholesale) {
    const text = given.get(key)
    if (text === undefined) continue
    if (text !== 'true' && text !== 'false')
      throw new FeatureError(`invalid value ${key}=${text}`, `Write ${key}=true or ${key}=false.`)
    if (text === 'false' && (key === 'api/all' || key === 'api/ga')) throw cannotDisable(key)
    for (const resource of served.keys())
      if (covers.test(resource.version)) served.set(resource, text === 'true')
  }
  // Single resources are applied last: they say more.
  const named = [...given].filter(([key]) => !wholesale.some(([each]) => each === key))
  for (const [key, text] of named.toSorted(([a], [b]) => partsOf(a).length - partsOf(b).length))
    apply(served, key, text)
  return [...served].flatMap(([resource, isServed]) =>
    isServed && (!resource.gate || features.enabled(resource.gate)) ? [resource] : [],
  )
}

function splitSetting(setting: string): readonly [string, string] {
  const at = setting.indexOf('=')
  return at < 0 ? [setting.trim(), ''] : [setting.slice(0, at).trim(), setting.slice(at + 1).trim()]
}

const partsOf = (key: string): readonly string[] => key.split('/')

function apply(served: Map<Resource, boolean>, key: string, text: string): void {
  const { group, version, plural } = readKey(key)
  const value = text === '' ? true : parseBoolean(text)
  if (value === undefined)
    throw new FeatureError(
      `invalid value of ${key}: ${text}, err: ${numError('ParseBool', text)}`,
      `Write ${key}=true or ${key}=false.`,
    )
  if (!value && isNeeded({ group, version })) throw cannotDisable(key)
  const isMeant = (each: Resource) =>
    each.group === group && each.version === version && (plural === undefined || each.plural === plural)
  const found = [...served.keys()].filter(isMeant)
  for (const resource of found) served.set(resource, value)
  if (found.length === 0 && value) throw notThere(key)
}

/** The core group has no name: `/v1`. */
function readKey(key: string): GroupVersion & { readonly plural: string | undefined } {
  const [first = '', version = '', plural] = partsOf(key)
  const parts = partsOf(key).length
  if (parts !== 2 && parts !== 3)
    throw new FeatureError(
      `runtime-config invalid key ${key}`,
      'Write GROUP/VERSION=true or GROUP/VERSION/RESOURCE=true.',
    )
  const group = first
  const known = [...discovery().resources, ...discovery().optional]
  if (!known.some(each => each.group === group))
    throw new FeatureError(`unknown api groups ${group}`, 'Leave it out of --runtime-config.')
  if (!known.some(each => each.group === group && each.version === version))
    throw new FeatureError(
      `group version ${toApiVersion(group, version)} that has not been registered`,
      'Leave it out of --runtime-config.',
    )
  if (plural !== undefined && plural !== plural.toLowerCase())
    throw new FeatureError(
      `invalid key ${key}: group/version/resource and resource is always lowercase plural, not ${JSON.stringify(plural)}`,
      'Write the name as in "kubectl api-resources".',
    )
  return { group, version, plural }
}

function cannotDisable(key: string): FeatureError {
  return new FeatureError(
    `${key}=false cannot be disabled`,
    'The server itself lives by it; leave it out of --runtime-config.',
  )
}

function notThere(key: string): FeatureError {
  const versions = new Set(optionalResources.map(({ group, version }) => toApiVersion(group, version)))
  return new FeatureError(
    `${key} is not available`,
    `Versions that may be enabled: ${[...versions].join(', ')}.`,
  )
}
