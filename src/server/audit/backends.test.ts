/** Where audit events go: the log, the webhook, and what stands before either. */
import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { simPorts } from '../../std/sim-ports.ts'
import type { AuditEvent } from './event.ts'
import { createAuditLog } from './log-file.ts'
import { truncateEvents } from './truncate.ts'
import { createAuditWebhook } from './webhook-batch.ts'

const event = (id: string) =>
  ({
    auditID: id,
    level: 'Metadata',
    stage: 'ResponseComplete',
    user: {},
    verb: 'get',
  }) as unknown as AuditEvent

const plain = { format: 'json', bytesMax: 1e6, backupsMax: 0, ageMaxDays: 0 } as const
const soon = { bufferMax: 10, batchMax: 1, waitMaxMs: 0 }
const careless = { ...plain, compresses: false, mode: 'blocking', batch: soon } as const
const folders: string[] = []
function logPath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'hutch-audit-'))
  folders.push(folder)
  return join(folder, 'audit.log')
}
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true })
})

describe('the log', () => {
  test('gets one line for each event, is moved away when it is full, and old ones go', async () => {
    const path = logPath()
    const ports = simPorts(1, Date.now())
    const options = { ...careless, path, bytesMax: 400, backupsMax: 2 }
    const backend = createAuditLog(options, ports)
    for (let index = 0; index < 20; index++) {
      backend.sink(event(`e${index}`))
      await ports.clock.advance(10)
    }
    await backend.close()
    expect(readFileSync(path, 'utf8').trimEnd().split('\n').at(-1)).toContain('"auditID":"e19"')
    const backups = readdirSync(dirname(path)).filter(name => name !== 'audit.log')
    expect(backups).toHaveLength(2)
    expect(backups.every(name => /^audit-\d{4}-\d\d-\d\dT[\d.-]+\.log$/.test(name))).toBe(true)
  })

  test('packs what is moved away, and loses nothing of it', async () => {
    const path = logPath()
    const ports = simPorts(1, Date.now())
    const backend = createAuditLog({ ...careless, path, bytesMax: 200, compresses: true }, ports)
    for (let index = 0; index < 10; index++) {
      backend.sink(event(`e${index}`))
      await ports.clock.advance(10)
    }
    await backend.close()
    const files = readdirSync(dirname(path)).sort()
    expect(files.length).toBeGreaterThan(2)
    const texts = files.map(name => {
      const bytes = readFileSync(join(dirname(path), name))
      expect(name === 'audit.log' || name.endsWith('.log.gz')).toBe(true)
      return (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString()
    })
    const ids = texts.join('').match(/e\d+/g)!
    expect(ids.toSorted()).toEqual(Array.from({ length: 10 }, (_, index) => `e${index}`))
  })

  test('says of each event whether it is written, where that matters', async () => {
    const path = logPath()
    const ports = simPorts()
    const strict = createAuditLog({ ...careless, path, mode: 'blocking-strict' }, ports)
    expect(await strict.sink(event('a'))).toBe(true)
    expect(readFileSync(path, 'utf8')).toContain('"auditID":"a"')
    await strict.close()
    expect(await strict.sink(event('b'))).toBe(false)
    expect(ports.metrics.text()).toContain('apiserver_audit_error_total{plugin="log"} 1\n')
  })

  test('gets batches no faster than it may, and all of them in the end', async () => {
    const path = logPath()
    const ports = simPorts()
    const batch = { ...soon, batchMax: 2, throttle: { perSecond: 1, burst: 1 } }
    const backend = createAuditLog({ ...careless, path, mode: 'batch', batch }, ports)
    const written = () => readFileSync(path, 'utf8').match(/"auditID":"e\d+"/g)?.length ?? 0
    for (let index = 0; index < 12; index++) backend.sink(event(`e${index}`))
    await ports.clock.advance(0)
    expect(written()).toBe(2)
    await ports.clock.advance(1000)
    expect(written()).toBe(4)
    await backend.close()
    expect(written()).toBe(10)
    expect(ports.metrics.text()).toContain('apiserver_audit_error_total{plugin="buffered"} 2\n')
  })
})

describe('a large event', () => {
  const large = { ...event('a'), requestObject: { data: 'x'.repeat(500) } } as unknown as AuditEvent
  const pass = (one: AuditEvent, bytesMax: number) => {
    const passed: AuditEvent[] = []
    const ports = simPorts()
    const inner = { sink: (each: AuditEvent) => void passed.push(each), close: async () => {} }
    truncateEvents(inner, bytesMax, ports).sink(one)
    return { passed, metrics: ports.metrics.text() }
  }

  test('goes without its content, and says so', () => {
    expect(pass(large, 10_000).passed).toEqual([large])
    const [less] = pass(large, 300).passed
    expect(less).toMatchObject({ auditID: 'a', annotations: { 'audit.k8s.io/truncated': 'true' } })
    expect(less).not.toHaveProperty('requestObject')
  })

  test('that is too large even then is lost, and counted', () => {
    const { passed, metrics } = pass(large, 50)
    expect(passed).toEqual([])
    expect(metrics).toContain('apiserver_audit_error_total{plugin="truncate"} 1\n')
  })
})

const batched = { mode: 'batch', backoffMs: 10_000 } as const
const patient = { waitMaxMs: 30_000 }

describe('the webhook', () => {
  const list = (body: object) => (body as { items: AuditEvent[] }).items.map(({ auditID }) => auditID)

  test('gets batches in order when they are full or old, and what fails for a while is sent again', async () => {
    const ports = simPorts()
    const sent: string[][] = []
    let failures = 2
    const post = async (body: object) => {
      if (failures-- > 0) throw Object.assign(new Error('busy'), { retriable: true })
      sent.push(list(body))
    }
    const options = { ...batched, post, batch: { ...patient, bufferMax: 5, batchMax: 3 } }
    const backend = createAuditWebhook(options, ports)
    for (const id of ['a', 'b', 'c', 'd']) backend.sink(event(id))
    await ports.clock.advance(9_000)
    expect(sent).toEqual([])
    await ports.clock.advance(60_000)
    expect(sent).toEqual([['a', 'b', 'c'], ['d']])
    backend.sink(event('e'))
    await backend.close()
    expect(sent.at(-1)).toEqual(['e'])
  })

  test('gets no batch with more bytes than it may have, but of one event', async () => {
    const ports = simPorts()
    const sent: string[][] = []
    const post = async (body: object) => void sent.push(list(body))
    const bytesMax = Buffer.byteLength(JSON.stringify(event('a'))) * 2
    const batch = { ...patient, bufferMax: 10, batchMax: 10, bytesMax }
    const backend = createAuditWebhook({ ...batched, post, batch }, ports)
    for (const id of ['a', 'b', 'c'.repeat(500), 'd', 'e', 'f']) backend.sink(event(id))
    await backend.close()
    expect(sent.map(ids => ids.map(id => id[0]))).toEqual([['a', 'b'], ['c'], ['d', 'e'], ['f']])
  })

  test('loses what does not fit and what nobody takes, and counts it', async () => {
    const ports = simPorts()
    const post = async () => {
      throw new Error('no')
    }
    const options = { ...batched, post, batch: { ...patient, bufferMax: 2, batchMax: 10 } }
    const backend = createAuditWebhook(options, ports)
    for (const id of ['a', 'b', 'c']) backend.sink(event(id))
    await backend.close()
    expect(ports.metrics.text()).toContain('apiserver_audit_error_total{plugin="buffered"} 1\n')
    expect(ports.metrics.text()).toContain('apiserver_audit_error_total{plugin="webhook"} 2\n')
  })

  test('is waited for where it blocks, and only a strict one lets the request fail', async () => {
    const answers = async (mode: 'blocking' | 'blocking-strict', fails: boolean) => {
      const sent: string[][] = []
      const post = async (body: object) => {
        if (fails) throw new Error('no')
        sent.push(list(body))
      }
      const options = { ...batched, mode, post, batch: { ...patient, bufferMax: 1, batchMax: 1 } }
      return [await createAuditWebhook(options, simPorts()).sink(event('a')), sent.flat()]
    }
    expect(await answers('blocking', false)).toEqual([true, ['a']])
    expect(await answers('blocking', true)).toEqual([true, []])
    expect(await answers('blocking-strict', true)).toEqual([false, []])
  })
})
