/** A ValidatingAdmissionPolicy with its expressions compiled, once (policy/validating/plugin.go). */
import {
  annotationTypes,
  compileExpression,
  conditionTypes,
  type ExpressionResult,
  expressionEnvironment,
  messageTypes,
} from '../../../api/admissionregistration/expressions.ts'
import type {
  AuditAnnotation,
  ValidatingAdmissionPolicy,
  Validation,
} from '../../../api/types/admissionregistration-v1.gen.ts'
import { compileFrame, type PolicyFrame } from './frame.ts'

export interface CompiledValidation {
  readonly validation: Validation
  readonly condition: ExpressionResult
  readonly message: ExpressionResult | undefined
}

export interface CompiledAnnotation {
  readonly annotation: AuditAnnotation
  readonly compiled: ExpressionResult
}

export interface CompiledPolicy extends PolicyFrame {
  readonly validations: readonly CompiledValidation[]
  readonly annotations: readonly CompiledAnnotation[]
}

export function compilePolicy(policy: ValidatingAdmissionPolicy): CompiledPolicy {
  const { validations = [], auditAnnotations = [] } = policy.spec ?? {}
  const frame = compileFrame(policy)
  const environment = expressionEnvironment(frame.scope)
  const ofMessages = expressionEnvironment({ ...frame.scope, hasAuthorizer: false })
  return {
    ...frame,
    validations: validations.map(validation => ({
      validation,
      condition: compileExpression(validation.expression, environment, conditionTypes),
      message: validation.messageExpression
        ? compileExpression(validation.messageExpression, ofMessages, messageTypes)
        : undefined,
    })),
    annotations: auditAnnotations.map(annotation => ({
      annotation,
      compiled: compileExpression(annotation.valueExpression, environment, annotationTypes),
    })),
  }
}
