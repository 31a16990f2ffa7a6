import { stringify, type Tags } from 'yaml'

/** An object as YAML in the layout of upstream's printer: keys in natural order, lists not indented, no wrapping. */
export function yamlText(object: object): string {
  return stringify(object, {
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

const digit = /\p{Nd}/u
const letter = /\p{L}/u

/** go-yaml's order of keys: letters after other characters, numbers within a key by their value. */
function compareKeys(a: string, b: string): number {
  const at = firstDifference(a, b)
  if (at === a.length || at === b.length) return a.length - b.length
  const [l, r] = [a.codePointAt(at)!, b.codePointAt(at)!]
  const [isLetterL, isLetterR] = [isLetter(l), isLetter(r)]
  if (isLetterL && isLetterR) return l - r
  const afterDigit = at > 0 && isDigit(a.codePointAt(startOf(a, at - 1))!)
  if (isLetterL || isLetterR) return isLetterL === afterDigit ? -1 : 1
  return numberAt(a, at) - numberAt(b, at) || l - r
}

/** Where the first characters begin that are not the same; a long list asks that a hundred times for each item. */
function firstDifference(a: string, b: string): number {
  const end = Math.min(a.length, b.length)
  let at = 0
  while (at < end && a.charCodeAt(at) === b.charCodeAt(at)) at++
  return Math.min(startOf(a, at), startOf(b, at))
}

/** Of a character in two units both belong to it. */
function startOf(text: string, at: number): number {
  const isSecond = at > 0 && (text.charCodeAt(at) & 0xfc00) === 0xdc00
  return isSecond && (text.charCodeAt(at - 1) & 0xfc00) === 0xd800 ? at - 1 : at
}

function isLetter(character: number): boolean {
  if (character > 0x7f) return letter.test(String.fromCodePoint(character))
  const lower = character | 0x20
  return lower >= 0x61 && lower <= 0x7a
}

function isDigit(character: number): boolean {
  if (character > 0x7f) return digit.test(String.fromCodePoint(character))
  return character >= 0x30 && character <= 0x39
}

function numberAt(text: string, from: number): number {
  let end = from
  while (end < text.length && isDigit(text.codePointAt(end)!)) end += text.codePointAt(end)! > 0xffff ? 2 : 1
  return Number(text.slice(from, end) || 0)
}
