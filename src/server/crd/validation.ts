import { validateEmbedded } from '../../api/apiextensions/embedded-objects.ts'
import { validateListItems } from '../../api/apiextensions/list-values.ts'
import { compileRulesBelow, hasRules, ruleSteps } from '../../api/apiextensions/value-rules.ts'
import { validateValue } from '../../api/apiextensions/value-validation.ts'
import type { CustomKind, Strategy } from '../../api/define.ts'
import type { CustomResourceSubresourceScale, JSONSchemaProps } from '../../api/types/apiextensions-v1.gen.ts'
import type { KubeObject } from '../../machinery/meta/object.ts'
import { parseLabelSelector } from '../../machinery/selector/index.ts'
import { StatusError } from '../../machinery/status/status.ts'
import type { FieldError, FieldErrors } from '../../machinery/validation/field-error.ts'
import { createFieldErrors } from '../../machinery/validation/field-errors.ts'
import { isInteger } from '../../std/exact-json.ts'
import { runSteps, type Steps } from '../../std/turns.ts'
import type { CelMeter } from '../metrics/cel.ts'
import { jsonPath } from './json-path.ts'

/** How objects of one version are checked, through whatever door they come. */
export type Validation = Required<
  Pick<Strategy, 'validate' | 'validateUpdate' | 'earlyWarnings' | 'warnings'>
> &
  Required<Pick<CustomKind, 'judge'>> & {
    /** Through the door of the status: what is beside it is not looked at, but by rules. */
    readonly validateStatus: NonNullable<Strategy['validateUpdate']>
  }

/** What is wrong with an object beside an old one. */
interface Judgement {
  readonly old: KubeObject | undefined
  readonly subresource: string
  readonly errors: readonly FieldError[]
  readonly warnings: readonly string[]
}

/** What `judge` has found, until somebody asks. */
const judged = new WeakMap<KubeObject, Judgement>()

/** What was let pass because it was so before, until somebody asks for the warnings. */
const ratcheted = new WeakMap<KubeObject, readonly string[]>()

/** Rules of a custom kind (registry/customresource strategy): schema, scale, embedded objects, lists, CEL. */
export function toValidation(
  schema: JSONSchemaProps,
  scale: CustomResourceSubresourceScale | undefined,
  meter: CelMeter,
): Validation {
  const rules = measuredRules(schema, meter)
  function* judge(object: KubeObject, old: KubeObject | undefined, subresource: string): Steps<Judgement> {
    const errors = createFieldErrors()
    const isStatus = subresource === 'status'
    if (isStatus) validateStatusValue(schema, object, old, errors)
    else validateValue(schema, object, '', errors, old && { value: old })
    yield
    if (scale) validateScale(scale, object, errors, isStatus)
    if (!isStatus) validateEmbedded(schema, object, '', errors)
    if (!old || !hasListFaults(schema, old)) validateListItems(schema, object, '', errors)
    yield
    const warnings: string[] = []
    yield* rules({ object, old, warn: text => warnings.push(text) }, errors)
    return { old, subresource, errors: errors.list, warnings }
  }
  const check = (object: KubeObject, old: KubeObject | undefined, errors: FieldErrors, subresource = '') => {
    const known = judged.get(object)
    judged.delete(object)
    const isKnown = known?.old === old && known?.subresource === subresource
    const found = isKnown ? known! : runSteps(judge(object, old, subresource))
    ;(errors.list as FieldError[]).push(...found.errors)
    if (found.warnings.length > 0) ratcheted.set(object, found.warnings)
  }
  return {
    // An object that is new has no revision; others are compared with what they were.
    validate(object, errors) {
      if (!object.metadata.resourceVersion) check(object, undefined, errors)
    },
    validateUpdate: (object, old, errors) => check(object, old, errors),
    validateStatus: (object, old, errors) => check(object, old, errors, 'status'),
    *judge(object, old, subresource) {
      judged.set(object, yield* judge(object, old, subresource))
    },
    earlyWarnings: object => ratcheted.get(object) ?? [],
    warnings: finalizerWarnings,
  }
}

const standardFinalizers = new Set(['orphan', 'foregroundDeletion'])

function finalizerWarnings({ metadata }: KubeObject, old: KubeObject | undefined): string[] {
  const known = new Set(old?.metadata.finalizers)
  const plain = (metadata.finalizers ?? []).filter(
    name => !known.has(name) && !name.includes('/') && !standardFinalizers.has(name),
  )
  return plain
    .toSorted()
    .map(
      name =>
        `metadata.finalizers: ${JSON.stringify(name)}: prefer a domain-qualified finalizer name to avoid accidental conflicts with other finalizer writers`,
    )
}

function hasListFaults(schema: JSONSchemaProps, old: KubeObject): boolean {
  const found = createFieldErrors()
  validateListItems(schema, old, '', found)
  return found.list.length > 0
}

const unchecked =
  'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation'
const blocking = new Set([
  'FieldValueNotSupported',
  'FieldValueRequired',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueTypeInvalid',
])

interface Change {
  readonly object: KubeObject
  readonly old: KubeObject | undefined
  readonly warn: (text: string) => void
}

/** Rules of objects that are broken in other ways would only say so again. They are compiled when first needed. */
function measuredRules(schema: JSONSchemaProps, meter: CelMeter) {
  let isCompiled = false
  return function* run({ object, old, warn }: Change, errors: FieldErrors): Steps<void> {
    if (!hasRules(schema)) return
    if (errors.list.some(({ type }) => blocking.has(type))) {
      errors.invalid('<nil>', null, unchecked)
      return
    }
    if (!isCompiled) meter.compiling(() => compileRulesBelow(schema))
    isCompiled = true
    yield* meter.evaluating(ruleSteps(schema, object, { old, warn }, errors))
  }
}

/** The status alone, which upstream's texts name by what lies below it (validator.go ValidateStatusUpdate). */
function validateStatusValue(
  { properties = {} }: JSONSchemaProps,
  object: KubeObject & { readonly status?: unknown },
  old: (KubeObject & { readonly status?: unknown }) | undefined,
  errors: FieldErrors,
): void {
  const { status } = object
  if (!properties.status || status === undefined || status === null) return
  const found = createFieldErrors()
  validateValue(properties.status, status, 'status', found, old && { value: old.status })
  const below = found.list.map(({ field, message, ...fault }) => ({
    ...fault,
    field,
    message: message.replace(`${field} in body`, `${field.replace(/^status\.?/, '')} in body`),
  }))
  ;(errors.list as FieldError[]).push(...below)
}

const int32Max = 2_147_483_647

function validateScale(
  scale: CustomResourceSubresourceScale,
  object: KubeObject,
  errors: FieldErrors,
  isStatus: boolean,
): void {
  const { specReplicasPath, statusReplicasPath } = scale
  for (const path of isStatus ? [statusReplicasPath] : [specReplicasPath, statusReplicasPath]) {
    const replicas = jsonPath(path)(object)
    if (replicas === undefined || replicas === null) continue
    if (!isInteger(replicas)) {
      const detail = `${path} accessor error: ${String(replicas)} is of the type ${goType(replicas)}, expected int64`
      errors.invalid(path, 0, detail)
    } else if (replicas < 0) errors.invalid(path, replicas, 'should be a non-negative integer')
    else if (replicas > int32Max)
      errors.invalid(path, replicas, `should be less than or equal to ${int32Max}`)
  }
  const { labelSelectorPath } = scale
  const selector = labelSelectorPath ? jsonPath(labelSelectorPath)(object) : undefined
  if (typeof selector === 'string') validateSelector(selector, labelSelectorPath!, errors)
}

function validateSelector(text: string, path: string, errors: FieldErrors): void {
  try {
    parseLabelSelector(text)
  } catch (error) {
    if (!(error instanceof StatusError)) throw error
    errors.invalid(path, text, error.message)
  }
}

function goType(value: unknown): string {
  if (typeof value === 'string') return 'string'
  if (typeof value === 'boolean') return 'bool'
  return typeof value === 'number' ? 'float64' : 'map[string]interface {}'
}
