/**
 * `bun bench/micro/watch-cache.ts`: what the watch cache costs. Memory of 50,000 objects of 1 KB, a list of 5,000, a
 * write through an empty memory store, the delivery of one event to 1,000 watchers, and 10,000 watchers of one key each.
 */
import type { KubeObject } from '../../src/machinery/meta/object.ts'
import {
  collectionPrefix,
  createWatchCache,
  objectKey,
  type WatchCache,
} from '../../src/server/watchcache/index.ts'
import { silentLogger } from '../../src/std/log.ts'
import { realClock } from '../../src/std/real-ports.ts'
import { openMemoryStore } from '../../src/storage/memory/memory-store.ts'
import type { Store } from '../../src/storage/store.ts'

const pods = { group: '', plural: 'pods' }
const now = () => realClock.monotonicMs()
const encode = (object: KubeObject) => new TextEncoder().encode(JSON.stringify(object))
const decode = (bytes: Uint8Array) => JSON.parse(new TextDecoder().decode(bytes)) as KubeObject
const forever = new AbortController().signal

/** About 1 KB of JSON with the usual proportions of a small pod. */
function pod(namespace: string, name: string, revision = 0): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace,
      uid: `0b3c6f0e-0000-4000-8000-${name.padStart(12, '0').slice(-12)}`,
      creationTimestamp: '2026-01-01T00:00:00Z',
      labels: { app: 'web', 'pod-template-hash': '5d4f8c7b9', revision: String(revision) },
      ownerReferences: [
        {
          apiVersion: 'apps/v1',
          kind: 'ReplicaSet',
          name: 'web-5d4f8c7b9',
          uid: '7f0c6f0e-1',
          controller: true,
        },
      ],
    },
    spec: {
      nodeName: `node-${name.length}`,
      serviceAccountName: 'default',
      restartPolicy: 'Always',
      containers: [
        {
          name: 'web',
          image: 'registry.local/web:1.2.3',
          ports: [{ containerPort: 8080 }],
          resources: { requests: { cpu: '100m', memory: '64Mi' } },
        },
      ],
    },
    status: {
      phase: 'Running',
      podIP: '10.42.0.17',
      conditions: ['Ready', 'Initialized', 'PodScheduled', 'ContainersReady'].map(type => ({
        type,
        status: 'True',
        lastTransitionTime: '2026-01-01T00:00:00Z',
      })),
    },
  } as KubeObject
}

async function openCache(store: Store): Promise<WatchCache> {
  const cache = createWatchCache({ store, decode, clock: realClock, log: silentLogger })
  await cache.ready
  return cache
}

function residentMb(): number {
  Bun.gc(true)
  return process.memoryUsage.rss() / 1e6
}

/** A store that makes its entries as they are read, so that only the cache's memory is counted. */
function generatedStore(count: number): Store {
  const store = openMemoryStore({ clock: realClock, log: silentLogger })
  const names = Array.from({ length: count }, (_, n) => String(n).padStart(6, '0'))
  return {
    ...store,
    revision: () => 0,
    async range(_prefix, { after, limit = count } = {}) {
      const start = after === undefined ? 0 : Number(after.slice(-6)) + 1
      const entries = names.slice(start, start + limit).map(name => ({
        key: objectKey(pods, `ns-${name.slice(0, 3)}`, name),
        value: encode(pod(`ns-${name.slice(0, 3)}`, name)),
        createRevision: 1,
        modRevision: 1,
      }))
      return { entries, revision: 0, more: start + limit < count }
    },
  }
}

async function measureMemory(): Promise<void> {
  const before = residentMb()
  const startMs = now()
  const cache = await openCache(generatedStore(50_000))
  const tookMs = now() - startMs
  const after = residentMb()
  const sizes = cache.list('').items.map(item => item.storedBytes)
  const mean = Math.round(sizes.reduce((sum, size) => sum + size, 0) / sizes.length)
  console.log(
    `50,000 objects of ${mean} bytes of JSON: ${Math.round(after - before)} MB resident, loaded in ${Math.round(tookMs)} ms`,
  )
  measure('list of 5,000 of them', 200, () => cache.list(collectionPrefix(pods), { limit: 5_000 }))
  measure('list of 1,000 in one namespace', 1_000, () => cache.list(collectionPrefix(pods, 'ns-021')))
  measure('get', 200_000, () => cache.get('/registry/core/pods/ns-031/031415'))
  await cache.close()
}

function measure(name: string, times: number, run: () => unknown): void {
  for (let n = 0; n < times / 10; n++) run()
  const startMs = now()
  for (let n = 0; n < times; n++) run()
  console.log(`${name}: ${(((now() - startMs) * 1000) / times).toFixed(2)} µs`)
}

async function measureWrites(name: string, cache: WatchCache, events: number): Promise<void> {
  const writes = Array.from({ length: events }, (_, n) => {
    const object = pod('a', `p${n % 100}`, n)
    return { key: objectKey(pods, 'a', `p${n % 100}`), object, encoded: encode(object) }
  })
  const startMs = now()
  for (const write of writes) await cache.put({ ...write, expected: cache.get(write.key)?.revision ?? 0 })
  console.log(`${name}: ${(((now() - startMs) * 1000) / events).toFixed(1)} µs per write`)
}

async function measureFanOut(): Promise<void> {
  let delivered = 0
  const sink = (batch: readonly unknown[]) => {
    delivered += batch.length
  }
  const fresh = () => openCache(openMemoryStore({ clock: realClock, log: silentLogger }))
  const alone = await fresh()
  await measureWrites('warm-up', alone, 5_000)
  await measureWrites('no watcher', alone, 5_000)
  const many = await fresh()
  for (let n = 0; n < 1_000; n++) void many.watch(collectionPrefix(pods), 0, sink, forever)
  await measureWrites('1,000 watchers of all pods', many, 5_000)
  console.log(`  delivered ${delivered}`)
  const single = await fresh()
  for (let n = 0; n < 10_000; n++) void single.watch(objectKey(pods, 'a', `p${n}`), 0, sink, forever)
  await measureWrites('10,000 watchers of one pod each', single, 5_000)
}

await measureMemory()
await measureFanOut()
