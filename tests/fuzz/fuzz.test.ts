import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectionOf, type HutchProcess, startHutch } from '../../bench/hutch-process.ts'
import { anonymousBytes, attack } from './attack.ts'
import { fuzzRequest } from './requests.ts'
import { startStreamingKubelet } from './streams.ts'

const cases = Number(process.env.FUZZ_CASES ?? 8_000)
const streams = Number(process.env.FUZZ_STREAMS ?? 80)
const seed = Number(process.env.FUZZ_SEED ?? 1)
const anonymousMax = 500 * 2 ** 20

const flags = [
  '--disable-agent',
  '--feature-gates=CBORServingAndStorage=true',
  '--disable=scheduler,dns,proxy',
  '--datastore-endpoint=memory',
]

let directory: string
let hutch: HutchProcess
const start = async () => {
  directory = mkdtempSync(join(tmpdir(), 'hutch-fuzz-'))
  hutch = await startHutch(directory, flags)
}
const stop = async () => {
  await hutch?.stop()
  rmSync(directory, { recursive: true, force: true })
}
beforeAll(start, 120_000)
afterAll(stop, 240_000)

test('a case is made of its seed and number alone', () => {
  for (let number = 0; number < 200; number++)
    expect(fuzzRequest(seed, number)).toEqual(fuzzRequest(seed, number))
})

test('no mutated request gets a 500, no answer or a late one, and memory stays bounded', async () => {
  const findings = await attack({ connection: connectionOf(hutch.kubeconfig), seed, cases })
  expect(findings).toEqual([])
  expect(anonymousBytes(hutch.pid)).toBeLessThan(anonymousMax)
}, 1_800_000)

test('SPDY and WebSocket frames that are nearly right harm neither the server nor the kubelet', async () => {
  // What requests of chance have made, a quota say, may keep its pod out.
  await stop()
  await start()
  const connection = connectionOf(hutch.kubeconfig)
  const kubelet = await startStreamingKubelet(connection, directory)
  try {
    for (let number = 0; number < streams; number++)
      expect([number, await kubelet.tryFrames(seed, number)]).toEqual([number, undefined])
    expect(await kubelet.tryFrames(seed, 0)).toBeUndefined()
    expect(anonymousBytes(kubelet.pid)).toBeLessThan(anonymousMax)
  } finally {
    await kubelet.stop()
  }
}, 600_000)
