import type { Pod } from '../../api/types/core-v1.gen.ts'
import type { JsonObject, KubeObject } from '../../machinery/meta/object.ts'
import { numError } from '../../machinery/meta/strconv.ts'
import { badRequest, internalError, methodNotRouted, plainFailure } from '../../machinery/status/errors.ts'
import { genericFailure } from '../../machinery/status/generic.ts'
import { joinHostPort } from '../../std/host-port.ts'
import type { Authorizer, RawResponse, Response as ServerResponse } from '../context.ts'
import { requireAllowed } from '../filters/authorization.ts'
import { admitMutating, admitValidating, type Connector, type RestCall } from '../rest/call.ts'
import { requireStored } from '../rest/storage.ts'
import { chosenContainer } from './containers.ts'
import { BackendError, type Forwarded, forward } from './forward.ts'
import { type KubeletTls, kubeletOf } from './kubelet-access.ts'
import { checkLogOptions } from './log-options.ts'
import { aimAt, builtinResource } from './subrequest.ts'

const logParameters = [
  'follow',
  'previous',
  'sinceSeconds',
  'sinceTime',
  'timestamps',
  'tailLines',
  'limitBytes',
  'stream',
]

/** GET pods/NAME/log: the kubelet's container log as it comes. */
export function logConnector(tls: KubeletTls): Connector {
  return async function connectLog(call): Promise<ServerResponse> {
    const { query, info } = call.context
    if (info.verb !== 'get') throw methodNotRouted()
    checkLogOptions(query, info.name)
    const pod = podOf(call)
    const container = chosenContainer(pod, query.get('container') ?? '')
    const { nodeName } = pod.spec ?? {}
    if (!nodeName) return { kind: 'raw', status: 204, contentType: '', body: '' }
    const kept = pick(query, logParameters)
    const path = `/containerLogs/${info.namespace}/${info.name}/${container}${kept.size > 0 ? `?${kept}` : ''}`
    const answer = await ask(call, { endpoint: kubeletOf(call, nodeName, tls), method: 'GET', path })
    return answer.status === 200 ? answer : refused(answer, info.name)
  }
}

const refusalMaxChars = 50_000

/** Throws what the kubelet says in plain text as a Status (upstream's GenericHttpResponseChecker). */
async function refused({ status, body }: RawResponse, name: string): Promise<never> {
  const said = (await new Response(body as ConstructorParameters<typeof Response>[0]).text()).slice(
    0,
    refusalMaxChars,
  )
  if (status === 400) throw badRequest(said)
  if (status === 500) throw internalError(said)
  throw genericFailure(status, { group: '', resource: 'pods/log' }, name, said)
}

/** A kubelet that does not answer is told with the words of the client that asked it. */
async function ask(call: RestCall, to: Forwarded): Promise<RawResponse> {
  try {
    return await forward(call.context, to)
  } catch (error) {
    if (!(error instanceof BackendError)) throw error
    const { host, port } = to.endpoint
    throw plainFailure(`Get "https://${joinHostPort(host, port)}${to.path}": ${error.reasonText}`)
  }
}

const streamParameters: Readonly<Record<string, string>> = {
  stdin: 'input',
  stdout: 'output',
  stderr: 'error',
  tty: 'tty',
}

/** exec and attach: both ends speak SPDY or WebSocket; the server only joins them. */
export function streamConnector(door: 'exec' | 'attach', { tls, authorizer }: StreamSources): Connector {
  return async function connectStream(call): Promise<ServerResponse> {
    await requireCreate(call, authorizer)
    const { query, info } = call.context
    await admitConnect(call, streamOptions(query, door))
    const pod = podOf(call)
    const container = chosenContainer(pod, query.get('container') ?? '')
    const wanted = new URLSearchParams()
    for (const [name, kubeletName] of Object.entries(streamParameters)) {
      if (isTrue(query.get(name))) wanted.set(kubeletName, '1')
    }
    for (const command of query.getAll('command')) wanted.append('command', command)
    const path = `/${door}/${info.namespace}/${info.name}/${container}?${wanted}`
    return { kind: 'upgrade', target: { ...kubeletOf(call, nodeOf(pod), tls), path } }
  }
}

/** port-forward, without a look at the ports: the kubelet refuses the wrong ones. */
export function portForwardConnector({ tls, authorizer }: StreamSources): Connector {
  return async function connectPortForward(call): Promise<ServerResponse> {
    await requireCreate(call, authorizer)
    const { query, info } = call.context
    const options = portForwardOptions(query)
    await admitConnect(call, options)
    const pod = podOf(call)
    const ports = pick(query, ['ports', 'port'])
    const asked = new URLSearchParams([...ports].map(([, value]): [string, string] => ['port', value]))
    const path = `/portForward/${info.namespace}/${info.name}${asked.size > 0 ? `?${asked}` : ''}`
    return { kind: 'upgrade', target: { ...kubeletOf(call, nodeOf(pod), tls), path } }
  }
}

export interface StreamSources {
  readonly tls: KubeletTls
  /** Absent: whoever may get may stream. */
  readonly authorizer?: Authorizer
}

/** A WebSocket begins with a GET, yet does what POST does (upstream's AuthorizePodWebsocketUpgradeCreatePermission). */
async function requireCreate({ context }: RestCall, authorizer: Authorizer | undefined): Promise<void> {
  const { user, info } = context
  if (info.verb === 'create') return
  if (info.verb !== 'get') throw methodNotRouted()
  if (authorizer) await requireAllowed(authorizer, { user, info: { ...info, verb: 'create' } })
}

function podOf(call: RestCall): Pod {
  const { name } = call.context.info
  return requireStored(aimAt(call, builtinResource(call, '', 'v1', 'pods'), { name })).object as Pod
}

function nodeOf({ spec, metadata }: Pod): string {
  if (spec?.nodeName) return spec.nodeName
  throw badRequest(`pod ${metadata.name} does not have a host assigned`)
}

/** Admission sees what the connection was asked for: PodExecOptions and the like. */
export async function admitConnect(call: RestCall, options: JsonObject): Promise<void> {
  const object = options as unknown as KubeObject
  await admitMutating(call, { operation: 'CONNECT', object, oldObject: undefined })
  await admitValidating(call, { operation: 'CONNECT', object, oldObject: undefined })
}

/** PodExecOptions or PodAttachOptions as the query says: upstream's have no defaults here. */
function streamOptions(query: URLSearchParams, door: 'exec' | 'attach'): JsonObject {
  const container = query.get('container')
  const flag = (name: string) => query.has(name) && isTrue(query.get(name)) && { [name]: true }
  return {
    kind: door === 'exec' ? 'PodExecOptions' : 'PodAttachOptions',
    apiVersion: 'v1',
    ...flag('stdin'),
    ...flag('stdout'),
    ...flag('stderr'),
    ...flag('tty'),
    ...(container && { container }),
    ...(door === 'exec' && { command: query.has('command') ? query.getAll('command') : null }),
  }
}

function portForwardOptions(query: URLSearchParams): JsonObject {
  const ports = query.getAll('ports').map(toPort)
  return { kind: 'PodPortForwardOptions', apiVersion: 'v1', ...(ports.length > 0 && { ports }) }
}

function toPort(text: string): number {
  if (/^[+-]?\d+$/.test(text)) return Number(text)
  throw badRequest(`cannot convert to []int32: ${numError('ParseUint', text)}`)
}

function pick(query: URLSearchParams, names: readonly string[]): URLSearchParams {
  return new URLSearchParams([...query].filter(([name]) => names.includes(name)))
}

function isTrue(value: string | null): boolean {
  return value !== null && value !== '0' && value.toLowerCase() !== 'false'
}
