/** CSV (RFC 4180) as Go's encoding/csv reads it, with its errors: columns are counted in bytes, from 1. */

interface Place {
  /** Where the record begins. */
  readonly first: number
  line: number
  column: number
}

const bareQuote = 'bare " in non-quoted field'
const strayQuote = 'extraneous or missing " in quoted-field'

/** All records; empty lines are none. Throws `Error` where a quote is not as it should be. */
export function csvRecords(text: string): string[][] {
  const lines = text.replaceAll('\r\n', '\n').split(/(?<=\n)/)
  const records: string[][] = []
  for (let index = 0; index < lines.length; ) {
    if (lines[index] === '\n' || lines[index] === '') {
      index++
      continue
    }
    const { record, next } = readRecord(lines, index)
    records.push(record)
    index = next
  }
  return records
}

function readRecord(lines: readonly string[], start: number): { record: string[]; next: number } {
  const record: string[] = []
  const at: Place = { first: start + 1, line: start + 1, column: 1 }
  let rest = lines[start]!
  for (;;) {
    const field = rest.startsWith('"') ? quotedField(lines, rest, at) : plainField(rest, at)
    record.push(field.value)
    if (field.rest === undefined) return { record, next: at.line }
    rest = field.rest
  }
}

interface Field {
  readonly value: string
  /** What follows its comma; undefined at the end of the record. */
  readonly rest: string | undefined
}

function plainField(line: string, at: Place): Field {
  const comma = line.indexOf(',')
  const value = comma < 0 ? line.replace(/\n$/, '') : line.slice(0, comma)
  const quote = value.indexOf('"')
  if (quote >= 0) throw fault(at, at.column + Buffer.byteLength(value.slice(0, quote)), bareQuote)
  if (comma < 0) return { value, rest: undefined }
  at.column += Buffer.byteLength(value) + 1
  return { value, rest: line.slice(comma + 1) }
}

function quotedField(lines: readonly string[], line: string, at: Place): Field {
  let value = ''
  let rest = line.slice(1)
  at.column++
  for (;;) {
    const quote = rest.indexOf('"')
    if (quote < 0) {
      value += rest
      at.column += Buffer.byteLength(rest)
      const next = lines[at.line]
      if (!next) throw fault(at, at.column, strayQuote)
      at.line++
      at.column = 1
      rest = next
      continue
    }
    value += rest.slice(0, quote)
    at.column += Buffer.byteLength(rest.slice(0, quote)) + 1
    rest = rest.slice(quote + 1)
    if (rest === '' || rest === '\n') return { value, rest: undefined }
    const [sign] = rest
    if (sign !== '"' && sign !== ',') throw fault(at, at.column - 1, strayQuote)
    at.column++
    rest = rest.slice(1)
    if (sign === ',') return { value, rest }
    value += '"'
  }
}

function fault({ first, line }: Place, column: number, what: string): Error {
  const where = `parse error on line ${line}, column ${column}: ${what}`
  return new Error(first === line ? where : `record on line ${first}; ${where}`)
}
