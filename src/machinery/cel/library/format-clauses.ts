/** What the clauses of `'%d'.format([...])` are, as they are read and as they refuse (cel-go ext/formatting.go). */

/** `%%`, or a clause: its precision with the point, and its verb, each where there is one. */
export const percent = /%(?:(%)|(\.\d*)?(.?))/gsu

const shown = 'strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps'
const notHex = 'only integers, byte buffers, and strings can be formatted as hex'

/** Of each verb what is said of a value that it does not take, without that value's type. */
const refusals: Readonly<Record<string, string>> = {
  s: `string clause can only be used on ${shown}`,
  d: 'decimal clause can only be used on integers',
  f: 'fixed-point clause can only be used on doubles',
  e: 'scientific clause can only be used on doubles',
  b: 'only integers and bools can be formatted as binary',
  x: notHex,
  X: notHex,
  o: 'octal clause can only be used on integers',
}

/** What is said of a value of that type behind a verb that does not take it. */
export function refusal(verb: string, typeName: string): string {
  return `error during formatting: ${refusals[verb]}, was given ${typeName}`
}

const intMax = 2n ** 63n - 1n

/** Why a clause cannot be read; undefined: it can. `%` alone is for the caller, who knows which argument it took. */
export function unreadable(precision: string | undefined, verb: string): string | undefined {
  const why = wrongPrecision(precision, verb)
  if (why) return `could not parse formatting clause: error while parsing precision: ${why}`
  if (Object.hasOwn(refusals, verb)) return undefined
  // Go reads a byte here, whatever character it begins.
  const letter = String.fromCharCode(Buffer.from(verb)[0]!)
  return `could not parse formatting clause: unrecognized formatting clause "${letter}"`
}

function wrongPrecision(precision: string | undefined, verb: string): string | undefined {
  if (verb === '') return 'could not find end of precision specifier'
  if (precision === undefined) return undefined
  const digits = precision.slice(1)
  const failed = `error while converting precision to integer: strconv.Atoi: parsing "${digits}"`
  if (digits === '') return `${failed}: invalid syntax`
  return BigInt(digits) > intMax ? `${failed}: value out of range` : undefined
}
