/** ValidatingAdmissionPolicy (policy/validating/dispatcher.go, KEP-3488). */
import type {
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
} from '../../../api/types/admissionregistration-v1.gen.ts'
import { StatusError, type StatusReason } from '../../../machinery/status/status.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../../context.ts'
import { annotate } from '../annotations.ts'
import { evaluateWaiting, rememberAnswers } from '../expressions/access.ts'
import { isExemptFromPolicies } from '../match/exempt.ts'
import { type Admitted, asAdmitted } from '../match/versions.ts'
import { refusalWithCauses } from '../refusal.ts'
import { type CompiledPolicy, compilePolicy } from './compile.ts'
import { type Decision, decide, failure } from './decide.ts'
import { followPolicies, type PolicyHook, type PolicySources } from './hooks.ts'
import {
  expressionInput,
  type Invocation,
  invocationsOf,
  namespaceFor,
  type PolicyServices,
} from './invocations.ts'

const annotationBytesMax = 10 * 1024

/** Why a request is refused. */
interface Refusal {
  readonly message: string
  readonly reason: string
}

type Binding = ValidatingAdmissionPolicyBinding

/** One request on its way through all policies. */
interface Visit {
  readonly services: PolicyServices
  readonly request: AdmissionRequest
  readonly admitted: Admitted
  readonly ask: ReturnType<typeof rememberAnswers>
  readonly refusals: Refusal[]
}

export function validatingPolicies(
  sources: PolicySources<ValidatingAdmissionPolicy, Binding>,
  services: PolicyServices,
): AdmissionPlugin {
  const hooks = followPolicies(sources, compilePolicy)
  return {
    name: 'ValidatingAdmissionPolicy',
    handles: request => hooks.list().length > 0 && !isExemptFromPolicies(request),
    async validate(request) {
      const ask = rememberAnswers(services.authorize)
      const visit: Visit = { services, request, admitted: asAdmitted(request), ask, refusals: [] }
      for (const hook of hooks.list()) await askPolicy(visit, hook)
      const [first] = visit.refusals
      if (first) throw refusedBy(request, first)
    },
  }
}

async function askPolicy(visit: Visit, hook: PolicyHook<CompiledPolicy, Binding>): Promise<void> {
  const { policy } = hook
  /** Audit annotations of all bindings together. */
  const notes = new Map<string, string[]>()
  for (const found of invocationsOf(visit.services, visit.admitted, hook)) {
    if ('invocation' in found) await askWith(visit, found.invocation, notes)
    else {
      const { binding, message } = found.fault
      visit.refusals.push({ message: deniedText(policy.name, binding, message), reason: '' })
    }
  }
  for (const [key, values] of notes) annotate(visit.request, `${policy.name}/${key}`, values.join(', '))
}

async function askWith(
  visit: Visit,
  invocation: Invocation<CompiledPolicy, Binding>,
  notes: Map<string, string[]>,
): Promise<void> {
  const { policy } = invocation
  const { clock } = visit.services
  const namespace = namespaceFor(visit.request, visit.services)
  const input = await expressionInput(invocation, visit.admitted, { ask: visit.ask, namespace })
  const outcome = await policy.conditions?.evaluate(input, clock)
  if (outcome && 'error' in outcome) {
    act(visit, invocation, { denials: [failure(policy, 0, outcome.error, 0)], annotations: [] }, notes)
  } else if (!outcome || outcome.matches) {
    act(visit, invocation, await evaluateWaiting(() => decide(policy, input, clock), clock), notes)
  }
}

/** What each validationAction is called where it is counted. */
const labels: Readonly<Record<string, 'deny' | 'audit' | 'warn'>> = {
  Deny: 'deny',
  Audit: 'audit',
  Warn: 'warn',
}

function act(
  { request, refusals, services: { meter } }: Visit,
  { policy: { name: policy }, binding }: Invocation<CompiledPolicy, Binding>,
  decision: Decision,
  notes: Map<string, string[]>,
): void {
  const { validationActions = [] } = binding.binding.spec ?? {}
  for (const { index, message, reason = '', isIgnored, ms } of decision.denials) {
    const check = { policy, binding: binding.name, ms, fault: message }
    if (isIgnored) {
      meter.validated(check, 'allow')
      continue
    }
    for (const action of validationActions) meter.validated(check, labels[action] ?? 'deny')
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
    if ('error' in annotation) {
      meter.validated({ policy, binding: binding.name, ms: 0, fault: annotation.error }, 'deny')
      refusals.push({ message: deniedText(policy, binding.name, annotation.error), reason: '' })
    } else note(notes, annotation.key, annotation.value)
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
