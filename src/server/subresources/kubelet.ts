import type { Pod } from '../../api/types/core-v1.gen.ts'
import { badRequest } from '../../machinery/status/errors.ts'
import type { Response } from '../context.ts'
import { admitMutating, admitValidating, type Connector, type RestCall } from '../rest/call.ts'
import { requireStored } from '../rest/storage.ts'
import { chosenContainer } from './containers.ts'
import { forward } from './forward.ts'
import { type KubeletTls, kubeletOf } from './kubelet-access.ts'
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
  return async function connectLog(call): Promise<Response> {
    const pod = podOf(call)
    const { query, info } = call.context
    const container = chosenContainer(pod, query.get('container') ?? '')
    const { nodeName } = pod.spec ?? {}
    if (!nodeName) return { kind: 'raw', status: 200, contentType: 'text/plain', body: '' }
    const kept = pick(query, logParameters)
    const path = `/containerLogs/${info.namespace}/${info.name}/${container}${kept.size > 0 ? `?${kept}` : ''}`
    const answer = await forward(call.context, {
      endpoint: kubeletOf(call, nodeName, tls),
      method: 'GET',
      path,
    })
    return answer
  }
}

const streamParameters: Readonly<Record<string, string>> = {
  stdin: 'input',
  stdout: 'output',
  stderr: 'error',
  tty: 'tty',
}

/** exec and attach: both ends speak SPDY or WebSocket; the server only joins them. */
export function streamConnector(door: 'exec' | 'attach', tls: KubeletTls): Connector {
  return async function connectStream(call): Promise<Response> {
    const pod = podOf(call)
    const { query, info } = call.context
    await admitConnect(call, pod)
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
export function portForwardConnector(tls: KubeletTls): Connector {
  return async function connectPortForward(call): Promise<Response> {
    const pod = podOf(call)
    await admitConnect(call, pod)
    const { query, info } = call.context
    const ports = pick(query, ['ports', 'port'])
    const asked = new URLSearchParams([...ports].map(([, value]): [string, string] => ['port', value]))
    const path = `/portForward/${info.namespace}/${info.name}${asked.size > 0 ? `?${asked}` : ''}`
    return { kind: 'upgrade', target: { ...kubeletOf(call, nodeOf(pod), tls), path } }
  }
}

function podOf(call: RestCall): Pod {
  const { name } = call.context.info
  return requireStored(aimAt(call, builtinResource(call, '', 'v1', 'pods'), { name })).object as Pod
}

function nodeOf({ spec, metadata }: Pod): string {
  if (spec?.nodeName) return spec.nodeName
  throw badRequest(`pod ${metadata.name} does not have a host assigned`)
}

export async function admitConnect(call: RestCall, object: Pod): Promise<void> {
  await admitMutating(call, { operation: 'CONNECT', object, oldObject: undefined })
  await admitValidating(call, { operation: 'CONNECT', object, oldObject: undefined })
}

function pick(query: URLSearchParams, names: readonly string[]): URLSearchParams {
  return new URLSearchParams([...query].filter(([name]) => names.includes(name)))
}

function isTrue(value: string | null): boolean {
  return value !== null && value !== '0' && value.toLowerCase() !== 'false'
}
