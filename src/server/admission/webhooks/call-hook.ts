import { qualifiedNameErrors } from '../../../machinery/meta/names.ts'
import type { JsonObject } from '../../../machinery/meta/object.ts'
import { quote } from '../../../machinery/meta/quote.ts'
import { badRequest, internalError } from '../../../machinery/status/errors.ts'
import { type Status, StatusError } from '../../../machinery/status/status.ts'
import type { Clock, Random } from '../../../std/ports.ts'
import type { WebhookMeter } from '../../metrics/admission.ts'
import type { Tracing } from '../../tracing/tracing.ts'
import { WebhookCallError } from '../../webhook-client/failure.ts'
import type { WebhookClient } from '../../webhook-client/webhook-client.ts'
import { annotate } from '../annotations.ts'
import { type Admitted, convertAdmitted } from '../match/versions.ts'
import type { Invocation } from './invocation.ts'
import { foreignVersion, type ReviewAnswer, readReview, reviewVersion, toReview } from './review.ts'

export interface HookPorts {
  readonly call: WebhookClient
  readonly random: Pick<Random, 'uuid'>
  readonly clock: Pick<Clock, 'monotonicMs'>
  readonly meter: WebhookMeter
  readonly tracing?: Tracing | undefined
}

const defaultTimeoutSeconds = 10

const unavailable = 503

/** A webhook that did not answer as it should: what failurePolicy decides about. */
export class HookFailure extends Error {
  override name = 'HookFailure'
  /** What it is counted under: the answer's own code, else that of something that is not there. */
  readonly code: number

  constructor(webhook: string, reason: string, code = unavailable) {
    super(`failed calling webhook ${quote(webhook)}: ${reason}`)
    this.code = code
  }
}

/**
 * Asks one webhook. Its warnings and audit annotations are noted, its refusal is thrown with upstream's text; throws
 * HookFailure when there is no usable answer.
 */
export async function callHook(
  ports: HookPorts,
  invocation: Invocation,
  admitted: Admitted,
  isMutating: boolean,
): Promise<ReviewAnswer> {
  const { meter, clock } = ports
  const { name, failurePolicy } = invocation.hook.webhook
  const { operation } = admitted.request
  const startMs = clock.monotonicMs()
  const tell = (code: number, rejected: boolean) =>
    meter.called({ name, operation, ms: clock.monotonicMs() - startMs, code, rejected })
  try {
    const answer = await inSpan(ports, invocation, admitted, isMutating)
    tell(200, false)
    return answer
  } catch (error) {
    const isFailure = error instanceof HookFailure
    const code = isFailure || error instanceof StatusError ? error.code : unavailable
    const passes = isFailure && failurePolicy === 'Ignore'
    tell(code, !passes)
    if (passes) meter.failedOpen(name)
    else meter.rejected({ name, operation, code, isFailure })
    throw error
  }
}

function inSpan(
  ports: HookPorts,
  invocation: Invocation,
  admitted: Admitted,
  isMutating: boolean,
): Promise<ReviewAnswer> {
  const ask = () => askHook(ports, invocation, admitted, isMutating)
  if (!ports.tracing) return ask()
  const { operation, info, resource } = admitted.request
  const attributes = {
    configuration: invocation.hook.configuration,
    webhook: invocation.hook.webhook.name,
    resource: `${resource.group}/${resource.version}, Resource=${resource.plural}`,
    subresource: info.subresource,
    operation,
  }
  const name = isMutating ? 'Call mutating webhook' : 'Call validating webhook'
  return ports.tracing.within(name, attributes, ask)
}

async function askHook(
  ports: HookPorts,
  { hook, match }: Invocation,
  admitted: Admitted,
  isMutating: boolean,
): Promise<ReviewAnswer> {
  const { webhook } = hook
  const { request } = admitted
  requireDryRun(request.dryRun, webhook)
  const version = reviewVersion(webhook.admissionReviewVersions)
  if (!version) {
    const reason = 'webhook does not accept known AdmissionReview versions (v1, v1beta1)'
    throw new HookFailure(webhook.name, `could not create admission objects: ${reason}`, 400)
  }
  const uid = ports.random.uuid()
  const review = toReview(await convertAdmitted(admitted, match.kind), match, uid, version)
  const reply = await post(ports, hook, review, request.context.signal)
  const foreign = foreignVersion(reply, version)
  if (foreign) throw new HookFailure(webhook.name, `failed to call webhook: ${foreign}`)
  const answer = readReview(reply, { uid, version, isMutating })
  if ('fault' in answer)
    throw new HookFailure(webhook.name, `received invalid webhook response: ${answer.fault}`)
  for (const [key, value] of Object.entries(answer.auditAnnotations)) {
    const whole = `${webhook.name}/${key}`
    // As upstream, which tells only its own log of a name that is none.
    if (qualifiedNameErrors(whole).length === 0) annotate(request, whole, value)
  }
  request.warnings.push(...answer.warnings)
  if (!answer.allowed) throw denied(webhook.name, answer.status)
  return answer
}

function requireDryRun(dryRun: boolean, { name, sideEffects }: Invocation['hook']['webhook']): void {
  if (!dryRun || sideEffects === 'None' || sideEffects === 'NoneOnDryRun') return
  throw badRequest(`admission webhook ${quote(name)} does not support dry run`)
}

async function post(
  ports: HookPorts,
  { webhook }: Invocation['hook'],
  body: JsonObject,
  signal: AbortSignal,
): Promise<JsonObject> {
  const { clientConfig, timeoutSeconds = defaultTimeoutSeconds, name } = webhook
  try {
    return await ports.call(clientConfig, { body, timeoutMs: timeoutSeconds * 1000, signal })
  } catch (error) {
    if (error instanceof WebhookCallError)
      throw new HookFailure(name, `failed to call webhook: ${error.message}`, error.code)
    throw error
  }
}

/** webhook/errors ToStatusErr: never below 400, never without a reason. */
function denied(webhook: string, given: Partial<Status> = {}): StatusError {
  const deniedBy = `admission webhook ${quote(webhook)} denied the request`
  const { message, reason, details, code = 0, metadata = {}, ...others } = given
  const why = message || reason
  const said = why ? `${deniedBy}: ${why}` : `${deniedBy} without explanation`
  return new StatusError({
    ...others,
    ...{ kind: 'Status', apiVersion: 'v1', metadata, status: 'Failure', message: said },
    ...(reason !== undefined && { reason }),
    ...(details !== undefined && { details }),
    code: Math.max(code, 400),
  })
}

/** What the client is told of a webhook that failed closed. */
export function failedClosed(failure: HookFailure): StatusError {
  return internalError(failure)
}
