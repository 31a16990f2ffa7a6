/** Node selectors of affinities and of volumes (pkg/apis/core/validation ValidateNodeSelector). */
import {
  dns1123SubdomainErrors,
  labelValueErrors,
  qualifiedNameErrors,
} from '../../../machinery/meta/names.ts'
import type { FieldErrors } from '../../../machinery/validation/field-error.ts'
import { invalidFor } from '../../../machinery/validation/field-errors.ts'
import type { NodeSelector, NodeSelectorRequirement, NodeSelectorTerm } from '../../types/core-v1.gen.ts'

/** At least one term. */
export function validateNodeSelector(selector: NodeSelector, path: string, errors: FieldErrors): void {
  const terms = selector.nodeSelectorTerms ?? []
  if (terms.length === 0)
    errors.required(`${path}.nodeSelectorTerms`, 'must have at least one node selector term')
  terms.forEach((term, i) => {
    validateNodeSelectorTerm(term, true, `${path}.nodeSelectorTerms[${i}]`, errors)
  })
}

/** Required terms must name label values; preferred ones were never that strict. */
export function validateNodeSelectorTerm(
  term: NodeSelectorTerm,
  isStrict: boolean,
  path: string,
  errors: FieldErrors,
): void {
  term.matchExpressions?.forEach((requirement, i) => {
    validateLabels(requirement, isStrict, `${path}.matchExpressions[${i}]`, errors)
  })
  term.matchFields?.forEach((requirement, i) => {
    validateFields(requirement, `${path}.matchFields[${i}]`, errors)
  })
}

function validateLabels(
  requirement: NodeSelectorRequirement,
  isStrict: boolean,
  path: string,
  errors: FieldErrors,
): void {
  const { key, operator, values = [] } = requirement
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length === 0)
      errors.required(`${path}.values`, "must be specified when `operator` is 'In' or 'NotIn'")
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length > 0) {
      errors.forbidden(`${path}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")
    }
  } else if (operator === 'Gt' || operator === 'Lt') {
    if (values.length !== 1) {
      errors.required(`${path}.values`, "must be specified single value when `operator` is 'Lt' or 'Gt'")
    }
  } else errors.invalid(`${path}.operator`, operator, 'not a valid selector operator')
  invalidFor(errors, `${path}.key`, key, qualifiedNameErrors(key))
  if (!isStrict) return
  values.forEach((value, i) => {
    invalidFor(errors, `${path}.values[${i}]`, value, labelValueErrors(value))
  })
}

function validateFields(
  { key, operator, values = [] }: NodeSelectorRequirement,
  path: string,
  errors: FieldErrors,
): void {
  if (operator !== 'In' && operator !== 'NotIn') {
    errors.invalid(`${path}.operator`, operator, 'not a valid selector operator')
  } else if (values.length !== 1) {
    const detail = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"
    errors.required(`${path}.values`, detail)
  }
  if (key !== 'metadata.name') return errors.invalid(`${path}.key`, key, 'not a valid field selector key')
  values.forEach((value, i) => {
    invalidFor(errors, `${path}.values[${i}]`, value, dns1123SubdomainErrors(value))
  })
}
