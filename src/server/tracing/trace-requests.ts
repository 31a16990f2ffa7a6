import { privilegedGroup } from '../authz/union.ts'
import type { Filter, Handler, RequestContext } from '../context.ts'
import { reportedVerb, scopeOf } from '../metrics/measure-requests.ts'
import type { Span, SpanAttributes, Tracing } from './tracing.ts'

/** Groups whose own traces go on; anybody else could have everything traced. */
const trusted: readonly string[] = [privilegedGroup, 'system:monitoring']

/** One span for each request whose caller is known, to the end of its answer (apiserver pkg/endpoints/filters/traces.go). */
export function traceRequests(tracing: Tracing): Filter {
  return next => context => {
    const span = tracing.start(nameOf(context), {
      kind: 'server',
      remote: context.headers.traceparent,
      continues: context.user.groups.some(group => trusted.includes(group)),
      attributes: {
        'http.target': context.uri ?? context.info.path,
        'http.request.method': methodOf(context),
        'user_agent.original': context.userAgent,
        'audit-id': context.auditId,
        'url.path': context.info.path,
        ...wireOf(context),
      },
    })
    const before = context.done
    context.done = (code, bytes) => {
      before?.(code, bytes)
      const { body } = context
      if (body.kind === 'bytes') span.set({ 'http.request.body.size': body.bytes.length })
      span.set({ 'http.response.status_code': code, 'http.response.body.size': bytes })
      span.end()
    }
    return tracing.run(span, () => next(context))
  }
}

/** How the request came, by OpenTelemetry's names; nothing of one that came in process. */
function wireOf({ method, sourceIp, sourcePort = 0, httpVersion, headers }: RequestContext): SpanAttributes {
  if (method === undefined) return {}
  const { hostname = '', port = '' } = serverOf(headers[':authority'] ?? headers.host ?? '')
  return {
    'client.address': sourceIp,
    'network.peer.address': sourceIp,
    'network.peer.port': sourcePort,
    'network.protocol.version': versionOf(httpVersion),
    'server.address': hostname,
    ...(port !== '' && { 'server.port': Number(port) }),
    'url.scheme': 'https',
  }
}

function serverOf(host: string): Partial<Pick<URL, 'hostname' | 'port'>> {
  return URL.canParse(`https://${host}`) ? new URL(`https://${host}`) : {}
}

function versionOf(httpVersion: number | undefined): string {
  return httpVersion === 2 ? '2.0' : '1.1'
}

/**
 * The span of one link of the chain: until it hands the request on, or refuses it. What comes after it lies in it, as
 * upstream's do, though it has ended by then.
 */
export function traceFilter(tracing: Tracing, name: string, filter: Filter): Filter {
  return next => {
    const open = new WeakMap<RequestContext, Span>()
    const inner = filter(context => {
      open.get(context)?.end()
      return next(context)
    })
    return async function tracedFilter(context) {
      const span = tracing.start(name)
      open.set(context, span)
      try {
        return await tracing.run(span, () => inner(context))
      } finally {
        span.end()
      }
    }
  }
}

const handlerNames: Readonly<Record<string, string>> = {
  ...{ get: 'Get', list: 'List', watch: 'List', create: 'Create', update: 'Update', patch: 'Patch' },
  ...{ delete: 'Delete', deletecollection: 'Delete' },
}

/** The span of what a verb does, under upstream's names. */
export function traceVerbs(tracing: Tracing, handler: Handler): Handler {
  return context => {
    const { info } = context
    const name = info.isResourceRequest ? handlerNames[info.verb] : undefined
    if (name === undefined) return handler(context)
    return tracing.within(name, attributesOf(context), () => handler(context))
  }
}

function attributesOf(context: RequestContext): SpanAttributes {
  const { info, auditId, userAgent, sourceIp, httpVersion, headers } = context
  return {
    'audit-id': auditId,
    verb: reportedVerb(context),
    'api-group': info.group,
    'api-version': info.version,
    name: info.name,
    subresource: info.subresource,
    namespace: info.namespace,
    resource: info.resource,
    scope: scopeOf(context),
    url: info.path,
    protocol: `HTTP/${versionOf(httpVersion)}`,
    'user-agent': userAgent,
    client: sourceIp,
    accept: headers.accept ?? '',
  }
}

const methods: Readonly<Record<string, string>> = {
  ...{ get: 'GET', list: 'GET', watch: 'GET', create: 'POST', update: 'PUT', patch: 'PATCH' },
  ...{ delete: 'DELETE', deletecollection: 'DELETE' },
}

function methodOf({ method, info }: RequestContext): string {
  return method ?? methods[info.verb] ?? info.verb.toUpperCase()
}

/** `GET /api/v1/namespaces/{:namespace}/pods/{:name}`; other paths by their method alone. */
function nameOf(context: RequestContext): string {
  const { info } = context
  const method = methodOf(context)
  if (!info.isResourceRequest) return method
  const start = info.group === '' ? '/api' : `/apis/${info.group}`
  const namespace = info.namespace === '' ? '' : '/namespaces/{:namespace}'
  const name = info.name === '' ? '' : '/{:name}'
  const subresource = info.subresource === '' ? '' : `/${info.subresource}`
  return `${method} ${start}/${info.version}${namespace}/${info.resource}${name}${subresource}`
}
