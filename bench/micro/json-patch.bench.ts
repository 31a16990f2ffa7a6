#!/usr/bin/env bun
/**
 * A JSON patch of three operations, bytes in and bytes out: WASM kernel, parse + object patch + stringify, and the
 * same with the npm package fast-json-patch. `object only` is what a server that holds the decoded object pays. Then what
 * the server uses it for: the JSON of an object that was just written, from its stored bytes or anew.
 */
import { applyPatch, type Operation } from 'fast-json-patch'
import { createJsonPatcher } from '../../src/kernels/json-patch-bytes.ts'
import { applyJsonPatch } from '../../src/machinery/patch/json-patch.ts'
import { compare } from './compare.ts'

const operations = [
  { op: 'test', path: '/metadata/name', value: 'web' },
  { op: 'replace', path: '/metadata/labels/app', value: 'patched' },
  { op: 'add', path: '/spec/containers/0/env/-', value: { name: 'A', value: 'b' } },
]
const patcher = createJsonPatcher()

for (const envs of [3, 30, 350, 3_000]) {
  const env = Array.from({ length: envs }, (_, i) => ({ name: `VARIABLE_${i}`, value: `value of ${i}` }))
  const object = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', labels: { app: 'web' } },
    spec: { containers: [{ name: 'main', image: 'web', env }] },
    status: { phase: 'Running' },
  }
  const bytes = Buffer.from(JSON.stringify(object))
  const decode = () => JSON.parse(bytes.toString()) as typeof object
  compare(`patch ${(bytes.length / 1000).toFixed(1)} KB`, {
    kernel: () => patcher.patch(bytes, operations),
    twin: () => Buffer.from(JSON.stringify(applyJsonPatch(decode(), operations))),
    'fast-json-patch': () =>
      Buffer.from(JSON.stringify(applyPatch(decode(), operations as Operation[]).newDocument)),
    'object only': () => applyJsonPatch(object, operations),
  })

  const metadata = { ...object.metadata, resourceVersion: '12345' }
  const revised = [{ op: 'add', path: '/metadata/resourceVersion', value: '12345' }]
  compare(`answer ${(bytes.length / 1000).toFixed(1)} KB`, {
    kernel: () => patcher.patch(bytes, revised),
    twin: () => Buffer.from(JSON.stringify({ ...object, metadata })),
  })
}
