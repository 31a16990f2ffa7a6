import type { JSONSchemaProps, ValidationRule } from '../../../api/types/apiextensions-v1.gen.ts'

/** The pieces that schemas of these kinds are made of. */
export const described = (description: string, schema: JSONSchemaProps): JSONSchemaProps => ({
  description,
  ...schema,
})

export const text: JSONSchemaProps = { type: 'string' }
export const flag: JSONSchemaProps = { type: 'boolean' }
export const time: JSONSchemaProps = { type: 'string', format: 'date-time' }
export const integer: JSONSchemaProps = { type: 'integer', format: 'int64' }
export const size: JSONSchemaProps = { ...integer, minimum: 0 }
/** What resource.Quantity reads. */
export const quantity: JSONSchemaProps = {
  type: 'string',
  pattern:
    '^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$',
  'x-kubernetes-int-or-string': true,
}
export const deletionPolicy: JSONSchemaProps = described(
  'Whether the snapshot in the storage system goes with the content.',
  { type: 'string', enum: ['Delete', 'Retain'] },
)

type Properties = Readonly<Record<string, JSONSchemaProps>>

export const object = (properties: Properties, required?: readonly string[]): JSONSchemaProps => ({
  type: 'object',
  properties: { ...properties },
  ...(required && { required: [...required] }),
})

export const withRules = (schema: JSONSchemaProps, ...rules: readonly ValidationRule[]): JSONSchemaProps => ({
  ...schema,
  'x-kubernetes-validations': [...rules],
})

export const rule = (message: string, test: string): ValidationRule => ({ message, rule: test })

export const fixed = (name: string): JSONSchemaProps =>
  withRules(text, rule(`${name} is immutable`, 'self == oldSelf'))

export const staysOnceSet = (name: string): ValidationRule =>
  rule(`${name} is required once set`, `!has(oldSelf.${name}) || has(self.${name})`)

export const oneOf = (a: string, b: string): ValidationRule =>
  rule(
    `exactly one of ${a} and ${b} must be set`,
    `(has(self.${a}) && !has(self.${b})) || (!has(self.${a}) && has(self.${b}))`,
  )

/** What went wrong last, and when. */
export const failure: JSONSchemaProps = described(
  'The last error of taking the snapshot; gone once it succeeds.',
  object({
    message: described('What went wrong; no secrets are in it.', text),
    time: described('When it was met.', time),
  }),
)

/** A kind's own fields with the usual ones around them. */
export const kindSchema = (
  description: string,
  properties: Properties,
  required: readonly string[],
): JSONSchemaProps =>
  described(
    description,
    object({ apiVersion: text, kind: text, metadata: { type: 'object' }, ...properties }, required),
  )
