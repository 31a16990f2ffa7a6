import { afterAll, expect, test } from 'bun:test'
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type LogOptions, readLog } from './reader.ts'

const directory = mkdtempSync(join(tmpdir(), 'hutch-logs-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const line = (text: string) => `2026-01-01T00:00:00.000000000Z stdout F ${text}\n`
const all: LogOptions = {
  ...{ follow: false, timestamps: false, sinceMs: undefined, tailLines: undefined },
  ...{ limitBytes: undefined, stream: undefined },
}

async function read(file: string, options: Partial<LogOptions>, meanwhile = () => {}): Promise<string> {
  const live = async () => {
    meanwhile()
    return false
  }
  let text = ''
  const source = { file, live, signal: new AbortController().signal }
  for await (const piece of readLog(source, { ...all, ...options })) {
    text += piece
    meanwhile()
  }
  return text
}

test('the last lines are as many as were asked for, whatever is written while they are read', async () => {
  const file = join(directory, 'growing')
  writeFileSync(file, ['one', 'two', 'three'].map(line).join(''))
  let grown = 0
  const grow = () => {
    if (grown++ < 3) appendFileSync(file, line('later'))
  }
  expect(await read(file, { tailLines: 2 }, grow)).toBe('two\nthree\n')
  expect(await read(file, { tailLines: 0 })).toBe('')
  grown = 0
  // The last line and what came before the end was seen; whether the rest is seen depends on when the disk answers.
  expect(await read(file, { tailLines: 1, follow: true }, grow)).toMatch(/^(later\n){2,4}$/)
})
