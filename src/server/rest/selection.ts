import type { Resource } from '../../api/define.ts'
import type { KubeObject } from '../../machinery/meta/object.ts'
import { quote } from '../../machinery/meta/quote.ts'
import {
  everyField,
  everything,
  exactFieldValue,
  type FieldSelector,
  isEverything,
  type LabelOperator,
  type LabelSelector,
  matchesFields,
  matchesLabels,
  parseFieldSelector,
  parseLabelSelector,
} from '../../machinery/selector/index.ts'
import { badRequest } from '../../machinery/status/errors.ts'
import { isBuiltin } from '../http/encode.ts'
import { selectedName } from '../selected-name.ts'
import type { RestCall } from './call.ts'
import type { ExactTerm } from './run-index.ts'

/** Which objects of a collection a request is about. */
export interface Selection {
  /** Set when the selector names exactly one object. */
  readonly name?: string
  readonly all: boolean
  readonly matches: (object: KubeObject) => boolean
  /** What all that match have in common, when the selector says so. */
  readonly exact?: ExactTerm
}

/** Reads the selectors; 400 with upstream's texts for malformed ones and for fields that the kind does not offer. */
export function selectionOf({ context, resource }: RestCall): Selection {
  const { labelSelector, fieldSelector } = context.options
  const labels = labelSelector ? parseLabelSelector(labelSelector) : everything
  const fields = fieldSelector ? parseFieldSelector(fieldSelector) : everyField
  for (const { field } of fields.requirements) requireField(resource, field)
  const named = exactFieldValue(fields, 'metadata.name')
  const { verb, name: asked } = context.info
  const fromPath = asked === selectedName(verb, fieldSelector) ? '' : asked
  if (fromPath !== '' && fields.requirements.length > 0 && named !== fromPath)
    throw badRequest("fieldSelector metadata.name doesn't match requested name")
  const name = named ?? (asked || undefined)
  const { selectableFields, namespaced } = resource
  const read = (object: KubeObject) => (field: string) => {
    if (field === 'metadata.name') return object.metadata.name ?? ''
    if (field === 'metadata.namespace' && (namespaced || !selectableFields[field]))
      return object.metadata.namespace ?? ''
    return selectableFields[field]!(object)
  }
  const anyField = fields.requirements.length === 0 && name === undefined
  if (anyField && isEverything(labels)) return { all: true, matches: () => true }
  const matches = (object: KubeObject) =>
    (name === undefined || object.metadata.name === name) &&
    matchesLabels(labels, object.metadata.labels) &&
    matchesFields(fields, read(object))
  const exact = exactTerm(labels, fields, selectableFields)
  return { all: false, matches, ...(name !== undefined && { name }), ...(exact && { exact }) }
}

/** Labels first: more of what they name is different. */
function exactTerm(
  labels: LabelSelector,
  fields: FieldSelector,
  selectableFields: Resource['selectableFields'],
): ExactTerm | undefined {
  const label = labels.requirements.find(({ operator }) => namesValues.has(operator))
  if (label) return { of: label.key, values: label.values }
  for (const { field } of fields.requirements) {
    const value = exactFieldValue(fields, field)
    const read = Object.hasOwn(selectableFields, field) ? selectableFields[field] : undefined
    if (read && value !== undefined) {
      return { of: read as (object: KubeObject) => string, values: [value], name: `f:${field}` }
    }
  }
  return undefined
}

const namesValues: ReadonlySet<string> = new Set<LabelOperator>(['=', '==', 'in'])

function requireField(resource: Resource, field: string): void {
  if (field === 'metadata.name' || (field === 'metadata.namespace' && resource.namespaced)) return
  if (Object.hasOwn(resource.selectableFields, field)) return
  const hasOwn = !isBuiltin(resource) || Object.keys(resource.selectableFields).length > 0
  if (!hasOwn && field === 'metadata.namespace') return
  const unknown = resource.unknownField ?? (hasOwn ? notSupported : notKnown)
  throw badRequest(unknown(field))
}

function notSupported(field: string): string {
  return `field label not supported: ${field}`
}

/** Of kinds that offer no more than the fields that every object has. */
function notKnown(field: string): string {
  return `${quote(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`
}
