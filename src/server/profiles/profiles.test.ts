import { afterAll, beforeAll, expect, test } from 'bun:test'
import { Profile } from 'pprof-format'
import { startTestServer, type TestServer } from '../testing.ts'
import type { CpuProfile } from './pprof.ts'

const frame = (functionName: string) => ({ functionName, url: 'a.ts', lineNumber: 4 })
const profile: CpuProfile = {
  nodes: [
    { id: 1, callFrame: frame('(root)'), children: [2] },
    { id: 2, callFrame: frame('outer'), children: [3] },
    { id: 3, callFrame: frame('inner') },
  ],
  ...{ startTime: 0, endTime: 500, samples: [3, 2, 3], timeDeltas: [100, 200, 150] },
}
let server: TestServer
let base = ''
let isBusy = false
const asked: number[] = []

beforeAll(async () => {
  server = await startTestServer({
    profiler: {
      async cpu(durationMs) {
        asked.push(durationMs)
        return isBusy ? undefined : profile
      },
      heap: async () => ({ Object: 7, Map: 2 }),
      setVerbosity: level => void verbosities.push(level),
    },
  })
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 })
  base = `http://127.0.0.1:${port}/debug/pprof`
}, 120_000)

afterAll(() => server.shutdown(), 120_000)

const verbosities: number[] = []
const get = (path: string) => fetch(`${base}${path}`, { headers: { authorization: 'Bearer admin' } })

async function read(path: string) {
  const bytes = new Uint8Array(await (await get(path)).arrayBuffer())
  const {
    sample,
    location,
    function: functions,
    stringTable,
    sampleType,
  } = Profile.decode(Bun.gunzipSync(bytes))
  const { strings } = stringTable
  const nameOf = (id: unknown) => {
    const { line } = location.find(each => each.id === id)!
    return strings[Number(functions.find(each => each.id === line[0]!.functionId)!.name)]
  }
  return {
    types: sampleType.map(({ type, unit }) => `${strings[Number(type)]}/${strings[Number(unit)]}`),
    samples: sample.map(({ locationId, value }) => [locationId.map(nameOf).join('<'), ...value.map(Number)]),
  }
}

test('a CPU profile tells each stack with its samples and nanoseconds', async () => {
  expect(await read('/profile?seconds=2')).toEqual({
    types: ['samples/count', 'cpu/nanoseconds'],
    samples: [
      ['inner<outer', 2, 250_000],
      ['outer', 1, 200_000],
    ],
  })
  expect(asked).toEqual([2000])
  for (const seconds of ['abc', '-1', '1.5', '']) await get(`/profile?seconds=${seconds}`)
  expect(asked.slice(-4)).toEqual([30_000, 30_000, 30_000, 30_000])
  isBusy = true
  const second = await get('/profile')
  expect([second.status, await second.text()]).toEqual([
    500,
    'Could not enable CPU profiling: cpu profiling already in use\n',
  ])
})

test('the heap is told by type, whatever the method', async () => {
  expect(await read('/heap')).toEqual({
    types: ['inuse_objects/count'],
    samples: [
      ['Object', 7],
      ['Map', 2],
    ],
  })
  const headers = { authorization: 'Bearer admin' }
  const posted = await fetch(`${base}/heap`, { method: 'POST', headers })
  expect([posted.status, posted.headers.get('content-disposition')]).toEqual([
    200,
    'attachment; filename="heap"',
  ])
})

test('what only Go has is refused by name', async () => {
  const answer = await get('/goroutine')
  expect(answer.status).toBe(501)
  expect(await answer.text()).toContain('the profile goroutine is not implemented')
  for (const path of ['/nonsense', '/cmdline']) {
    const unknown = await get(path)
    expect([unknown.status, await unknown.text()]).toEqual([404, 'Unknown profile\n'])
  }
})

test('how much is logged is set by PUT, and by nothing else', async () => {
  const ask = async (method: string, path: string, body?: string) => {
    const url = base.replace('/debug/pprof', path)
    const headers = { authorization: 'Bearer admin' }
    const response = await fetch(url, { method, headers, redirect: 'manual', ...(body && { body }) })
    return `${response.status} ${response.headers.get('content-type')} ${await response.text()}`
  }
  expect(await ask('PUT', '/debug/flags/v', '4')).toBe(
    '200 text/plain successfully set klog.logging.verbosity to 4',
  )
  expect(verbosities).toEqual([4])
  expect(await ask('PUT', '/debug/flags/v', 'x')).toBe(
    '400 text/plain strconv.ParseUint: parsing "x": invalid syntax',
  )
  expect(await ask('GET', '/debug/flags/v')).toBe('406 text/plain unsupported http method')
  expect(await ask('GET', '/debug/flags')).toStartWith('200 text/html; charset=utf-8 <html>\n<head>')
  expect(await ask('GET', '/debug/pprof')).toBe(
    '302 text/html; charset=utf-8 <a href="/debug/pprof/">Found</a>.\n\n',
  )
  expect(verbosities).toEqual([4])
})
