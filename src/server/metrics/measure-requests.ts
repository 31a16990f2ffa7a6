import { clientRequestSeconds, clientRequestTotal } from '../../client/request-metrics.ts'
import type { Counter, Gauge, Histogram, Metrics } from '../../std/metrics.ts'
import type { Ports } from '../../std/ports.ts'
import type { Filter, RequestContext, Response } from '../context.ts'
import { isLongRunning } from '../filters/timeout.ts'
import * as specs from './specs.ts'

/** The series that one kind of request counts in, asked for once. */
interface Series {
  readonly total: Counter
  readonly seconds: Histogram
  readonly sliSeconds: Histogram | undefined
  readonly bytes: Histogram | undefined
  readonly bodyBytes: Histogram | undefined
}

const validatedVerbs: ReadonlySet<string> = new Set(['create', 'update', 'patch'])
const fieldValidations: ReadonlySet<string> = new Set(['Ignore', 'Warn', 'Strict'])
/** The verbs with a body, as the label of its size has them. */
const bodyVerbs: Readonly<Record<string, string>> = {
  create: 'create',
  update: 'update',
  patch: 'patch',
  delete: 'delete',
  deletecollection: 'delete_collection',
}
const healthPaths: ReadonlySet<string> = new Set(['/healthz', '/livez', '/readyz'])

/**
 * Counts requests that were routed to a kind or to a health page, with their duration up to the end of the answer
 * (upstream's MonitorRequest: what no handler saw is not counted). The transport's call of `context.done` ends it.
 */
export function measureRequests({ metrics, clock }: Pick<Ports, 'metrics' | 'clock'>): Filter {
  const seriesOf = createSeries(metrics)
  const ownSeriesOf = createOwnSeries(metrics)
  const fieldValidationOf = createFieldValidationSeries(metrics)
  const running = metrics.gauge(specs.longRunning)
  const deprecated = metrics.gauge(specs.requestedDeprecated)
  return next =>
    async function measureFilter(context) {
      const startMs = clock.monotonicMs()
      context.filterStartMs = startMs
      let open: Gauge | undefined
      context.done = (code, bytes) => {
        open?.add(-1)
        if (!isRouted(context)) return
        const series = seriesOf(context, code)
        const elapsedSeconds = (clock.monotonicMs() - startMs) / 1000
        series.total.inc()
        series.seconds.observe(elapsedSeconds)
        series.sliSeconds?.observe(elapsedSeconds - (context.waitedMs ?? 0) / 1000)
        series.bytes?.observe(bytes)
        if (series.bodyBytes) measureBody(series.bodyBytes, context)
        fieldValidationOf(context)?.observe(elapsedSeconds)
        if (context.credential.kind === 'loopback') ownSeriesOf(context, code, elapsedSeconds)
      }
      const response = await next(context)
      if (context.resource && isLongRunning(context.info)) {
        open = running.with(reportedVerb(context), ...labelsOf(context))
        open.add(1)
      }
      if (context.resource?.deprecation) {
        const { group, version, resource, subresource } = context.info
        deprecated.with(group, version, resource, subresource, '').set(1)
      }
      return response.kind === 'watch' ? counted(metrics, response) : response
    }
}

/** A body that was handed over in the process has no size. */
function measureBody(sizes: Histogram, { body, method }: RequestContext): void {
  if (method !== undefined) sizes.observe(body.kind === 'bytes' ? body.bytes.length : 0)
}

/** As the label says it: nothing where nothing was asked for, `invalid` for what is none. */
function createFieldValidationSeries(metrics: Metrics) {
  const seconds = metrics.histogram(specs.fieldValidationSeconds)
  const plain = seconds.with('')
  return ({ info, options: { fieldValidation } }: RequestContext): Histogram | undefined => {
    if (!validatedVerbs.has(info.verb)) return undefined
    if (!fieldValidation) return plain
    return seconds.with(fieldValidations.has(fieldValidation) ? fieldValidation : 'invalid')
  }
}

type WatchResponse = Response & { kind: 'watch' }

function counted(metrics: Metrics, response: WatchResponse): WatchResponse {
  const { group, version, plural } = response.resource
  const sent = metrics.counter(specs.watchEvents).with(group, version, plural)
  const sizes = metrics.histogram(specs.watchEventBytes).with(group, version, plural)
  const run: WatchResponse['run'] = (sink, signal) =>
    response.run(events => {
      sent.inc(events.length)
      return sink(events)
    }, signal)
  return { ...response, run, sent: bytes => sizes.observe(bytes) }
}

function isRouted({ resource, info }: RequestContext): boolean {
  return resource !== undefined || (!info.isResourceRequest && healthPaths.has(info.path))
}

function createSeries(metrics: Metrics) {
  const total = metrics.counter(specs.requestTotal)
  const seconds = metrics.histogram(specs.requestSeconds)
  const sliSeconds = metrics.histogram(specs.requestSliSeconds)
  const bytes = metrics.histogram(specs.responseBytes)
  const bodyBytes = metrics.histogram(specs.bodyBytes)
  const known = new Map<string, Series>()
  return function seriesOf(context: RequestContext, code: number): Series {
    const verb = reportedVerb(context)
    const dryRun = dryRunOf(context)
    const { group, version, resource, subresource } = context.info
    const place = context.resource ? resource : context.info.path
    const scope = routeScopeOf(context)
    const key = `${code} ${verb} ${scope} ${place} ${subresource} ${version} ${group} ${dryRun}`
    const found = known.get(key)
    if (found) return found
    const labels = labelsOf(context, scope)
    const bodyVerb = verb === 'CONNECT' ? undefined : bodyVerbs[context.info.verb]
    const made: Series = {
      total: total.with(verb, dryRun, ...labels, String(code)),
      seconds: seconds.with(verb, dryRun, ...labels),
      sliSeconds: dryRun === '' && verb !== 'WATCH' ? sliSeconds.with(verb, ...labels) : undefined,
      bytes: readVerbs.has(verb) ? bytes.with(verb, ...labels) : undefined,
      bodyBytes: bodyVerb && context.resource ? bodyBytes.with(group, resource, bodyVerb) : undefined,
    }
    known.set(key, made)
    return made
  }
}

const methods: Readonly<Record<string, string>> = {
  ...{ LIST: 'GET', WATCH: 'GET', APPLY: 'PATCH', CONNECT: 'POST' },
}
const ownHost = 'in-process'

/** What components of this process ask, as clients of their own would count it, and the server of itself. */
function createOwnSeries(metrics: Metrics) {
  const total = metrics.counter(clientRequestTotal)
  const seconds = metrics.histogram(clientRequestSeconds)
  const self = metrics.counter(specs.selfRequestTotal)
  const known = new Map<string, { readonly total: Counter; readonly seconds: Histogram }>()
  return (context: RequestContext, code: number, elapsedSeconds: number): void => {
    const verb = reportedVerb(context)
    const key = `${code} ${verb}`
    const method = methods[verb] ?? verb
    const series = known.get(key) ?? {
      total: total.with(String(code), method, ownHost),
      seconds: seconds.with(method, ownHost),
    }
    known.set(key, series)
    series.total.inc()
    series.seconds.observe(elapsedSeconds)
    if (context.user.username !== 'system:apiserver') return
    const { group, resource, subresource } = context.info
    self.with(verb, group, resource, subresource).inc()
  }
}

/** group, version, resource, subresource, scope, component. */
export function labelsOf(context: RequestContext, scope = scopeOf(context)): string[] {
  const { info } = context
  const subresource = context.resource || info.isResourceRequest ? info.subresource : info.path
  const component = info.isResourceRequest ? 'apiserver' : ''
  return [info.group, info.version, info.resource, subresource, scope, component]
}

/** Whether a request is about one object, a namespace or the whole cluster; empty where it is about no object. */
export function scopeOf({ info }: RequestContext): string {
  if (!info.isResourceRequest) return ''
  if (info.name !== '' || info.verb === 'create') return 'resource'
  return info.namespace === '' ? 'cluster' : 'namespace'
}

const ofMany: ReadonlySet<string> = new Set(['list', 'watch', 'deletecollection'])

/** Upstream's routes of built-in kinds go by the path: a list is one of many, also where a selector names one alone. */
function routeScopeOf(context: RequestContext): string {
  const { info, resource } = context
  if (info.name === '' || !ofMany.has(info.verb) || !resource || resource.custom) return scopeOf(context)
  return info.namespace === '' ? 'cluster' : 'namespace'
}

const readVerbs: ReadonlySet<string> = new Set(['GET', 'LIST', 'WATCH'])
const verbs: Readonly<Record<string, string>> = {
  get: 'GET',
  list: 'LIST',
  watch: 'WATCH',
  create: 'POST',
  update: 'PUT',
  patch: 'PATCH',
  delete: 'DELETE',
  deletecollection: 'DELETE',
  post: 'POST',
  put: 'PUT',
}
const connecting: ReadonlySet<string> = new Set(['exec', 'attach', 'portforward', 'proxy'])

/** The verb that metrics report: watches, applies and connections by their own names. */
export function reportedVerb({ info, options }: RequestContext): string {
  if (connecting.has(info.subresource)) return 'CONNECT'
  if (info.verb === 'patch' && options.patchType?.startsWith('application/apply-patch')) return 'APPLY'
  return verbs[info.verb] ?? 'other'
}

function dryRunOf({ options: { dryRun } }: RequestContext): string {
  if (!dryRun || dryRun.length === 0) return ''
  return dryRun.every(each => each === 'All') ? 'All' : 'invalid'
}
