/**
 * JSON whose integers keep every digit. Beyond 2^53 they are bigints in memory, as far as Go's int64 goes; JSON.stringify
 * writes them as numbers again.
 */

interface RawJson {
  rawJSON(text: string): unknown
}

// What is a number in JSON is one when it is written: nobody who prints an object has to know of bigints.
Object.defineProperty(BigInt.prototype, 'toJSON', {
  value(this: bigint) {
    return rawNumber(this.toString())
  },
  configurable: true,
  writable: true,
})

const int64Min = -(2n ** 63n)
const int64Max = 2n ** 63n - 1n
/** A value with so many digits may be beyond 2^53; hashes and addresses within texts are not looked at. */
const longInteger = /[\s:,[]-?[0-9]{16}/

/** `JSON.parse` that gives integers between 2^53 and 2^63 exactly; see `exactInteger`. Throws SyntaxError. */
export function parseExact(text: string): unknown {
  return longInteger.test(text) ? JSON.parse(text, reviveInteger as Parser) : JSON.parse(text)
}

type Parser = (this: unknown, key: string, value: unknown) => unknown

function reviveInteger(_key: string, value: unknown, { source }: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value
  return source !== undefined && /^-?[0-9]+$/.test(source) ? exactInteger(BigInt(source)) : value
}

/** What JSON.stringify writes as exactly this number. */
export function rawNumber(text: string): unknown {
  return (JSON as unknown as RawJson).rawJSON(text)
}

/** A number where that says the same; a bigint within int64; beyond it the nearest number, as in Go. */
export function exactInteger(value: bigint): number | bigint {
  const near = Number(value)
  return Number.isSafeInteger(near) || value < int64Min || value > int64Max ? near : value
}

/** Whether a decoded value is a whole number, of any size that there is. */
export function isInteger(value: unknown): value is number | bigint {
  return typeof value === 'bigint' || Number.isInteger(value)
}

/** Whether a decoded value is a number. */
export function isNumber(value: unknown): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint'
}
