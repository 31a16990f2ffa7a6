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
  const left = [...a]
  const right = [...b]
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

function numberAt(characters: readonly string[], from: number): number {
  let end = from
  while (end < characters.length && digit.test(characters[end]!)) end++
  return Number(characters.slice(from, end).join('') || 0)
}
