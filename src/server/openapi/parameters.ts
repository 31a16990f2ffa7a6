import type { Subresource, Verb } from '../../api/define.ts'
import type { JsonSchema } from './schema-json.ts'

const text = { type: 'string' }
const flag = { type: 'boolean' }
const number = { type: 'integer' }

const types: Readonly<Record<string, JsonSchema>> = {
  allowWatchBookmarks: flag,
  force: flag,
  gracePeriodSeconds: number,
  ignoreStoreReadErrorWithClusterBreakingPotential: flag,
  limit: number,
  orphanDependents: flag,
  sendInitialEvents: flag,
  timeoutSeconds: number,
  watch: flag,
  follow: flag,
  insecureSkipTLSVerifyBackend: flag,
  limitBytes: number,
  previous: flag,
  sinceSeconds: number,
  tailLines: number,
  timestamps: flag,
  stdin: flag,
  stdout: flag,
  stderr: flag,
  tty: flag,
  ports: number,
}

/** The schema of a query or path parameter. That it takes no value twice is said of each alike. */
export function parameterType(name: string): JsonSchema {
  return { ...(types[name] ?? text), uniqueItems: true }
}

const writes = ['dryRun', 'fieldManager', 'fieldValidation']
const selects = [
  'continue',
  'fieldSelector',
  'labelSelector',
  'limit',
  'resourceVersion',
  'resourceVersionMatch',
]
const streams = [...selects, 'sendInitialEvents', 'timeoutSeconds']
const deletes = [
  'dryRun',
  'gracePeriodSeconds',
  'ignoreStoreReadErrorWithClusterBreakingPotential',
  'orphanDependents',
  'propagationPolicy',
]
const watches = [...streams, 'allowWatchBookmarks', 'watch']

/** Query parameters of each verb, besides `pretty`, which stands with the path. */
export const verbParameters: Readonly<Record<Verb, readonly string[]>> = {
  get: [],
  list: watches,
  watch: watches,
  create: writes,
  update: writes,
  patch: [...writes, 'force'],
  delete: deletes,
  deletecollection: [...streams, ...deletes],
}

const streamed = ['container', 'stderr', 'stdin', 'stdout', 'tty']

const ofConnectors: Readonly<Record<string, readonly string[]>> = {
  'pods/attach': streamed,
  'pods/exec': ['command', ...streamed],
  'pods/portforward': ['ports'],
  'pods/log': [
    ...['container', 'follow', 'insecureSkipTLSVerifyBackend', 'limitBytes', 'previous', 'sinceSeconds'],
    ...['stream', 'tailLines', 'timestamps'],
  ],
}

/** Query parameters of a subresource with behaviour of its own. */
export function connectorParameters({ connector = '', name }: Subresource): readonly string[] {
  return ofConnectors[connector] ?? (name === 'proxy' ? ['path'] : [])
}
