#!/usr/bin/env bun
/**
 * What custom resource definitions hold of which there are no objects: memory beyond that of the server without them, right
 * after they were made and after a rest.
 *
 *   bun run bench/definitions.ts [--definitions 1000] [--rest 60]
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { connectionOf, startHutch } from './hutch-process.ts'
import { measureRest, memoryOf } from './process-figures.ts'

const { values } = parseArgs({
  options: {
    definitions: { type: 'string', default: '1000' },
    rest: { type: 'string', default: '60' },
  },
})
const groups = 50
const clients = 4
const settleSeconds = 10

const directory = mkdtempSync(join(tmpdir(), 'hutch-definitions-'))
const hutch = await startHutch(directory, ['--disable-agent'])
try {
  await Bun.sleep(settleSeconds * 1000)
  const before = memoryOf([hutch.pid])
  const tell = (what: string, { residentMb, anonymousMb } = memoryOf([hutch.pid])) =>
    console.log(
      `${what.padEnd(24)} +${(residentMb - before.residentMb).toFixed(0)} MB resident, +${(anonymousMb - before.anonymousMb).toFixed(0)} MB anonymous`,
    )
  const startMs = performance.now()
  await fill(Number(values.definitions))
  tell(`${values.definitions} in ${((performance.now() - startMs) / 1000).toFixed(0)} s`)
  const rest = Number(values.rest)
  tell(`after ${rest} s of rest`, await measureRest([hutch.pid], 0, rest))
} finally {
  await hutch.stop()
  rmSync(directory, { recursive: true, force: true })
}

async function fill(count: number): Promise<void> {
  const { server, tls } = connectionOf(hutch.kubeconfig)
  let next = 0
  const client = async () => {
    while (next < count) {
      const response = await fetch(`${server}/apis/apiextensions.k8s.io/v1/customresourcedefinitions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(definition(next++)),
        tls,
      } as RequestInit)
      if (!response.ok) throw new Error(await response.text())
      await response.arrayBuffer()
    }
  }
  await Promise.all(Array.from({ length: clients }, client))
}

/** Twenty fields and conditions, as many operators have. */
function definition(index: number): object {
  const group = `group${index % groups}.example.com`
  const fields = Array.from({ length: 20 }, (_, field) => {
    const description = `what field ${field} of kind ${index} is about, in a sentence of the usual length`
    return [
      `field${field}`,
      { type: field % 3 === 0 ? 'integer' : 'string', ...(field % 5 === 0 && { description }) },
    ]
  })
  const condition = { type: 'object', properties: { type: { type: 'string' }, status: { type: 'string' } } }
  const properties = {
    spec: { type: 'object', properties: Object.fromEntries(fields) },
    status: { type: 'object', properties: { conditions: { type: 'array', items: condition } } },
  }
  const version = {
    ...{ name: 'v1', served: true, storage: true, subresources: { status: {} } },
    schema: { openAPIV3Schema: { type: 'object', properties } },
  }
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `things${index}.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural: `things${index}`, kind: `Thing${index}` },
      versions: [version],
    },
  }
}
