/** Expressions of one configuration over one request (admission/plugin/cel/activation.go). */

import type { ExpressionResult } from '../../../api/admissionregistration/expressions.ts'
import type { Namespace } from '../../../api/types/core-v1.gen.ts'
import { type CelProgram, callCostMax, type Variables } from '../../../machinery/cel/compile.ts'
import { fromJson } from '../../../machinery/cel/json.ts'
import { CelBudgetError, CelError } from '../../../machinery/cel/language/errors.ts'
import type { MapValue, Value } from '../../../machinery/cel/language/value.ts'
import {
  type AskAccess,
  authorizerValue,
  resourceCheckValue,
} from '../../../machinery/cel/library/authorizer.ts'
import type { KubeObject } from '../../../machinery/meta/object.ts'
import { quote } from '../../../machinery/meta/quote.ts'
import { runSteps, type Steps } from '../../../std/turns.ts'
import { type Admitted, type Match, namespaceOf } from '../match/versions.ts'
import { operationOptions, userInfo } from '../webhooks/review.ts'

/** What expressions see. */
export interface ExpressionInput {
  readonly admitted: Admitted
  readonly match: Match
  /** Absent: `authorizer` is not bound. */
  readonly ask?: AskAccess
  /** Null where a policy wants params and its binding has none. */
  readonly params?: KubeObject | null
  readonly namespace?: Namespace
  readonly variables?: readonly PolicyVariable[]
}

export interface PolicyVariable {
  readonly name: string
  readonly compiled: ExpressionResult
}

/** The expressions of one configuration have cost what they may together. */
export class OutOfBudget extends Error {
  override name = 'OutOfBudget'
  constructor() {
    super('validation failed due to running out of cost budget, no further validation rules will be run')
  }
}

export type Evaluation = { readonly value: Value } | { readonly error: string }

export interface Evaluator {
  /** Throws OutOfBudget when this and the ones before cost too much. */
  evaluate(text: string, compiled: ExpressionResult): Steps<Evaluation>
  /** What may still be spent. */
  readonly left: number
}

/** Upstream's RuntimeCELCostBudget: what a policy's expressions may cost together, and each mutation. */
export const policyBudget = 10_000_000

/** Evaluates one expression after the other within `budget`. */
export function evaluator(input: ExpressionInput, budget: number): Evaluator {
  const state = { left: budget }
  const spend = (cost: number) => {
    if (cost > state.left) throw new OutOfBudget()
    state.left -= cost
  }
  const variables = activation(input, spend)
  return {
    get left() {
      return state.left
    },
    *evaluate(text, compiled) {
      if ('fault' in compiled) return { error: `compilation error: ${compiled.fault}` }
      let spent = 0
      const outcome = yield* attempt(text, compiled, variables, cost => {
        spent = cost
      })
      spend(spent)
      return outcome
    },
  }
}

function* attempt(
  text: string,
  program: CelProgram,
  variables: Variables,
  spent: (cost: number) => void,
): Steps<Evaluation> {
  try {
    const { value } = yield* program.evaluateSteps(variables, callCostMax, spent)
    return { value }
  } catch (error) {
    if (!(error instanceof CelError || error instanceof CelBudgetError)) throw error
    return { error: `expression '${text}' resulted in error: ${error.message}` }
  }
}

/** Names by what they stand for, each made when it is first looked at. */
function activation(input: ExpressionInput, spend: (cost: number) => void): Variables {
  const { admitted, params, namespace, ask } = input
  const made = new Map<string, Value>()
  const makers: Readonly<Record<string, () => Value | undefined>> = {
    object: () => fromJson(admitted.object ?? null),
    oldObject: () => fromJson(admitted.oldObject ?? null),
    params: () => (params === undefined ? undefined : fromJson(params)),
    request: () => fromJson(requestOf(input)),
    namespaceObject: () => fromJson(namespace ? shownNamespace(namespace) : null),
    authorizer: () => ask && authorizerValue(admitted.request.user, ask),
    'authorizer.requestResource': () => ask && requestResource(input, ask),
    variables: () => input.variables && lazily(input.variables, lookUp, spend),
  }
  function lookUp(name: string): Value | undefined {
    if (made.has(name)) return made.get(name)
    const value = Object.hasOwn(makers, name) ? makers[name]!() : undefined
    if (value !== undefined) made.set(name, value)
    return value
  }
  return lookUp
}

function requestOf({ admitted: { request }, match }: ExpressionInput): object {
  const { resource, kind, info, operation, user, dryRun } = request
  const { subresource, name } = info
  const namespace = namespaceOf(request)
  const named = ({ group, version, plural }: Match['resource']) => ({ group, version, resource: plural })
  const kindOf = (of: Match['kind']) => ({ group: of.group, version: of.version, kind: of.kind })
  return {
    uid: '',
    kind: kindOf(match.kind),
    resource: named(match.resource),
    ...(subresource && { subResource: subresource, requestSubResource: subresource }),
    requestKind: kindOf(kind),
    requestResource: named(resource),
    ...(name && { name }),
    ...(namespace && { namespace }),
    operation,
    userInfo: userInfo(user),
    object: null,
    oldObject: null,
    dryRun,
    options: operationOptions(request),
  }
}

/** Managed fields and owners are kept from expressions (CreateNamespaceObject). */
function shownNamespace({ metadata, spec, status }: Namespace): object {
  const { managedFields: _fields, ownerReferences: _owners, ...shown } = metadata
  return { metadata: shown, spec: spec ?? {}, status: status ?? {} }
}

function requestResource({ admitted: { request } }: ExpressionInput, ask: AskAccess): Value {
  const { resource, info, user } = request
  const { subresource, name } = info
  const about = { group: resource.group, resource: resource.plural, subresource, name }
  return resourceCheckValue(user, ask, { ...about, namespace: namespaceOf(request) })
}

interface Made {
  readonly value?: Value
  readonly error?: string
}

/** Variables of a policy: each is evaluated when it is first looked at, and once. */
function lazily(
  variables: readonly PolicyVariable[],
  lookUp: Variables,
  spend: (cost: number) => void,
): MapValue {
  const byName = new Map(variables.map(({ name, compiled }) => [name, compiled]))
  const made = new Map<Value, Made>()
  function* make(name: string, compiled: ExpressionResult): Steps<Made> {
    if ('fault' in compiled)
      return { error: `composited variable ${quote(name)} fails to compile: ${compiled.fault}` }
    try {
      const { value } = yield* compiled.evaluateSteps(lookUp, callCostMax, spend)
      return { value }
    } catch (error) {
      if (!(error instanceof CelError || error instanceof CelBudgetError)) throw error
      return { error: `composited variable ${quote(name)} fails to evaluate: ${error.message}` }
    }
  }
  function* prepare(key: Value): Steps<void> {
    const compiled = typeof key === 'string' ? byName.get(key) : undefined
    if (compiled && !made.has(key)) made.set(key, yield* make(key as string, compiled))
  }
  return {
    isMap: true,
    size: variables.length,
    keys: () => byName.keys(),
    prepare,
    get(key) {
      runSteps(prepare(key))
      const found = made.get(key)
      if (found?.error !== undefined) throw new CelError(found.error)
      return found?.value
    },
  }
}
