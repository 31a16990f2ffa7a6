import type { ApiCall, CallOptions, Transport, WatchEvent } from '../client/transport.ts'
import { readEvents, readJson, toStatusError } from '../client/wire-answer.ts'
import { toApiVersion, versionPath } from '../machinery/meta/group.ts'
import type { KubeList, KubeObject } from '../machinery/meta/object.ts'
import { methodNotSupported, notFound, notImplemented } from '../machinery/status/errors.ts'
import { StatusError } from '../machinery/status/status.ts'
import type { Random } from '../std/ports.ts'
import type {
  Handler,
  RequestContext,
  RequestInfo,
  RequestOptions,
  Response,
  ServedEvent,
  UserInfo,
} from './context.ts'
import { selectedName } from './selected-name.ts'

export interface InProcessOptions {
  readonly handler: Handler
  readonly user: UserInfo
  /** Default: the user's name. */
  readonly userAgent?: string | undefined
  readonly random: Pick<Random, 'uuid'>
}

const never = new AbortController().signal
const noQuery = new URLSearchParams()

/**
 * The way in without socket, TLS and JSON, for components of this process: objects are handed over as they are,
 * frozen on the way out. The chain is the one that every other request passes.
 */
export function createInProcessTransport(options: InProcessOptions): Transport {
  const { handler } = options
  return {
    call: call => take(handler, toContext(options, call, never), response => toObject(call, response)),
    watch: (call, sink, signal) =>
      take(handler, toContext(options, call, signal), async response => {
        if (isWire(response)) return readEvents(await wireAnswer(response), sink)
        if (response.kind !== 'watch') throw refusal(call, response)
        const deliver = (events: readonly ServedEvent[]) => {
          sink(events as readonly WatchEvent[])
          return undefined
        }
        await response.run(deliver, signal)
      }),
  }
}

/** Sends a request through the chain, uses its response, and tells who asked to hear it that it is over. */
async function take<T>(
  handler: Handler,
  context: RequestContext,
  use: (response: Response) => T | Promise<T>,
): Promise<T> {
  let code = 500
  try {
    const response = await handler(context)
    code = 'status' in response ? response.status : 200
    return await use(response)
  } catch (error) {
    if (error instanceof StatusError) code = error.code
    throw error
  } finally {
    context.done?.(code, 0)
  }
}

function toContext(
  { user, userAgent, random }: InProcessOptions,
  call: ApiCall,
  signal: AbortSignal,
): RequestContext {
  const { body } = call
  return {
    info: toInfo(call),
    options: toOptions(call),
    body: body === undefined ? { kind: 'none' } : { kind: 'object', object: body },
    credential: { kind: 'loopback', user },
    signal,
    warnings: [],
    auditId: random.uuid(),
    userAgent: userAgent ?? user.username,
    sourceIp: '',
    query: noQuery,
    headers: {},
    user,
    call,
  }
}

function toInfo(call: ApiCall): RequestInfo {
  const { verb, group, version, resource, subresource = '' } = call
  // A new object's name is in its body; requests for a namespace are requests in it, as their paths say.
  const named = verb === 'create' && subresource === '' ? '' : (call.name ?? '')
  const name = named || selectedName(verb, call.options?.fieldSelector)
  const namespace = group === '' && resource === 'namespaces' ? named : (call.namespace ?? '')
  const path = pathOf(call)
  return { isResourceRequest: true, path, verb, group, version, resource, subresource, namespace, name }
}

function toOptions({ options, patchType }: ApiCall): RequestOptions {
  const known: CallOptions = options ?? {}
  return patchType ? { ...known, patchType } : known
}

function pathOf({ group, version, resource, subresource, namespace, name }: ApiCall): string {
  const scope = namespace ? `/namespaces/${namespace}` : ''
  return `${versionPath(group, version)}${scope}/${resource}${name ? `/${name}` : ''}${subresource ? `/${subresource}` : ''}`
}

function toObject(call: ApiCall, response: Response): KubeObject | Promise<KubeObject> {
  if (response.kind === 'object') return response.object as KubeObject
  if (isWire(response)) return wireAnswer(response).then(readJson) as Promise<KubeObject>
  if (response.kind !== 'list') throw refusal(call, response)
  const { resource, list } = response
  const { items, resourceVersion, continue: token, remainingItemCount } = list
  const made: KubeList = {
    kind: resource.listKind,
    apiVersion: toApiVersion(resource.group, resource.version),
    metadata: {
      resourceVersion,
      ...(token !== undefined && { continue: token }),
      ...(remainingItemCount !== undefined && { remainingItemCount }),
    },
    items: items.map(({ object }) => object),
  }
  return made
}

/** What a server behind this one answered, or why nobody did. */
type Wire = Extract<Response, { kind: 'raw' }>

function isWire(response: Response): response is Wire {
  return response.kind === 'raw' && (response.contentType.includes('json') || response.status >= 500)
}

/** As a client over the wire sees it; a refusal rejects. */
async function wireAnswer({ body, status, contentType, headers }: Wire): Promise<globalThis.Response> {
  const answer = new globalThis.Response(body, {
    status,
    headers: { ...headers, 'content-type': contentType },
  })
  if (!answer.ok) throw await toStatusError(answer)
  return answer
}

function refusal({ group, resource, verb, name = '' }: ApiCall, response: Response): StatusError {
  const gr = { group, resource }
  if (response.kind === 'raw' && response.status === 405) return methodNotSupported(gr, verb)
  if (response.kind === 'raw' && response.status === 404) return notFound(gr, name)
  return notImplemented(`a ${response.kind} response to ${verb} ${resource} in process`)
}
