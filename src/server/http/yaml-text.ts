import { stringify, type Tags } from 'yaml'

type Json = { readonly [key: string]: unknown }

/** An object as YAML in the layout of upstream's printer: keys in natural order, lists not indented, no wrapping. */
export function yamlText(object: object): string {
  const out: string[] = []
  if (isEmpty(object)) return libraryText(object)
  try {
    writeCollection(out, object, '', '')
  } catch (error) {
    if (error instanceof Unusual) return libraryText(object)
    throw error
  }
  return out.join('')
}

/** How something is printed depends on where it stands. */
class Unusual extends Error {}

/** The same as the library makes it, which takes far longer: for what is not plain at the first look. */
export function libraryText(value: unknown): string {
  return stringify(value, {
    aliasDuplicateObjects: false,
    indentSeq: false,
    lineWidth: 0,
    sortMapEntries: (a, b) => compareKeys(String((a.key as Key).value), String((b.key as Key).value)),
    version: '1.1',
    customTags: tags => tags.map(withoutDot),
  })
}

/** YAML 1.1 as the library has it takes a lone dot for a number and would quote it. */
function withoutDot(tag: Tags[number]): Tags[number] {
  if (typeof tag === 'string' || !('test' in tag) || !tag.test?.test('.')) return tag
  return { ...tag, test: /^[-+]?(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)$/ } as Tags[number]
}

interface Key {
  readonly value: unknown
}

/** Lines of a map or list that is not empty. `lead` stands before the first instead of `indent`. */
function writeCollection(out: string[], value: object, indent: string, lead: string): void {
  if (Array.isArray(value)) writeList(out, value, indent, lead)
  else writeMap(out, value as Json, indent, lead)
}

function writeList(out: string[], list: readonly unknown[], indent: string, lead: string): void {
  let before = lead
  for (const item of list) {
    if (isCollection(item)) {
      out.push(before)
      writeCollection(out, item, `${indent}  `, '- ')
    } else out.push(before, '-', scalarText(item, indent))
    before = indent
  }
}

function writeMap(out: string[], map: Json, indent: string, lead: string): void {
  let before = lead
  for (const key of Object.keys(map).sort(compareKeys)) {
    const value = map[key]
    if (value === undefined) continue
    const name = keyText(key)
    if (name === undefined) out.push(before, pairText(key, value, indent))
    else if (isCollection(value)) {
      out.push(before, name, ':\n')
      const below = Array.isArray(value) ? indent : `${indent}  `
      writeCollection(out, value, below, below)
    } else out.push(before, name, ':', scalarText(value, indent))
    before = indent
  }
}

/** Lists and maps that have something in them. */
function isCollection(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !isEmpty(value)
}

function isEmpty(value: object): boolean {
  if (Array.isArray(value)) return value.length === 0
  for (const key in value) if ((value as Json)[key] !== undefined) return false
  return true
}

/** Texts that no reader takes for anything else. They begin with a letter, as no number and no time does. */
const plain = /^[A-Za-z_/](?:(?:[\w ./@+=,()'"<>*&;-]|:(?! ))*[\w./)])?$/
const plainKey = /^[A-Za-z_/](?:[\w./:-]*[\w./])?$/
/** What YAML 1.1 takes for truth values, nothing, and numbers without digits before them. */
const words = /^(?:y|n|yes|no|true|false|on|off|null|e[-+]?\d+)$/i
const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/
const digits = /^(?:0|[1-9][0-9]{0,18})$/
/** What begins or ends a document where it stands at the start of a line. */
const marker = /^(?:%|---|\.\.\.)/m
const plainLengthMax = 1_000

/** What follows the colon or dash of a value that has nothing below it, with the end of its line. */
function scalarText(value: unknown, indent: string): string {
  if (value === null || value === undefined) return ' null\n'
  if (typeof value === 'boolean' || Number.isSafeInteger(value))
    return ` ${Object.is(value, -0) ? '-0' : value}\n`
  if (typeof value === 'string') {
    if (plain.test(value) && !words.test(value)) return ` ${value}\n`
    if (time.test(value) || digits.test(value)) return ` "${value}"\n`
  }
  return pairText('a', value, indent).slice('a:'.length)
}

/** Undefined for a key that takes more than a line of its own, or is hard to tell. */
function keyText(key: string): string | undefined {
  if (key.length > plainLengthMax) return undefined
  if (plainKey.test(key) && !words.test(key)) return key
  if (marker.test(key)) throw new Unusual()
  const [line, more] = libraryText({ a: { [key]: 0 } })
    .slice('a:\n  '.length)
    .split('\n')
  return more === '' && line?.endsWith(': 0') ? line.slice(0, -': 0'.length) : undefined
}

/** A pair as the library has it, below `indent`. */
function pairText(key: string, value: unknown, indent: string): string {
  const [first = '', ...rest] = libraryText({ a: { [key]: value } })
    .slice('a:\n  '.length)
    .split('\n')
  return [first, ...rest.map(line => line.replace(/^ {2}/, indent))].join('\n')
}

const digit = /\p{Nd}/u
const letter = /\p{L}/u
// biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII
const ascii = /^[\x00-\x7f]*$/

/** What is compared one by one. */
type Characters = string | readonly string[]

/** go-yaml's order of keys: letters after other characters, numbers within a key by their value. */
function compareKeys(a: string, b: string): number {
  const left: Characters = ascii.test(a) ? a : [...a]
  const right: Characters = ascii.test(b) ? b : [...b]
  const shared = Math.min(left.length, right.length)
  let at = 0
  while (at < shared && left[at] === right[at]) at++
  if (at === shared) return left.length - right.length
  const [l, r] = [left[at]!, right[at]!]
  const [isLetterL, isLetterR] = [letter.test(l), letter.test(r)]
  if (isLetterL && isLetterR) return l < r ? -1 : 1
  const afterDigit = at > 0 && digit.test(left[at - 1]!)
  if (isLetterL || isLetterR) return isLetterL === afterDigit ? -1 : 1
  return numberAt(left, at) - numberAt(right, at) || (l < r ? -1 : 1)
}

function numberAt(characters: Characters, from: number): number {
  let text = ''
  for (let at = from; at < characters.length && digit.test(characters[at]!); at++) text += characters[at]
  return Number(text || 0)
}
