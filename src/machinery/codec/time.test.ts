import { describe, expect, test } from 'bun:test'
import { formatDuration, parseDuration } from './duration.ts'
import { formatMicroTime, formatTime, parseMicroTime, parseTime } from './time.ts'

/** What Go reads and prints again, or its error behind an exclamation mark. */
const times: [text: string, printed: string][] = [
  ['2024', '! parsing time "2024" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "-"'],
  ['', '! parsing time "" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "2006"'],
  ['0000-01-01T00:00:00Z', '0000-01-01T00:00:00Z'],
  ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00Z'],
  ['0050-06-01T00:00:00Z', '0050-06-01T00:00:00Z'],
  ['1969-12-31T23:59:59Z', '1969-12-31T23:59:59Z'],
  ['2023-02-29T10:11:12Z', '! parsing time "2023-02-29T10:11:12Z": day out of range'],
  ['2024-00-01T00:00:00Z', '! parsing time "2024-00-01T00:00:00Z": month out of range'],
  ['2024-01-01', '! parsing time "2024-01-01" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "T"'],
  [
    '2024-01-01 00:00:00Z',
    '! parsing time "2024-01-01 00:00:00Z" as "2006-01-02T15:04:05Z07:00": cannot parse " 00:00:00Z" as "T"',
  ],
  [
    '2024-01-01T00:00:00',
    '! parsing time "2024-01-01T00:00:00" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "Z07:00"',
  ],
  [
    '2024-01-01T00:00:00+01',
    '! parsing time "2024-01-01T00:00:00+01" as "2006-01-02T15:04:05Z07:00": cannot parse "+01" as "Z07:00"',
  ],
  [
    '2024-01-01T00:00:00+25:00',
    '! parsing time "2024-01-01T00:00:00+25:00": time zone offset hour out of range',
  ],
  ['2024-01-01T00:00:00.1234567Z', '2024-01-01T00:00:00Z'],
  ['2024-01-01T00:00:00.123456Z', '2024-01-01T00:00:00Z'],
  [
    '2024-01-01T00:00:00.Z',
    '! parsing time "2024-01-01T00:00:00.Z" as "2006-01-02T15:04:05Z07:00": cannot parse ".Z" as "Z07:00"',
  ],
  ['2024-01-01T00:00:00Zx', '! parsing time "2024-01-01T00:00:00Zx": extra text: "x"'],
  ['2024-01-01T00:00:60Z', '! parsing time "2024-01-01T00:00:60Z": second out of range'],
  ['2024-01-01T00:60:00Z', '! parsing time "2024-01-01T00:60:00Z": minute out of range'],
  ['2024-01-01T24:00:00Z', '! parsing time "2024-01-01T24:00:00Z": hour out of range'],
  ['2024-01-32T00:00:00Z', '! parsing time "2024-01-32T00:00:00Z": day out of range'],
  ['2024-02-29T10:11:12+02:00', '2024-02-29T08:11:12Z'],
  ['2024-02-29T10:11:12,5Z', '2024-02-29T10:11:12Z'],
  ['2024-02-29T10:11:12-02:30', '2024-02-29T12:41:12Z'],
  ['2024-02-29T10:11:12.5Z', '2024-02-29T10:11:12Z'],
  ['2024-02-29T10:11:12Z', '2024-02-29T10:11:12Z'],
  [
    '2024-1-1T00:00:00Z',
    '! parsing time "2024-1-1T00:00:00Z" as "2006-01-02T15:04:05Z07:00": cannot parse "1-1T00:00:00Z" as "01"',
  ],
  ['2024-13-01T00:00:00Z', '! parsing time "2024-13-01T00:00:00Z": month out of range'],
  ['9999-12-31T23:59:59Z', '9999-12-31T23:59:59Z'],
  ['x', '! parsing time "x" as "2006-01-02T15:04:05Z07:00": cannot parse "x" as "2006"'],
  [
    'ä\u007f',
    '! parsing time "\\xc3\\xa4\u007f" as "2006-01-02T15:04:05Z07:00": cannot parse "\\xc3\\xa4\u007f" as "2006"',
  ],
]
const microTimes: [text: string, printed: string][] = [
  ['2024', '! parsing time "2024" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "" as "-"'],
  ['', '! parsing time "" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "" as "2006"'],
  [
    '0000-01-01T00:00:00Z',
    '! parsing time "0000-01-01T00:00:00Z" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "Z" as ".000000"',
  ],
  [
    '0001-01-01T00:00:00Z',
    '! parsing time "0001-01-01T00:00:00Z" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "Z" as ".000000"',
  ],
  [
    '0050-06-01T00:00:00Z',
    '! parsing time "0050-06-01T00:00:00Z" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "Z" as ".000000"',
  ],
  [
    '1969-12-31T23:59:59Z',
    '! parsing time "1969-12-31T23:59:59Z" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "Z" as ".000000"',
  ],
  [
    '2023-02-29T10:11:12Z',
    '! parsing time "2023-02-29T10:11:12Z" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "Z" as ".000000"',
  ],
  ['2024-01-01', '! parsing time "2024-01-01" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "" as "T"'],
  [
    '2024-01-01 00:00:00Z',
    '! parsing time "2024-01-01 00:00:00Z" as "2006-01-02T15:04:05.000000Z07:00": cannot parse " 00:00:00Z" as "T"',
  ],
  [
    '2024-01-01T00:00:00',
    '! parsing time "2024-01-01T00:00:00" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "" as ".000000"',
  ],
  [
    '2024-01-01T00:00:00+01',
    '! parsing time "2024-01-01T00:00:00+01" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "+01" as ".000000"',
  ],
  [
    '2024-01-01T00:00:00+25:00',
    '! parsing time "2024-01-01T00:00:00+25:00" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "+25:00" as ".000000"',
  ],
  [
    '2024-01-01T00:00:00.1234567Z',
    '! parsing time "2024-01-01T00:00:00.1234567Z" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "7Z" as "Z07:00"',
  ],
  ['2024-01-01T00:00:00.123456Z', '2024-01-01T00:00:00.123456Z'],
  [
    '2024-01-01T00:00:00.Z',
    '! parsing time "2024-01-01T00:00:00.Z" as "2006-01-02T15:04:05.000000Z07:00": cannot parse ".Z" as ".000000"',
  ],
  [
    '2024-01-01T00:00:00Zx',
    '! parsing time "2024-01-01T00:00:00Zx" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "Zx" as ".000000"',
  ],
  [
    '2024-01-32T00:00:00Z',
    '! parsing time "2024-01-32T00:00:00Z" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "Z" as ".000000"',
  ],
  [
    '2024-02-29T10:11:12+02:00',
    '! parsing time "2024-02-29T10:11:12+02:00" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "+02:00" as ".000000"',
  ],
  [
    '2024-02-29T10:11:12,5Z',
    '! parsing time "2024-02-29T10:11:12,5Z" as "2006-01-02T15:04:05.000000Z07:00": cannot parse ",5Z" as ".000000"',
  ],
  [
    '2024-02-29T10:11:12-02:30',
    '! parsing time "2024-02-29T10:11:12-02:30" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "-02:30" as ".000000"',
  ],
  [
    '2024-02-29T10:11:12.5Z',
    '! parsing time "2024-02-29T10:11:12.5Z" as "2006-01-02T15:04:05.000000Z07:00": cannot parse ".5Z" as ".000000"',
  ],
  [
    '2024-02-29T10:11:12Z',
    '! parsing time "2024-02-29T10:11:12Z" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "Z" as ".000000"',
  ],
  [
    '2024-1-1T00:00:00Z',
    '! parsing time "2024-1-1T00:00:00Z" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "1-1T00:00:00Z" as "01"',
  ],
  [
    '9999-12-31T23:59:59Z',
    '! parsing time "9999-12-31T23:59:59Z" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "Z" as ".000000"',
  ],
  ['x', '! parsing time "x" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "x" as "2006"'],
]
const durations: [text: string, printed: string][] = [
  ['0', '0s'],
  ['1', '! time: missing unit in duration "1"'],
  ['', '! time: invalid duration ""'],
  ['+2m', '2m0s'],
  ['-', '! time: invalid duration "-"'],
  ['1µ', '! time: unknown unit "\\xc2\\xb5" in duration "1\\xc2\\xb5"'],
  ['1\t"', '! time: unknown unit "\\x09\\"" in duration "1\\x09\\""'],
  ['-0s', '0s'],
  ['-1.5s', '-1.5s'],
  ['.5s', '500ms'],
  ['.s', '! time: invalid duration ".s"'],
  ['0.000000001s', '1ns'],
  ['1 s', '! time: unknown unit " s" in duration "1 s"'],
  ['1.0000000019s', '1.000000001s'],
  ['1.5s', '1.5s'],
  ['1.5us', '1.5µs'],
  ['1.s', '1s'],
  ['100ms', '100ms'],
  ['1d', '! time: unknown unit "d" in duration "1d"'],
  ['1e3s', '! time: unknown unit "e" in duration "1e3s"'],
  ['1h-1m', '! time: unknown unit "h-" in duration "1h-1m"'],
  ['1h1', '! time: missing unit in duration "1h1"'],
  ['1h30m', '1h30m0s'],
  ['1ns', '1ns'],
  ['1s', '1s'],
  ['1µs', '1µs'],
  ['1μs', '1µs'],
  ['2562047h47m16.854775807s', '2562047h47m16.854775807s'],
  ['2562048h', '! time: invalid duration "2562048h"'],
  ['36h', '36h0m0s'],
  ['59m59.999s', '59m59.999s'],
  ['720h', '720h0m0s'],
  ['90m', '1h30m0s'],
  ['99999999999999999999h', '! time: invalid duration "99999999999999999999h"'],
  ['s', '! time: invalid duration "s"'],
]

function outcome(read: () => string): string {
  try {
    return read()
  } catch (error) {
    return `! ${(error as Error).message}`
  }
}

describe('as Go does', () => {
  test.each(times)('Time reads %j', (text, printed) => {
    expect(outcome(() => formatTime(parseTime(text).seconds))).toBe(printed)
  })

  test.each(microTimes)('MicroTime reads %j', (text, printed) => {
    expect(outcome(() => formatMicroTime(parseMicroTime(text)))).toBe(printed)
  })

  test.each(durations)('Duration reads %j', (text, printed) => {
    expect(outcome(() => formatDuration(parseDuration(text)))).toBe(printed)
  })
})

test('the short way of reading a plain time agrees with the long one', () => {
  for (let seconds = -27_000_000_000; seconds < 30_000_000_000; seconds += 86_400 * 97 + 12_345) {
    expect(parseTime(formatTime(seconds)).seconds).toBe(seconds)
  }
})
