/** Field selectors (apimachinery pkg/fields): equality and inequality on named fields. */
import { badRequest } from '../status/errors.ts'

export interface FieldRequirement {
  /** As the user wrote it: `spec.nodeName`. */
  readonly field: string
  readonly operator: '=' | '!='
  readonly value: string
}

/** All terms must hold; no terms select everything. */
export interface FieldSelector {
  readonly requirements: readonly FieldRequirement[]
}

export const everyField: FieldSelector = { requirements: [] }

/** `metadata.name=a,spec.nodeName!=b`, with `\,` `\=` `\\` escaped in values. Throws 400 with upstream's text. */
export function parseFieldSelector(text: string): FieldSelector {
  const terms = splitTerms(text).filter(term => term !== '')
  if (terms.length === 0) return everyField
  const requirements = terms.sort().map(term => parseTerm(term, text))
  return { requirements: requirements.filter(({ field, value }) => field !== '' || value !== '') }
}

function splitTerms(text: string): string[] {
  return text.match(/(?:\\[\s\S]|\\$|[^,\\])+/g) ?? []
}

function parseTerm(term: string, whole: string): FieldRequirement {
  const match = /^([\s\S]*?)(!=|==|=)([\s\S]*)$/.exec(term)
  if (!match) throw badRequest(`invalid selector: '${whole}'; can't understand '${term}'`)
  return { field: match[1]!, operator: match[2] === '!=' ? '!=' : '=', value: unescapeValue(match[3]!) }
}

function unescapeValue(text: string): string {
  if (!/[\\,=]/.test(text)) return text
  return text.replace(/\\([\s\S]?)|[,=]/gu, (found, escaped: string | undefined) => {
    if (escaped === undefined) {
      throw badRequest(`invalid field selector: unescaped character in value: ${found.codePointAt(0)}`)
    }
    if (escaped !== '\\' && escaped !== ',' && escaped !== '=') {
      throw badRequest(`invalid field selector: invalid escape sequence: ${found}`)
    }
    return escaped
  })
}

/** Upstream's String(): every equality as `=`, values escaped. */
export function formatFieldSelector(selector: FieldSelector): string {
  return selector.requirements
    .map(({ field, operator, value }) => `${field}${operator}${value.replace(/[\\,=]/g, '\\$&')}`)
    .join(',')
}

/** Whether the fields, read by name (absent reads as ''), satisfy the selector. */
export function matchesFields(selector: FieldSelector, read: (field: string) => string): boolean {
  return selector.requirements.every(
    ({ field, operator, value }) => (read(field) === value) === (operator === '='),
  )
}

/** The one value that `field` must have, or undefined: lets an index or a single get answer a list. */
export function exactFieldValue(selector: FieldSelector, field: string): string | undefined {
  return selector.requirements.find(term => term.field === field && term.operator === '=')?.value
}
