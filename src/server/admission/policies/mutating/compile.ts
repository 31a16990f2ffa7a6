/** A MutatingAdmissionPolicy with its expressions compiled, once (policy/mutating/compilation.go). */
import {
  compileExpression,
  type ExpressionResult,
  expressionEnvironment,
} from '../../../../api/admissionregistration/expressions.ts'
import { configurationTypes, patchTypes } from '../../../../api/admissionregistration/patch-types.ts'
import type { MutatingAdmissionPolicy } from '../../../../api/types/admissionregistration-v1beta1.gen.ts'
import { compileFrame, type PolicyFrame } from '../frame.ts'

export interface CompiledMutation {
  readonly kind: 'ApplyConfiguration' | 'JSONPatch'
  readonly text: string
  readonly compiled: ExpressionResult
}

export interface CompiledMutatingPolicy extends PolicyFrame {
  readonly mutations: readonly CompiledMutation[]
  /** Asked again when somebody changes the object after it. */
  readonly isReinvoked: boolean
}

export function compileMutatingPolicy(policy: MutatingAdmissionPolicy): CompiledMutatingPolicy {
  const { mutations = [], reinvocationPolicy } = policy.spec ?? {}
  const frame = compileFrame(policy)
  const environment = expressionEnvironment({ ...frame.scope, hasPatchTypes: true })
  return {
    ...frame,
    mutations: mutations.map(({ patchType, jsonPatch, applyConfiguration }): CompiledMutation => {
      const isPatch = patchType === 'JSONPatch'
      const text = (isPatch ? jsonPatch : applyConfiguration)?.expression ?? ''
      const types = isPatch ? patchTypes : configurationTypes
      return {
        kind: isPatch ? 'JSONPatch' : 'ApplyConfiguration',
        text,
        compiled: compileExpression(text, environment, types),
      }
    }),
    isReinvoked: reinvocationPolicy === 'IfNeeded',
  }
}
