/** Named formats that strings can be held to (apiserver pkg/cel/library/format.go). */
import {
  labelValueErrors,
  nameIsDns1035Label,
  nameIsDnsLabel,
  nameIsDnsSubdomain,
  qualifiedNameErrors,
} from '../../meta/names.ts'
import { parseTimestamp } from '../language/time.ts'
import { listOf, optionalOf, stringType, structType } from '../language/type.ts'
import { Optional, type StructValue } from '../language/value.ts'
import { type Functions, global, member } from './declare.ts'
import { urlFault } from './urls.ts'

const formatType = structType('kubernetes.NamedFormat')

type Check = (text: string) => readonly string[]

class Format implements StructValue {
  readonly typeName = 'kubernetes.NamedFormat'
  readonly name: string
  readonly check: Check
  /** Of which cost estimates assume that it takes as long as a pattern. */
  readonly maxRegexSize: number
  constructor(name: string, check: Check, maxRegexSize: number) {
    this.name = name
    this.check = check
    this.maxRegexSize = maxRegexSize
  }
  equals(other: StructValue): boolean {
    return (other as Format).name === this.name
  }
}

const uuid = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$/
const dateOnly = /^\d{4}-\d\d-\d\d$/

const unless = (isRight: (text: string) => boolean, complaint: string): Check => {
  return text => (isRight(text) ? [] : [complaint])
}

function uriErrors(text: string): readonly string[] {
  const fault = urlFault(text)
  return fault === undefined ? [] : [fault]
}

const isDateTime = (text: string) => parseTimestamp(text) !== undefined
const isDate = (text: string) => dateOnly.test(text) && isDateTime(`${text}T00:00:00Z`)

const formats: Readonly<Record<string, Format>> = {
  dns1123Label: new Format('DNS1123Label', text => nameIsDnsLabel(text, false), 30),
  dns1123Subdomain: new Format('DNS1123Subdomain', text => nameIsDnsSubdomain(text, false), 60),
  dns1035Label: new Format('DNS1035Label', text => nameIsDns1035Label(text, false), 30),
  qualifiedName: new Format('QualifiedName', qualifiedNameErrors, 60),
  dns1123LabelPrefix: new Format('DNS1123LabelPrefix', text => nameIsDnsLabel(text, true), 30),
  dns1123SubdomainPrefix: new Format('DNS1123SubdomainPrefix', text => nameIsDnsSubdomain(text, true), 60),
  dns1035LabelPrefix: new Format('DNS1035LabelPrefix', text => nameIsDns1035Label(text, true), 30),
  labelValue: new Format('LabelValue', labelValueErrors, 40),
  uri: new Format('URI', uriErrors, 1273),
  uuid: new Format(
    'uuid',
    unless(text => uuid.test(text), 'does not match the UUID format'),
    77,
  ),
  byte: new Format(
    'byte',
    unless(text => base64.test(text), 'invalid base64'),
    95,
  ),
  date: new Format('date', unless(isDate, 'invalid date'), 147),
  datetime: new Format('datetime', unless(isDateTime, 'invalid datetime'), 147),
}

function validate({ check }: Format, text: string): Optional {
  const errors = check(text)
  return errors.length === 0 ? Optional.none : Optional.of([...errors])
}

function named(name: string): Optional {
  return Object.hasOwn(formats, name) ? Optional.of(formats[name]!) : Optional.none
}

const constants: Functions = Object.fromEntries(
  Object.entries(formats).map(([name, format]) => {
    const full = `format.${name}`
    return [full, [global(full, [], formatType, () => format)]]
  }),
)

export const namedFormats: Functions = {
  ...constants,
  'format.named': [global('format-named', [stringType], optionalOf(formatType), named)],
  validate: [member('format-validate', [formatType, stringType], optionalOf(listOf(stringType)), validate)],
}
