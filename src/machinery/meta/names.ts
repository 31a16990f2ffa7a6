/** Rules of names, label keys and label values, with upstream's texts (apimachinery api/validate/content). */
import type { Random } from '../../std/ports.ts'

const dns1123Label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?'
const dns1123Subdomain = `${dns1123Label}(\\.${dns1123Label})*`
const dns1035Label = '[a-z]([-a-z0-9]*[a-z0-9])?'
const labelKey = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'
const labelValue = `(${labelKey})?`
const identifier = '[A-Za-z_][A-Za-z0-9_]*'

const dns1123LabelPattern = new RegExp(`^${dns1123Label}$`)
const dns1123SubdomainPattern = new RegExp(`^${dns1123Subdomain}$`)
const dns1035LabelPattern = new RegExp(`^${dns1035Label}$`)
const labelKeyPattern = new RegExp(`^${labelKey}$`)
const labelValuePattern = new RegExp(`^${labelValue}$`)
const identifierPattern = new RegExp(`^${identifier}$`)

const fine: readonly string[] = []

/** Reasons why `value` is no DNS-1123 label of at most 63 bytes; empty when it is one. */
export function dns1123LabelErrors(value: string): readonly string[] {
  const errors = tooLong(value, 63, 'characters')
  if (dns1123LabelPattern.test(value)) return errors
  if (dns1123SubdomainPattern.test(value)) return [...errors, 'must not contain dots']
  const rule =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character"
  return [...errors, patternError(rule, dns1123Label, 'my-name', '123-abc')]
}

/** Reasons why `value` is no DNS-1123 subdomain of at most 253 bytes: the rule of most object names. */
export function dns1123SubdomainErrors(value: string): readonly string[] {
  return subdomainErrors(value, 'characters')
}

function subdomainErrors(value: string, unit: 'bytes' | 'characters'): readonly string[] {
  const errors = tooLong(value, 253, unit)
  if (dns1123SubdomainPattern.test(value)) return errors
  const rule =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character"
  return [...errors, patternError(rule, dns1123Subdomain, 'example.com')]
}

/** Reasons why `value` is no DNS-1035 label (services): like a label, starting with a letter. */
export function dns1035LabelErrors(value: string): readonly string[] {
  const errors = tooLong(value, 63, 'characters')
  if (dns1035LabelPattern.test(value)) return errors
  const rule =
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character"
  return [...errors, patternError(rule, dns1035Label, 'my-name', 'abc-123')]
}

const qualifiedNameRule = patternError(
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  labelKey,
  ...['MyName', 'my.name', '123-abc'],
)

/** What most keys and values of labels are, and nothing is wrong with. */
const plainWord = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/

/** Reasons why `value` is no qualified name: a label key, `name` or `prefix.example/name`. */
export function qualifiedNameErrors(value: string): readonly string[] {
  if (plainWord.test(value)) return fine
  const parts = value.split('/')
  if (parts.length > 2) {
    return [
      `a valid label key ${qualifiedNameRule} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ]
  }
  const name = parts.at(-1)!
  const errors = parts.length === 2 ? prefixErrors(parts[0]!) : []
  if (name === '') errors.push('name part must be non-empty')
  else errors.push(...tooLong(name, 63, 'bytes').map(text => `name part ${text}`))
  if (!labelKeyPattern.test(name)) errors.push(`name part ${qualifiedNameRule}`)
  return errors
}

function prefixErrors(prefix: string): string[] {
  if (prefix === '') return ['prefix part must be non-empty']
  return subdomainErrors(prefix, 'bytes').map(text => `prefix part ${text}`)
}

/** Reasons why `value` is no label value. */
export function labelValueErrors(value: string): readonly string[] {
  if (plainWord.test(value)) return fine
  const errors = tooLong(value, 63, 'bytes')
  if (labelValuePattern.test(value)) return errors
  const rule =
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
  return [...errors, patternError(rule, labelValue, 'MyValue', 'my_value', '12345')]
}

/** Reasons why `value` is no C identifier. */
export function identifierErrors(value: string): readonly string[] {
  if (identifierPattern.test(value)) return fine
  const rule =
    "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_'"
  return [patternError(rule, identifier, 'my_name', 'MY_NAME', 'MyName')]
}

/** Name rules as a Strategy's `validateName` wants them; `prefix` is a generateName, which may end in dashes. */
export const nameIsDnsSubdomain = (name: string, prefix: boolean): readonly string[] =>
  dns1123SubdomainErrors(prefix ? maskTrailingDash(name) : name)
export const nameIsDnsLabel = (name: string, prefix: boolean): readonly string[] =>
  dns1123LabelErrors(prefix ? maskTrailingDash(name) : name)
export const nameIsDns1035Label = (name: string, prefix: boolean): readonly string[] =>
  dns1035LabelErrors(prefix ? maskTrailingDash(name) : name)

/** What a path segment may not be (RBAC names and others; apimachinery api/validation/path). */
export const nameIsPathSegment = (name: string, prefix: boolean): readonly string[] => {
  const errors: string[] = []
  if (!prefix && (name === '.' || name === '..')) return [`may not be '${name}'`]
  for (const part of ['/', '%']) if (name.includes(part)) errors.push(`may not contain '${part}'`)
  return errors
}

function maskTrailingDash(name: string): string {
  return name.length > 1 && name.endsWith('-') ? `${name.slice(0, -2)}a` : name
}

/** `(e.g. 'a',  or 'b', regex used for validation is '…')`: upstream's RegexError, commas and all. */
export function patternError(rule: string, pattern: string, ...examples: string[]): string {
  if (examples.length === 0) return `${rule} (regex used for validation is '${pattern}')`
  const shown = examples.map(example => `'${example}', `).join(' or ')
  return `${rule} (e.g. ${shown}regex used for validation is '${pattern}')`
}

/** Both units mean bytes: names of objects are counted in what upstream calls characters, labels in bytes. */
function tooLong(value: string, maxBytes: number, unit: 'bytes' | 'characters'): readonly string[] {
  const fits =
    value.length <= maxBytes && (value.length * 3 <= maxBytes || Buffer.byteLength(value) <= maxBytes)
  return fits ? fine : [`must be no more than ${maxBytes} ${unit}`]
}

const suffixAlphabet = 'bcdfghjklmnpqrstvwxz2456789'
const suffixLength = 5
const generatedNameLengthMax = 63

/** `length` characters without vowels and look-alikes: upstream's util/rand alphabet. */
export function randomSuffix(random: Pick<Random, 'next'>, length: number = suffixLength): string {
  let text = ''
  for (let index = 0; index < length; index++) {
    text += suffixAlphabet[Math.floor(random.next() * suffixAlphabet.length)]
  }
  return text
}

/** A name from `metadata.generateName`: the base cut to 58 characters plus five random ones. */
export function generateName(base: string, random: Random): string {
  return base.slice(0, generatedNameLengthMax - suffixLength) + randomSuffix(random)
}

/** Writes a hash in the suffix alphabet (upstream's SafeEncodeString), as pod-template-hash does. */
export function safeEncode(text: string): string {
  return Array.from(text, char => suffixAlphabet[char.codePointAt(0)! % suffixAlphabet.length]).join('')
}
