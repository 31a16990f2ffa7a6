import { describe, expect, test } from 'bun:test'
import { createHash } from 'node:crypto'
import type { ContainerStatus, Pod } from '../../../api/types/core-v1.gen.ts'
import { toTimestamp } from '../../../client/timestamp.ts'
import { labelSelectorFrom } from '../../../machinery/selector/index.ts'
import { Aggregate, type CheckpointStatus } from './aggregate.ts'
import { verticalDefinitions } from './definitions.ts'
import { estimateAll } from './estimate.ts'
import { evictedForMemory, outOfMemory } from './oom.ts'
import { recommendationsFrom } from './status.ts'
// Answered by upstream's own packages (its release 1.8.1) to the same samples.
import answers from './upstream-recommendations.json' with { type: 'json' }
import { type Sample, UsageModel } from './usage-model.ts'

const minuteMs = 60_000
const startMs = Date.parse('2026-01-05T00:00:00Z')

type Given = Sample & { readonly isOom?: true }

/** The generator that the samples for upstream were made with. */
function randomNumbers(): () => number {
  let state = 12345
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state >>> 8
  }
}

function sample(container: string, milliCores: number, bytes: number, atMs: number, pod = 'a'): Given {
  return { podKey: `shop/${pod}`, container, milliCores, bytes, atMs }
}

function given(): Readonly<Record<string, readonly Given[]>> {
  const random = randomNumbers()
  const times = <T>(count: number, make: (index: number) => T) =>
    Array.from({ length: count }, (_, i) => make(i))
  const at = (minutes: number) => startMs + minutes * minuteMs
  const steady = times(30, i => sample('c', 100 + i, 300_000_000 + i * 1_000_000, at(i)))
  const spiky = times(200, i =>
    sample(
      ['web', 'sidecar'][i % 2]!,
      random() % 4000,
      (random() % 2000) * 1_000_003,
      at((i + 1) * 7),
      `p${i % 3}`,
    ),
  )
  const weeks = times(150, i =>
    sample('c', random() % 900, (random() % 500) * 1_500_007 + 20_000_000, at(i * 131)),
  )
  const oom = times(10, i => {
    const usual = sample('c', 40, 250_000_000, at(i))
    const killed = { ...sample('c', 0, 400_000_000, at(i) + 20_000), isOom: true as const }
    return i === 4 || i === 7 ? [usual, killed] : [usual]
  }).flat()
  const extremes = times(5, i => [
    sample('c', 0, 1, at(i)),
    sample('d', 2, 5_000_000, at(i)),
    sample('e', 900_000, 3_000_000_000_000, at(i)),
  ]).flat()
  return {
    'half an hour of steady use': steady,
    'two containers of three pods at random': spiky,
    'two weeks': weeks,
    'out of memory twice': oom,
    'a single sample': steady.slice(0, 1),
    'least and most': extremes,
  }
}

function podsOf(samples: readonly Given[]): Pod[] {
  return [...Map.groupBy(samples, ({ podKey }) => podKey)].map(([key, own]) => ({
    metadata: { namespace: 'shop', name: key.slice('shop/'.length), labels: { app: 'a' } },
    spec: { containers: [...new Set(own.map(({ container }) => container))].map(name => ({ name })) },
    status: { phase: 'Running' },
  }))
}

function learn(samples: readonly Given[]): ReadonlyMap<string, Aggregate> {
  const usage = new UsageModel()
  usage.setPods(podsOf(samples), startMs)
  for (const each of samples) {
    if (each.isOom) usage.addOom(each)
    else usage.add(each)
  }
  return usage.byContainer('shop', labelSelectorFrom({ matchLabels: { app: 'a' } }), startMs)
}

const saved = (aggregate: Aggregate) => {
  const { lastUpdateTime: _, ...rest } = aggregate.save(startMs)
  return rest
}

/** Sums of floats differ with the order of what is added. */
function rounded(checkpoint: Omit<CheckpointStatus, 'lastUpdateTime'>): unknown {
  return JSON.parse(JSON.stringify(checkpoint), (key, value: unknown) =>
    key === 'totalWeight' ? Number((value as number).toPrecision(12)) : value,
  )
}

describe('as upstream’s recommender', () => {
  const samples = given()
  test.each(answers.map(each => [each.name, each] as const))('%s', (name, want) => {
    const known = learn(samples[name]!)
    expect(recommendationsFrom(estimateAll(known), () => undefined) as unknown).toEqual(want.recommendations)
    const checkpoints = Object.fromEntries([...known].map(([key, each]) => [key, rounded(saved(each))]))
    const wanted = Object.entries(want.checkpoints).map(([key, each]) => [
      key,
      rounded(each as unknown as CheckpointStatus),
    ])
    expect(checkpoints).toEqual(Object.fromEntries(wanted))
  })

  test('what a checkpoint keeps recommends the same', () => {
    const known = learn(samples['two weeks']!)
    const loaded = new Map(
      [...known].map(([key, each]) => [key, Aggregate.load(each.save(startMs), startMs)]),
    )
    expect(estimateAll(loaded)).toEqual(estimateAll(known))
  })

  test('a checkpoint of another form is refused', () => {
    const status = { ...new Aggregate(startMs).save(startMs), version: 'v2' }
    expect(() => Aggregate.load(status, startMs)).toThrow('unsupported checkpoint version v2')
  })
})

describe('who ran out of memory', () => {
  const containerStatus = (restartCount: number, rest: Partial<ContainerStatus>): ContainerStatus => ({
    ...{ name: 'c', image: 'x', imageID: '', ready: true, restartCount },
    ...rest,
  })
  const pod = (memory: string, status: ContainerStatus): Pod => ({
    metadata: { namespace: 'shop', name: 'p' },
    spec: { containers: [{ name: 'c', resources: { requests: { memory } } }] },
    status: { containerStatuses: [status] },
  })
  const running = { running: {} }
  const killed = { terminated: { exitCode: 137, reason: 'OOMKilled', finishedAt: toTimestamp(startMs) } }
  const found = (bytes: number) => [{ podKey: 'shop/p', container: 'c', bytes, atMs: startMs }]

  test('who dies of it, by what it asks for now', () => {
    const now = pod('2Ki', containerStatus(0, { state: killed }))
    expect(outOfMemory(now, pod('1Ki', containerStatus(0, { state: running })))).toEqual(found(2048))
    expect(outOfMemory(now, now)).toEqual([])
  })

  test('who runs again, by what it had asked for', () => {
    const now = pod('2Ki', containerStatus(1, { state: running, lastState: killed }))
    expect(outOfMemory(now, pod('1Ki', containerStatus(0, { state: running })))).toEqual(found(1024))
    const waiting = pod('1Ki', containerStatus(0, { state: { waiting: {} } }))
    expect(outOfMemory(now, waiting)).toEqual([])
  })

  test('whose pod was evicted for it', () => {
    const annotations = {
      ...{ offending_containers: 'c,d', offending_containers_usage: '3Ki,5' },
      starved_resource: 'memory,ephemeral-storage',
    }
    const involvedObject = { kind: 'Pod', namespace: 'shop', name: 'p' }
    const metadata = { name: 'e', annotations, creationTimestamp: toTimestamp(startMs) }
    expect(evictedForMemory({ metadata, involvedObject, reason: 'Evicted' })).toEqual(found(3072))
    expect(evictedForMemory({ metadata, involvedObject, reason: 'Killing' })).toEqual([])
  })
})

// Of upstream's published definitions with sorted keys, without prose, versions that are not served and the generator's name.
test.each([
  ['verticalpodautoscalercheckpoints', 'dccd17aa718121a88281660958fa6c025b46c571dd457c943916c71761c0febf'],
  ['verticalpodautoscalers', 'a4c304371e17282a576f477c7699c075ef2267769237890e86e410b5720893fe'],
])('the definition of %s is upstream’s', (plural, digest) => {
  const definition = verticalDefinitions.find(({ spec }) => spec.names.plural === plural)
  const text = JSON.stringify(sorted(definition))
  expect(createHash('sha256').update(text).digest('hex')).toBe(digest)
})

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (value === null || typeof value !== 'object') return value
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([key, each]) => [key, sorted(each)]))
}
