/**
 * Goes before a server that is measured (`bun --preload`): keeps in the file HUTCH_TURNS how often it was told to begin
 * anew, which SIGUSR2 does, and how long the event loop has worked since then at most in one turn: milliseconds of CPU time
 * of its own thread, its part of collecting garbage included.
 */
import { openSync, readSync, writeSync } from 'node:fs'

/** Turns that end within the same one count as one. */
const lookEveryMs = 1
const file = openSync(process.env.HUTCH_TURNS!, 'w')
const stat = openSync(`/proc/self/task/${process.pid}/schedstat`, 'r')
const text = Buffer.alloc(64)

function workedMs(): number {
  const length = readSync(stat, text, 0, text.length, 0)
  const [ns] = text.toString('latin1', 0, length).split(' ')
  return Number(ns) / 1e6
}

let beginnings = 0
let longestMs = 0
let seenMs = 0

function tell(ms: number): void {
  longestMs = ms
  // In the place of what was there: whoever reads meanwhile finds one or the other.
  writeSync(file, `${beginnings} ${ms.toFixed(1)}`.padEnd(text.length), 0)
  seenMs = workedMs()
}

function look(): void {
  const ms = workedMs() - seenMs
  if (ms > longestMs) tell(ms)
  else seenMs += ms
}

// Workers of the program load this too.
if (Bun.isMainThread) {
  tell(0)
  setInterval(look, lookEveryMs).unref()
  process.on('SIGUSR2', () => {
    beginnings++
    tell(0)
  })
}
