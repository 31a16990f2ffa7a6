/** MutatingAdmissionPolicy (policy/mutating/dispatcher.go, KEP-3962). */
import { builtinKind } from '../../../../api/schema/index.ts'
import type {
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
} from '../../../../api/types/admissionregistration-v1beta1.gen.ts'
import type { Namespace } from '../../../../api/types/core-v1.gen.ts'
import type { KubeObject } from '../../../../machinery/meta/object.ts'
import { quote } from '../../../../machinery/meta/quote.ts'
import { semanticEqual } from '../../../../machinery/meta/value.ts'
import type { Schema } from '../../../../machinery/schema/schema.ts'
import { StatusError } from '../../../../machinery/status/status.ts'
import type { Steps } from '../../../../std/turns.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../../../context.ts'
import { evaluateWaiting, rememberAnswers } from '../../expressions/access.ts'
import { type ExpressionInput, evaluator, OutOfBudget, policyBudget } from '../../expressions/evaluation.ts'
import { isExemptFromPolicies } from '../../match/exempt.ts'
import { finishMutation, readMutated } from '../../match/mutation.ts'
import { endRound, type RoundMemory, rememberedRound, requireAgain } from '../../match/reinvocation.ts'
import { type Admitted, asAdmitted } from '../../match/versions.ts'
import { refusalWithCauses } from '../../refusal.ts'
import { followPolicies, type PolicyHook, type PolicySources } from '../hooks.ts'
import {
  type ConfigurationFault,
  expressionInput,
  type Invocation,
  invocationsOf,
  namespaceFor,
  type PolicyServices,
} from '../invocations.ts'
import { applyConfiguration } from './apply-configuration.ts'
import { type CompiledMutatingPolicy, type CompiledMutation, compileMutatingPolicy } from './compile.ts'
import { MutationFailure } from './failure.ts'
import { applyPolicyPatch } from './json-patch.ts'

const pluginName = 'MutatingAdmissionPolicy'

type Binding = MutatingAdmissionPolicyBinding
type Call = Invocation<CompiledMutatingPolicy, Binding>

interface Fault {
  readonly message: string
  /** Of the refusal; absent: a 403's. */
  readonly reason?: 'Invalid'
}

/** One round of all policies over one request. */
interface Round {
  readonly services: PolicyServices
  readonly request: AdmissionRequest
  readonly memory: RoundMemory
  readonly ask: ReturnType<typeof rememberAnswers>
  readonly namespace: Namespace | undefined
  admitted: Admitted
  isDirty: boolean
  readonly faults: Fault[]
}

/** Policies change an object one after the other, and once more those that asked for it. */
export function mutatingPolicies(
  sources: PolicySources<MutatingAdmissionPolicy, Binding>,
  services: PolicyServices,
): AdmissionPlugin {
  const hooks = followPolicies(sources, compileMutatingPolicy)
  return {
    name: pluginName,
    handles: request =>
      hooks.list().length > 0 && request.operation !== 'DELETE' && !isExemptFromPolicies(request),
    async admit(request) {
      const faults: Fault[] = []
      const calls = collect(services, request, hooks.list(), faults)
      if (calls.length > 0) await mutate(services, request, calls, faults)
      if (faults.length > 0) throw refusedBy(request, faults)
    },
  }
}

/** What matches is decided before anything is changed. */
function collect(
  services: PolicyServices,
  request: AdmissionRequest,
  hooks: readonly PolicyHook<CompiledMutatingPolicy, Binding>[],
  faults: Fault[],
): readonly Call[] {
  const calls: Call[] = []
  for (const hook of hooks)
    for (const found of invocationsOf(services, asAdmitted(request), hook)) {
      if ('invocation' in found) calls.push(found.invocation)
      else faults.push({ message: deniedText(hook.policy.name, found.fault) })
    }
  return calls
}

async function mutate(
  services: PolicyServices,
  request: AdmissionRequest,
  calls: readonly Call[],
  faults: Fault[],
): Promise<void> {
  const memory = rememberedRound(request, pluginName)
  const round: Round = {
    services,
    request,
    memory,
    ask: rememberAnswers(services.authorize),
    namespace: namespaceFor(request, services),
    admitted: asAdmitted(request),
    isDirty: false,
    faults,
  }
  for (const call of calls) await invoke(round, call)
  if (round.isDirty) {
    requireAgain(memory)
    request.reinvocation.isWanted = true
    await finishMutation(request, round.admitted)
  }
  endRound(memory, request)
}

async function invoke(round: Round, call: Call): Promise<void> {
  const { request, memory } = round
  const { policy } = call
  const input = await expressionInput(call, round.admitted, round)
  round.admitted = input.admitted
  const outcome = await policy.conditions?.evaluate(input, round.services.clock)
  if (outcome && 'error' in outcome) return complain(round, call, outcome.error)
  if (outcome && !outcome.matches) return
  const key = keyOf(call)
  if (request.reinvocation.isReinvoke && !memory.again.has(key)) return
  const before = round.admitted.object
  for (const mutation of policy.mutations) await change(round, call, mutation)
  if (!semanticEqual(before, round.admitted.object)) {
    requireAgain(memory)
    request.reinvocation.isWanted = true
  }
  if (policy.isReinvoked) memory.invoked.add(key)
}

function keyOf({ policy, binding, param }: Call): string {
  const { namespace = '', name = '' } = param?.metadata ?? {}
  return `${policy.name}/${binding.name}/${namespace}/${name}`
}

async function change(round: Round, call: Call, mutation: CompiledMutation): Promise<void> {
  const { request } = round
  const { object } = round.admitted
  if (!object) return
  const { clock, meter } = round.services
  const startMs = clock.monotonicMs()
  const measured = (fault?: string) =>
    meter.mutated({
      policy: call.policy.name,
      binding: call.binding.name,
      ms: clock.monotonicMs() - startMs,
      ...(fault !== undefined && { fault }),
    })
  try {
    const input = await expressionInput(call, round.admitted, round)
    const changed = await evaluateWaiting(() => mutated(request, input, object, mutation), clock)
    const { kind } = round.admitted
    round.admitted = { ...round.admitted, object: readMutated(request, kind, changed, true) }
    round.isDirty = true
    measured()
  } catch (error) {
    if (!(error instanceof MutationFailure || error instanceof OutOfBudget)) throw error
    measured(error.message)
    complain(round, call, error.message)
  }
}

function* mutated(
  { registry }: AdmissionRequest,
  input: ExpressionInput,
  object: KubeObject,
  { kind, text, compiled }: CompiledMutation,
): Steps<KubeObject> {
  if ('fault' in compiled) throw new MutationFailure(compiled.fault)
  const outcome = yield* evaluator(input, policyBudget).evaluate(text, compiled)
  if ('error' in outcome) throw new MutationFailure(outcome.error)
  if (kind === 'JSONPatch') return applyPolicyPatch(object, outcome.value)
  return applyConfiguration(schemaOf(registry, input.admitted.kind), object, outcome.value)
}

function schemaOf(
  registry: AdmissionRequest['registry'],
  { group, version, kind }: AdmissionRequest['kind'],
): Schema {
  return registry.kind(group, version, kind)?.schema ?? builtinKind(group, version, kind)
}

function complain({ faults }: Round, { policy, binding }: Call, message: string): void {
  if (policy.ignoresFailures) return
  faults.push({ message: deniedText(policy.name, { binding: binding.name, message }), reason: 'Invalid' })
}

function deniedText(policy: string, { binding, message }: ConfigurationFault): string {
  const by =
    binding === undefined ? `policy ${quote(policy)}` : `policy '${policy}' with binding '${binding}'`
  return `${by} denied request: ${message}`
}

/** Upstream keeps the code of a 403 whatever the reason is. */
function refusedBy(request: AdmissionRequest, faults: readonly Fault[]): StatusError {
  const causes = faults.map(({ message }) => ({ message }))
  const { status } = refusalWithCauses(request, '', causes)
  const { message, reason } = faults[0]!
  return new StatusError({ ...status, message, ...(reason && { reason }) })
}
