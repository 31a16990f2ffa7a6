import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { componentEmbed, componentNew, parse } from '@bytecodealliance/jco'
import type { AdmissionComponents } from '../../server/admission/index.ts'
import { realClock } from '../../std/real-ports.ts'
import { UserError } from '../user-error.ts'
import { openAdmissionComponents } from './admission-components.ts'

const root = join(import.meta.dir, '../../..')
const directory = mkdtempSync(join(tmpdir(), 'hutch-components-'))
const stop = new AbortController()
let components: AdmissionComponents

const configuration = (files: readonly string[]) => `
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: all}
webhooks:
${files
  .map(
    file => `
- name: ${file}.hutch.local
  clientConfig: {url: "component:${file}.wasm"}
  admissionReviewVersions: [v1]
  sideEffects: None
  rules: [{operations: ['*'], apiGroups: ['*'], apiVersions: ['*'], resources: ['*']}]`,
  )
  .join('')}
`

/** A component that answers with what it was asked, after `body` has run. */
async function component(body: string): Promise<Uint8Array> {
  const core = await parse(`(module
    (memory (export "memory") 1)
    (global $next (mut i32) (i32.const 1024))
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
      (local $at i32)
      (local.set $at (global.get $next))
      (global.set $next (i32.add (global.get $next) (local.get 3)))
      (local.get $at))
    (func (export "review") (param i32 i32) (result i32)
      ${body}
      (i32.store (i32.const 0) (local.get 0))
      (i32.store (i32.const 4) (local.get 1))
      (i32.const 0)))`)
  const witPath = join(root, 'wasm/wit/admission-plugin.wit')
  const witSource = await Bun.file(witPath).text()
  const embedded = await componentEmbed({
    binary: core,
    witSource,
    world: 'admission-plugin',
    stringEncoding: 'utf8',
  })
  return componentNew(embedded)
}

const bodies = {
  echo: '',
  endless: '(loop $again (br $again))',
  trap: '(unreachable)',
  /** Wants 6,400 MiB; answers only when it gets them. */
  greedy: '(if (i32.lt_s (memory.grow (i32.const 60000)) (i32.const 0)) (then (unreachable)))',
}

beforeAll(async () => {
  for (const [name, body] of Object.entries(bodies))
    writeFileSync(join(directory, `${name}.wasm`), await component(body))
  copyFileSync(join(root, 'wasm/components/no-latest.wasm'), join(directory, 'no-latest.wasm'))
  writeFileSync(join(directory, 'all.yaml'), configuration([...Object.keys(bodies), 'no-latest']))
  components = await openAdmissionComponents(directory, realClock, stop.signal)
}, 120_000)

afterAll(() => {
  stop.abort()
  rmSync(directory, { recursive: true })
}, 120_000)

const ask = (name: string, body: object = {}, timeoutMs = 60_000) =>
  components.call({ url: `component:${name}.wasm` }, { body, timeoutMs })

describe('a component from a file', () => {
  test('judges requests as a webhook does', async () => {
    const review = (image: string) => ({
      kind: 'AdmissionReview',
      apiVersion: 'admission.k8s.io/v1',
      request: { uid: 'u-1', object: { spec: { containers: [{ name: 'c', image }] } } },
    })
    expect(await ask('no-latest', review('web:1'))).toEqual({
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      response: { uid: 'u-1', allowed: true },
    })
    expect(await ask('no-latest', review('web:latest'))).toMatchObject({
      response: { allowed: false, status: { code: 403, message: 'image web:latest has the tag latest' } },
    })
  }, 120_000)

  test('answers many requests one after the other', async () => {
    const asked = Array.from({ length: 20 }, (_, i) => ({ i }))
    expect(await Promise.all(asked.map(body => ask('echo', body)))).toEqual(asked)
  }, 120_000)

  test('that never answers is given up in time, and holds up nobody else', async () => {
    const given = ask('endless', {}, 200)
    expect(await ask('echo', { a: 1 })).toEqual({ a: 1 })
    await expect(given).rejects.toThrow('component endless.wasm did not answer within 0.2s')
  }, 120_000)

  test('that fails is told to have failed, and is started anew', async () => {
    await expect(ask('trap')).rejects.toThrow('component trap.wasm failed: ')
    await expect(ask('trap')).rejects.toThrow('component trap.wasm failed: ')
  }, 120_000)

  test('gets no more memory than it may', async () => {
    await expect(ask('greedy')).rejects.toThrow('component greedy.wasm failed: ')
  }, 120_000)
})

test('what cannot be loaded is refused by name', async () => {
  const other = mkdtempSync(join(tmpdir(), 'hutch-components-'))
  const open = () => openAdmissionComponents(other, realClock, stop.signal)
  try {
    writeFileSync(join(other, 'all.yaml'), configuration(['none']))
    await expect(open()).rejects.toThrow(join(other, 'none.wasm'))
    copyFileSync(join(root, 'wasm/components/most-allocated.wasm'), join(other, 'none.wasm'))
    await expect(open()).rejects.toThrow('it exports no function "review"')
    writeFileSync(join(other, 'all.yaml'), 'kind: Pod')
    await expect(open()).rejects.toBeInstanceOf(UserError)
  } finally {
    rmSync(other, { recursive: true })
  }
}, 120_000)
