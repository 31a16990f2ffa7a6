/** Which policies have something to say about a request, with which bindings and params (policy/generic policy_dispatcher.go). */
import type { Namespace } from '../../../api/types/core-v1.gen.ts'
import type { AskAccess } from '../../../machinery/cel/library/authorizer.ts'
import type { KubeObject } from '../../../machinery/meta/object.ts'
import { notFound } from '../../../machinery/status/errors.ts'
import { StatusError } from '../../../machinery/status/status.ts'
import type { AdmissionRequest } from '../../context.ts'
import type { PolicyMeter } from '../../metrics/policies.ts'
import type { ExpressionInput } from '../expressions/evaluation.ts'
import { findMatch } from '../match/match.ts'
import type { MatchServices } from '../match/services.ts'
import { type Admitted, convertAdmitted, type Match, namespaceOf } from '../match/versions.ts'
import type { PolicyFrame } from './frame.ts'
import type { BindingObject, CompiledBinding, PolicyHook } from './hooks.ts'
import { ConfigurationError, checkParamKind, collectParams, type ParamSources } from './params.ts'

export interface PolicyServices extends MatchServices {
  readonly objectsOf: ParamSources['objectsOf']
  readonly meter: PolicyMeter
}

/** A policy to be evaluated with one set of params. */
export interface Invocation<C extends PolicyFrame, B extends BindingObject> {
  readonly policy: C
  readonly binding: CompiledBinding<B>
  readonly match: Match
  readonly param: KubeObject | null
}

/** A policy or binding that cannot be asked, though it has to be. */
export interface ConfigurationFault {
  /** Absent: the policy itself is wrong. */
  readonly binding: string | undefined
  readonly message: string
}

type Found<C extends PolicyFrame, B extends BindingObject> =
  | { readonly invocation: Invocation<C, B> }
  | { readonly fault: ConfigurationFault }

/** What one policy and its bindings make of a request, one after the other. */
export function* invocationsOf<C extends PolicyFrame, B extends BindingObject>(
  services: PolicyServices,
  admitted: Admitted,
  { policy, bindings }: PolicyHook<C, B>,
): Generator<Found<C, B>> {
  const { registry } = admitted.request
  const found = configured(undefined, () => {
    const matched = findMatch(services, policy.constraints, admitted)
    if (matched) checkParamKind({ ...services, registry }, policy.paramKind)
    return matched
  })
  // What cannot be asked says nothing where failures are ignored.
  const told = (fault: Found<C, B>) => (policy.ignoresFailures ? [] : [fault])
  if ('fault' in found) return yield* told(found)
  const match = found.value
  if (!match) return
  for (const binding of bindings) {
    const params = configured(binding.name, () => paramsOf(services, admitted, policy, binding))
    if ('fault' in params) yield* told(params)
    else for (const param of params.value) yield { invocation: { policy, binding, match, param } }
  }
}

function paramsOf(
  services: PolicyServices,
  admitted: Admitted,
  { paramKind }: PolicyFrame,
  { constraints, binding }: CompiledBinding,
): readonly (KubeObject | null)[] {
  if (constraints && !findMatch(services, constraints, admitted)) return []
  const { request } = admitted
  const sources = { registry: request.registry, objectsOf: services.objectsOf }
  const { paramRef } = binding.spec ?? {}
  return collectParams(sources, { paramKind, paramRef, namespace: namespaceOf(request) })
}

function configured<T>(
  binding: string | undefined,
  make: () => T,
): { readonly value: T } | { readonly fault: ConfigurationFault } {
  try {
    return { value: make() }
  } catch (error) {
    if (!(error instanceof ConfigurationError || error instanceof StatusError)) throw error
    const what = binding === undefined ? 'policy' : 'binding'
    return { fault: { binding, message: `failed to configure ${what}: ${error.message}` } }
  }
}

/** What the expressions of an invocation see of the request as it is now, in the version that the policy is about. */
export async function expressionInput(
  { match, policy, param }: Invocation<PolicyFrame, BindingObject>,
  admitted: Admitted,
  more: { readonly ask: AskAccess; readonly namespace: Namespace | undefined },
): Promise<ExpressionInput> {
  return {
    admitted: await convertAdmitted(admitted, match.kind),
    match,
    ask: more.ask,
    variables: policy.variables,
    ...(policy.paramKind && { params: param }),
    ...(more.namespace && { namespace: more.namespace }),
  }
}

/** A namespace is not in itself here, though its attributes say so. */
export function namespaceFor(
  request: AdmissionRequest,
  { namespaces }: MatchServices,
): Namespace | undefined {
  const { kind } = request
  if (kind.group === '' && kind.kind === 'Namespace') return undefined
  const name = namespaceOf(request)
  if (name === '') return undefined
  const found = namespaces.get('', name)
  if (!found) throw notFound({ group: '', resource: 'namespaces' }, name)
  return found
}
