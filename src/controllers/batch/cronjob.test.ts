import { expect, test } from 'bun:test'
import type { CronJob } from '../../api/types/batch-v1.gen.ts'
import type { Pod } from '../../api/types/core-v1.gen.ts'
import { mergePatch } from '../../client/client.ts'
import { clusterForEach } from '../each-cluster.testing.ts'
import { cronJobs, jobs } from '../kinds.ts'

import { inTimeZone, lastDue, parseSchedule } from './cron-schedule.ts'

const cluster = clusterForEach()

const start = (spec: Partial<NonNullable<CronJob['spec']>> = {}) =>
  cluster.client.create(cronJobs, {
    metadata: { name: 'tick', namespace: 'shop' },
    spec: {
      schedule: '* * * * *',
      jobTemplate: {
        metadata: { labels: { from: 'tick' } },
        spec: {
          template: {
            spec: { nodeName: 'n1', restartPolicy: 'Never', containers: [{ name: 'c', image: 'v1' }] },
          },
        },
      },
      ...spec,
    },
  })
const cronJob = () => cluster.client.get(cronJobs, 'shop', 'tick')
const made = async () => (await cluster.client.list(jobs, { namespace: 'shop' })).items
const succeed = (pod: Pod) => (pod.status?.phase === 'Pending' ? { phase: 'Succeeded' } : undefined)

test('a job is made each minute, and only the last ones are kept', async () => {
  await start()
  await cluster.settle(62, succeed)
  const [first] = await made()
  const scheduledMs = Date.parse(
    first!.metadata.annotations!['batch.kubernetes.io/cronjob-scheduled-timestamp']!,
  )
  expect(first!.metadata.name).toBe(`tick-${scheduledMs / 60_000}`)
  expect(first!.metadata.labels).toMatchObject({ from: 'tick' })
  expect(first!.metadata.ownerReferences).toMatchObject([{ kind: 'CronJob', name: 'tick', controller: true }])
  await cluster.settle(62, succeed)
  expect((await cronJob()).status?.lastSuccessfulTime).toBeDefined()
  await cluster.settle(250, succeed)
  expect(await made()).toHaveLength(3)
})

test('under Forbid a job that still runs keeps the next one from starting, under Replace it goes', async () => {
  await start({ concurrencyPolicy: 'Forbid' })
  await cluster.settle(150)
  const [only, ...others] = await made()
  expect(others).toEqual([])
  const body = { spec: { concurrencyPolicy: 'Replace' } }
  await cluster.client.patch(cronJobs, 'shop', 'tick', { type: mergePatch, body })
  await cluster.settle(65)
  const now = await made()
  expect(now).toHaveLength(1)
  expect(now[0]!.metadata.name).not.toBe(only!.metadata.name!)
  expect((await cronJob()).status?.active?.map(({ name }) => name)).toEqual([now[0]!.metadata.name])
})

test('under Allow both run', async () => {
  await start()
  await cluster.settle(130)
  expect((await cronJob()).status?.active?.length).toBeGreaterThan(1)
})

test('a suspended one starts nothing', async () => {
  await start({ suspend: true })
  await cluster.settle(130)
  expect(await made()).toEqual([])
})

test('a new schedule holds from its next time on', async () => {
  await start({ schedule: '0 0 1 1 *' })
  await cluster.settle(70)
  expect(await made()).toEqual([])
  const body = { spec: { schedule: '* * * * *' } }
  await cluster.client.patch(cronJobs, 'shop', 'tick', { type: mergePatch, body })
  await cluster.advance(500)
  expect(await made()).toEqual([])
  await cluster.settle(61)
  expect(await made()).toHaveLength(1)
})

const at = (text: string) => Date.parse(text)
const nextOf = (schedule: string, after: string, timeZone?: string) => {
  const ms = parseSchedule(schedule, timeZone).next(at(after))
  return ms === undefined ? undefined : new Date(ms).toISOString()
}

test('schedules are read as upstream reads them', () => {
  const after = '2026-02-10T12:34:56Z'
  const cases: [string, string][] = [
    ['*/15 * * * *', '2026-02-10T12:45:00.000Z'],
    ['5/20 * * * *', '2026-02-10T12:45:00.000Z'],
    ['0 9-17/4 * * mon-fri', '2026-02-10T13:00:00.000Z'],
    ['0 0 13 * FRI', '2026-02-13T00:00:00.000Z'],
    ['0 0 1 * SUN', '2026-02-15T00:00:00.000Z'],
    ['0 0 ? JAN,dec ?', '2026-12-01T00:00:00.000Z'],
    ['@monthly', '2026-03-01T00:00:00.000Z'],
    ['@midnight', '2026-02-11T00:00:00.000Z'],
    ['@every 90s', '2026-02-10T12:36:26.000Z'],
    ['0 0 29 2 *', '2028-02-29T00:00:00.000Z'],
  ]
  expect(cases.map(([schedule]) => [schedule, nextOf(schedule, after)!])).toEqual(cases)
  expect(nextOf('0 8 * * *', after, 'America/New_York')).toBe('2026-02-10T13:00:00.000Z')
  expect(nextOf('0 0 30 2 *', after)).toBeUndefined()
  expect(() => parseSchedule('* * * * *', 'Mars/Olympus').next(0)).toThrow()
})

test('a time is written with the offset of its zone', () => {
  const ms = at('2026-07-01T12:00:00Z')
  expect(inTimeZone(ms, 'Europe/Berlin')).toBe('2026-07-01T14:00:00+02:00')
  expect(inTimeZone(ms)).toBe('2026-07-01T12:00:00Z')
})

test('of many missed times the last is due', () => {
  const hourly = parseSchedule('0 * * * *')
  const from = at('2026-02-10T00:30:00Z')
  const due = (now: string) => {
    const { dueMs, missed } = lastDue(hourly, from, at(now))
    return [dueMs && new Date(dueMs).toISOString(), missed]
  }
  expect(due('2026-02-10T00:59:00Z')).toEqual([undefined, 'none'])
  expect(due('2026-02-10T01:10:00Z')).toEqual(['2026-02-10T01:00:00.000Z', 'none'])
  expect(due('2026-02-10T05:10:00Z')).toEqual(['2026-02-10T05:00:00.000Z', 'few'])
  expect(due('2026-02-20T05:10:00Z')).toEqual(['2026-02-20T05:00:00.000Z', 'many'])
})
