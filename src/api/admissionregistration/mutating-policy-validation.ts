/** Rules of MutatingAdmissionPolicies and their bindings (pkg/apis/admissionregistration/validation). */
import type { Type } from '../../machinery/cel/language/type.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import type {
  MatchResources,
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
  Mutation,
} from '../types/admissionregistration-v1beta1.gen.ts'
import { compileExpression, type ExpressionScope, expressionEnvironment } from './expressions.ts'
import { configurationTypes, patchTypes } from './patch-types.ts'
import { validateBindingScope, validatePolicyScope } from './policy-scope.ts'

/** What has an object that can be changed. */
const operations = ['*', 'CONNECT', 'CREATE', 'UPDATE']
const reinvocationPolicies = ['IfNeeded', 'Never']

/** A policy that may be stored: all its expressions compile, and there is something to change in what it is about. */
export function validateMutatingPolicy({ spec = {} }: MutatingAdmissionPolicy, errors: FieldErrors): void {
  const scope = validatePolicyScope(spec, errors, match =>
    validateOperations(match, 'spec.matchConstraints', errors),
  )
  const { mutations = [], reinvocationPolicy = '' } = spec
  if (mutations.length === 0) errors.required('spec.mutations', 'mutations must contain at least one item')
  for (const [i, mutation] of mutations.entries())
    validateMutation(mutation, `spec.mutations[${i}]`, { ...scope, hasPatchTypes: true }, errors)
  const path = 'spec.reinvocationPolicy'
  if (reinvocationPolicy === '') errors.required(path)
  else if (!reinvocationPolicies.includes(reinvocationPolicy))
    errors.notSupported(path, reinvocationPolicy, reinvocationPolicies)
}

function validateOperations({ resourceRules = [] }: MatchResources, path: string, errors: FieldErrors): void {
  for (const operation of resourceRules.flatMap(rule => rule.operations ?? []))
    if (!operations.includes(operation))
      errors.notSupported(`${path}.resourceRules.operations`, operation, operations)
}

interface PatchKind {
  readonly field: 'applyConfiguration' | 'jsonPatch'
  readonly other: 'applyConfiguration' | 'jsonPatch'
  readonly types: readonly Type[]
}

const patchKinds: Readonly<Record<string, PatchKind>> = {
  ApplyConfiguration: { field: 'applyConfiguration', other: 'jsonPatch', types: configurationTypes },
  JSONPatch: { field: 'jsonPatch', other: 'applyConfiguration', types: patchTypes },
}

function validateMutation(
  mutation: Mutation,
  path: string,
  scope: ExpressionScope,
  errors: FieldErrors,
): void {
  const { patchType = '' } = mutation
  if (patchType === '') return errors.required(`${path}.patchType`)
  const kind = Object.hasOwn(patchKinds, patchType) ? patchKinds[patchType] : undefined
  if (!kind) return errors.notSupported(`${path}.patchType`, patchType, Object.keys(patchKinds))
  const { field, other, types } = kind
  const given = mutation[field]
  if (!given) errors.required(`${path}.${field}`, `must be specified when patchType is ${patchType}`)
  else {
    const text = (given.expression ?? '').trim()
    const at = `${path}.${field}.expression`
    const compiled = text === '' ? undefined : compileExpression(text, expressionEnvironment(scope), types)
    if (!compiled) errors.required(at)
    else if ('fault' in compiled) errors.invalid(at, text, compiled.fault)
  }
  if (mutation[other])
    errors.invalid(`${path}.${other}`, `{${other}}`, `must not be specified when patchType is ${patchType}`)
}

export function validateMutatingPolicyBinding(
  { spec = {} }: MutatingAdmissionPolicyBinding,
  errors: FieldErrors,
): void {
  validateBindingScope(spec, errors)
  if (spec.matchResources) validateOperations(spec.matchResources, 'spec.matchResources', errors)
}
