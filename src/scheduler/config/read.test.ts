import { expect, test } from 'bun:test'
import { testCluster, testNode, testPod } from '../testing.ts'
import { readConfiguration } from './read.ts'

const head = { apiVersion: 'kubescheduler.config.k8s.io/v1', kind: 'KubeSchedulerConfiguration' }
const profileOf = (profile: object) => readConfiguration({ ...head, profiles: [profile] }).profiles[0]!

test('without more it is the default profile', () => {
  const { profiles, backoff } = readConfiguration(head)
  expect(profiles.map(({ schedulerName }) => schedulerName)).toEqual(['default-scheduler'])
  expect(backoff).toEqual({ initialMs: 1_000, maxMs: 10_000 })
  expect(testCluster({ nodes: [testNode('a')], profile: profiles[0]! }).place(testPod('p'))).toBe('a')
})

test('a plugin can be turned off everywhere or at one point', () => {
  const cordoned = [testNode('a', { spec: { unschedulable: true } })]
  const disabled = [{ name: 'NodeUnschedulable' }]
  for (const plugins of [{ multiPoint: { disabled } }, { filter: { disabled } }]) {
    const cluster = testCluster({ nodes: cordoned, profile: profileOf({ plugins }) })
    expect(cluster.place(testPod('p'))).toBe('a')
  }
})

test('only what is enabled runs after *', () => {
  const plugins = { multiPoint: { disabled: [{ name: '*' }], enabled: [{ name: 'NodeName' }] } }
  const profile = profileOf({ schedulerName: 'bare', plugins })
  expect(profile.schedulerName).toBe('bare')
  const { plugins: made } = testCluster({ profile: { ...profile, schedulerName: 'default-scheduler' } })
  expect(made.map(({ name }) => name)).toEqual(['NodeName'])
})

test('a weight is taken over', () => {
  const plugins = { score: { enabled: [{ name: 'ImageLocality', weight: 7 }] } }
  const { plugins: made } = testCluster({ profile: profileOf({ plugins }) })
  expect(made.find(({ name }) => name === 'ImageLocality')?.weight).toBe(7)
})

const placeBy = (scoringStrategy: object) =>
  testCluster({
    nodes: ['a', 'b', 'c'].map(name => testNode(name)),
    pods: [testPod('x', { cpu: '2' }, { nodeName: 'b' }), testPod('y', { cpu: '3' }, { nodeName: 'c' })],
    profile: profileOf({
      plugins: { score: { disabled: [{ name: '*' }], enabled: [{ name: 'NodeResourcesFit' }] } },
      pluginConfig: [{ name: 'NodeResourcesFit', args: { scoringStrategy } }],
    }),
  }).place(testPod('p', { cpu: '100m' }))

test('nodes are scored by the strategy and the resources that are asked for', () => {
  const resources = [{ name: 'cpu', weight: 3 }]
  expect(placeBy({ resources })).toBe('a')
  expect(placeBy({ type: 'MostAllocated', resources })).toBe('c')
  const shape = [
    { utilization: 0, score: 0 },
    { utilization: 50, score: 10 },
    { utilization: 100, score: 0 },
  ]
  expect(placeBy({ type: 'RequestedToCapacityRatio', resources, requestedToCapacityRatio: { shape } })).toBe(
    'b',
  )
})

test('a profile says for itself how many nodes are scored, or all say the same', () => {
  const profiles = [{ percentageOfNodesToScore: 70 }, { schedulerName: 'other' }]
  const read = readConfiguration({ ...head, percentageOfNodesToScore: 30, profiles })
  expect(read.profiles.map(profile => profile.percentageOfNodesToScore)).toEqual([70, 30])
  expect(readConfiguration(head).profiles[0]!.percentageOfNodesToScore).toBe(0)
})

test('a resource can be left out of account', () => {
  const profile = profileOf({
    pluginConfig: [{ name: 'NodeResourcesFit', args: { ignoredResourceGroups: ['example.com'] } }],
  })
  const cluster = testCluster({ nodes: [testNode('a')], profile })
  expect(cluster.place(testPod('p', { 'example.com/gpu': '1' }))).toBe('a')
  expect(cluster.place(testPod('q', { 'other.com/gpu': '1' }))).toContain('1 Insufficient other.com/gpu')
})

test.each([
  ['another kind', { ...head, kind: 'Pod' }, 'apiVersion and kind must be'],
  ['an unknown field', { ...head, colour: 'red' }, 'colour is not supported'],
  ['extenders', { ...head, extenders: [] }, 'extenders are not supported'],
  ['leader election', { ...head, leaderElection: {} }, 'leaderElection is not supported'],
  [
    'more nodes than there are',
    { ...head, profiles: [{ percentageOfNodesToScore: 101 }] },
    'profiles[0].percentageOfNodesToScore 101 is not in valid range [0-100]',
  ],
  ['a name twice', { ...head, profiles: [{}, {}] }, 'profiles Duplicate value: "default-scheduler"'],
  [
    'a plugin that is not there',
    { ...head, profiles: [{ plugins: { score: { enabled: [{ name: 'Magic' }] } } }] },
    'profiles[0].plugins.score.enabled[0].name "Magic" is not a plugin',
  ],
  [
    'a strategy that is not there',
    {
      ...head,
      profiles: [
        {
          pluginConfig: [{ name: 'NodeResourcesFit', args: { scoringStrategy: { type: 'Cheapest' } } }],
        },
      ],
    },
    'profiles[0].pluginConfig[0].args.scoringStrategy.type "Cheapest" is not supported',
  ],
])('%s is refused by name', (_what, config, message) => {
  expect(() => readConfiguration(config)).toThrow(message)
})
