import { expect, test } from 'bun:test'
import type { Event } from '../api/types/core-v1.gen.ts'
import { EventCorrelator, type Verdict } from './event-correlator.ts'
// What client-go 0.35's EventCorrelator makes of events, each so many seconds after the one before it.
import recorded from './testdata/correlated-events.json'

type Said = readonly [afterSeconds: number, object: string, type: string, reason: string, message: string]
/** Count, message, first and last second, which event its name is of, annotations, reporter; null is spam. */
type Told = readonly [number, string, number, number, number, number, string] | null

const startMs = Date.parse('2026-01-01T00:00:00Z')
const at = (second: number) => new Date(startMs + second * 1000).toISOString()
const secondOf = (time?: string) => (Date.parse(time!) - startMs) / 1000

function toEvent([, name, type, reason, message]: Said, index: number, second: number): Event {
  return {
    metadata: { name: `${index}`, namespace: 'default', annotations: { a: 'b' } },
    involvedObject: { kind: 'Pod', namespace: 'default', name, uid: 'u' },
    ...{ type, reason, message, count: 1, firstTimestamp: at(second), lastTimestamp: at(second) },
    ...{ source: { component: 'kubelet', host: 'n' }, reportingComponent: 'kubelet', reportingInstance: 'n' },
  }
}

function toTold(verdict: Verdict): Told {
  if (verdict.verdict === 'spam') return null
  const { metadata, count, message, firstTimestamp, lastTimestamp, reportingComponent } = verdict.event
  expect(verdict.verdict).toBe(count === 1 ? 'create' : 'count')
  const times = [secondOf(firstTimestamp), secondOf(lastTimestamp)] as const
  const annotations = Object.keys(metadata.annotations ?? {}).length
  return [count!, message!, ...times, Number(metadata.name), annotations, reportingComponent ?? '']
}

test('events are counted, folded and dropped as by client-go', () => {
  let [index, second] = [0, 0]
  const correlator = new EventCorrelator(() => `${index}`)
  const rows = recorded as unknown as (readonly [...Said, Told])[]
  const own = rows.map((row, at) => {
    index = at
    second += row[0]
    return toTold(correlator.judge(toEvent(row as unknown as Said, at, second), startMs + second * 1000))
  })
  expect(own).toEqual(rows.map(row => row[5]))
  expect(own.filter(told => told === null).length).toBeGreaterThan(50)
})
