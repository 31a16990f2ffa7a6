/** ValidatingAdmissionPolicy (policy/validating/dispatcher.go, KEP-3488). */
import type { Namespace } from '../../../api/types/core-v1.gen.ts'
import type { KubeObject } from '../../../machinery/meta/object.ts'
import { notFound } from '../../../machinery/status/errors.ts'
import { StatusError, type StatusReason } from '../../../machinery/status/status.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../../context.ts'
import { annotate } from '../annotations.ts'
import { evaluateWaiting, rememberAnswers } from '../expressions/access.ts'
import type { ExpressionInput } from '../expressions/evaluation.ts'
import { isExempt } from '../match/exempt.ts'
import { findMatch } from '../match/match.ts'
import type { MatchServices } from '../match/services.ts'
import { type Admitted, asAdmitted, convertAdmitted, type Match, namespaceOf } from '../match/versions.ts'
import { refusalWithCauses } from '../refusal.ts'
import { type Decision, decide } from './decide.ts'
import { type CompiledBinding, followPolicies, type PolicyHook, type PolicySources } from './hooks.ts'
import { ConfigurationError, collectParams, type ParamSources } from './params.ts'

const annotationBytesMax = 10 * 1024

export interface PolicyServices extends MatchServices {
  readonly objectsOf: ParamSources['objectsOf']
}

/** Why a request is refused. */
interface Refusal {
  readonly message: string
  readonly reason: string
}

/** One request on its way through all policies. */
interface Visit {
  readonly services: PolicyServices
  readonly request: AdmissionRequest
  readonly admitted: Admitted
  readonly ask: ReturnType<typeof rememberAnswers>
  readonly refusals: Refusal[]
}

export function validatingPolicies(sources: PolicySources, services: PolicyServices): AdmissionPlugin {
  const hooks = followPolicies(sources)
  return {
    name: 'ValidatingAdmissionPolicy',
    handles: request => hooks.list().length > 0 && !isExempt(request),
    async validate(request) {
      const ask = rememberAnswers(services.authorize)
      const visit: Visit = { services, request, admitted: asAdmitted(request), ask, refusals: [] }
      for (const hook of hooks.list()) await askPolicy(visit, hook)
      const [first] = visit.refusals
      if (first) throw refusedBy(request, first)
    },
  }
}

async function askPolicy(visit: Visit, hook: PolicyHook): Promise<void> {
  const { policy } = hook
  const match = configured(visit, hook, undefined, () =>
    findMatch(visit.services, policy.constraints, visit.admitted),
  )
  if (!match) return
  const notes = new Map<string, string[]>()
  for (const binding of hook.bindings) await askBinding(visit, hook, { binding, match, notes })
  for (const [key, values] of notes) annotate(visit.request, `${policy.name}/${key}`, values.join(', '))
}

interface Bound {
  readonly binding: CompiledBinding
  readonly match: Match
  /** Audit annotations of all bindings together. */
  readonly notes: Map<string, string[]>
}

async function askBinding(visit: Visit, hook: PolicyHook, bound: Bound): Promise<void> {
  const { services, request, admitted } = visit
  const { binding } = bound
  const { constraints } = binding
  const matches = configured(visit, hook, binding, () =>
    constraints ? findMatch(services, constraints, admitted) !== undefined : true,
  )
  if (!matches) return
  const { paramKind } = hook.policy.policy.spec ?? {}
  const { paramRef } = binding.binding.spec ?? {}
  const sources = { registry: request.registry, objectsOf: services.objectsOf }
  const question = { paramKind, paramRef, namespace: namespaceOf(request) }
  const params = configured(visit, hook, binding, () => collectParams(sources, question))
  for (const param of params ?? []) await askWith(visit, hook, bound, param)
}

/** What a broken configuration means is for the failure policy to say. */
function configured<T>(
  { refusals }: Visit,
  { policy }: PolicyHook,
  binding: CompiledBinding | undefined,
  make: () => T,
): T | undefined {
  try {
    return make()
  } catch (error) {
    if (!(error instanceof ConfigurationError || error instanceof StatusError)) throw error
    if (policy.ignoresFailures) return undefined
    const what = binding ? 'binding' : 'policy'
    const message = `failed to configure ${what}: ${error.message}`
    refusals.push({ message: deniedText(policy.name, binding?.name, message), reason: '' })
    return undefined
  }
}

async function askWith(
  visit: Visit,
  { policy }: PolicyHook,
  bound: Bound,
  param: KubeObject | null,
): Promise<void> {
  const { match } = bound
  const namespace = namespaceFor(visit)
  const input: ExpressionInput = {
    admitted: await convertAdmitted(visit.admitted, match.kind),
    match,
    ask: visit.ask,
    variables: policy.variables,
    ...(policy.policy.spec?.paramKind && { params: param }),
    ...(namespace && { namespace }),
  }
  const outcome = await policy.conditions?.evaluate(input)
  if (outcome && 'error' in outcome) {
    const denials = policy.ignoresFailures ? [] : [{ index: 0, message: outcome.error }]
    act(visit, policy.name, bound, { denials, annotations: [] })
  } else if (!outcome || outcome.matches) {
    act(visit, policy.name, bound, await evaluateWaiting(() => decide(policy, input)))
  }
}

/** A namespace is not in itself here, though its attributes say so. */
function namespaceFor({ request, services }: Visit): Namespace | undefined {
  const { kind } = request
  if (kind.group === '' && kind.kind === 'Namespace') return undefined
  const name = namespaceOf(request)
  if (name === '') return undefined
  const found = services.namespaces.get('', name)
  if (!found) throw notFound({ group: '', resource: 'namespaces' }, name)
  return found
}

function act({ request, refusals }: Visit, policy: string, bound: Bound, decision: Decision): void {
  const { binding, notes } = bound
  const { validationActions = [] } = binding.binding.spec ?? {}
  for (const { index, message, reason = '' } of decision.denials) {
    if (validationActions.includes('Deny'))
      refusals.push({ message: deniedText(policy, binding.name, message), reason })
    if (validationActions.includes('Audit')) {
      const value = { message, policy, binding: binding.name, expressionIndex: index, validationActions }
      annotate(request, 'validation.policy.admission.k8s.io/validation_failure', JSON.stringify([value]))
    }
    if (validationActions.includes('Warn')) {
      request.warnings.push(
        `Validation failed for ValidatingAdmissionPolicy '${policy}' with binding '${binding.name}': ${message}`,
      )
    }
  }
  for (const annotation of decision.annotations) {
    if ('error' in annotation)
      refusals.push({ message: deniedText(policy, binding.name, annotation.error), reason: '' })
    else note(notes, annotation.key, annotation.value)
  }
}

function note(notes: Map<string, string[]>, key: string, given: string): void {
  const value = Buffer.from(given).subarray(0, annotationBytesMax).toString()
  const values = notes.get(key) ?? []
  if (!values.includes(value)) notes.set(key, [...values, value])
}

function deniedText(policy: string, binding: string | undefined, message: string): string {
  const by = binding === undefined ? '' : ` with binding '${binding}'`
  return `ValidatingAdmissionPolicy '${policy}'${by} denied request: ${message}`
}

const codes: Readonly<Record<string, number>> = {
  Forbidden: 403,
  Unauthorized: 401,
  RequestEntityTooLarge: 413,
}

/** A 403's text with the reason that the policy gives, and the code that goes with it. */
function refusedBy(request: AdmissionRequest, { message, reason }: Refusal): StatusError {
  const given = (reason || 'Invalid') as StatusReason
  const { status } = refusalWithCauses(request, message, [{ message }])
  return new StatusError({ ...status, reason: given, code: codes[given] ?? 422 })
}
