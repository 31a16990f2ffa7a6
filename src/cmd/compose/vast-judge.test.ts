import { afterAll, expect, test } from 'bun:test'
import { createFeatures } from '../../api/features/features.ts'
import { startTestServer } from '../../server/testing.ts'
import { realClock, realPorts } from '../../std/real-ports.ts'
import { createVastJudge } from './vast-judge.ts'

const elsewhere = createVastJudge(realClock, createFeatures())
let asked = 0
const vastJudge: typeof elsewhere = {
  faults(question) {
    asked++
    return elsewhere.faults(question)
  },
}
const servers = await Promise.all([
  startTestServer({ ports: realPorts(), vastJudge }),
  startTestServer({ ports: realPorts() }),
])
afterAll(() => Promise.all(servers.map(server => server.shutdown())), 60_000)
const urls = await Promise.all(
  servers.map(async server => {
    const { port } = await server.listen({ port: 0, host: '127.0.0.1' })
    return `http://127.0.0.1:${port}/api/v1/namespaces/default/pods`
  }),
)

const container = (at: number) => ({
  name: `c${at}`,
  image: 'i',
  ports: [{ containerPort: at === 20_500 ? -1 : 1 }],
})
const pod = (count: number) => ({
  metadata: { name: 'vast' },
  spec: { containers: Array.from({ length: count }, (_, at) => container(at)) },
})

/** What both servers answer, the one that asks elsewhere first. */
async function answers(
  method: string,
  path: string,
  body: object,
  type = 'application/json',
): Promise<string[]> {
  const headers = { 'content-type': type, authorization: 'Bearer admin' }
  const text = JSON.stringify(body)
  return Promise.all(
    urls.map(async url => {
      const answer = await fetch(`${url}${path}`, { method, headers, body: text })
      return `${answer.status} ${((await answer.json()) as { message?: string }).message}`
    }),
  )
}

test('what is wrong with an object of many items is found elsewhere, and is the same', async () => {
  expect(await answers('POST', '', pod(2))).toEqual(['201 undefined', '201 undefined'])
  expect(asked).toBe(0)
  const [told, usual] = await answers('POST', '', pod(21_000))
  expect(told).toBe(usual!)
  expect(told).toContain(
    '422 Pod "vast" is invalid: spec.containers[20500].ports[0].containerPort: Invalid value: -1',
  )
  expect(asked).toBe(1)
  for (const [type, query] of [
    ['application/merge-patch+json', ''],
    ['application/apply-patch+yaml', '?fieldManager=a&force=true'],
  ] as const) {
    const body = { apiVersion: 'v1', kind: 'Pod', ...pod(21_000) }
    const [patched] = await answers('PATCH', `/vast${query}`, body, type)
    expect(patched).toContain('422 Pod "vast" is invalid: spec.containers[20500].ports[0].containerPort')
  }
  expect(asked).toBe(3)
}, 120_000)
