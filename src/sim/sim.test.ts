import { expect, test } from 'bun:test'
import { pods } from '../controllers/kinds.ts'
import { createSimCluster } from './cluster.ts'
import { awfulFaults, lateFaults, noFaults } from './faults.ts'
import { simulate } from './scenario.ts'
import { createApp, createNamespaces, plannedWorkload, rollApp } from './workload.ts'

const small = { nodes: 6, podsPerNode: 8, chaosMs: 60_000 }

test('the same seed gives the same trace, byte by byte; another seed gives another', async () => {
  const [first, again, other] = [
    await simulate({ ...small, seed: 5 }),
    await simulate({ ...small, seed: 5 }),
    await simulate({ ...small, seed: 6 }),
  ]
  expect(first.failures).toEqual([])
  expect(other.failures).toEqual([])
  expect({ hash: again.hash, commits: again.commits }).toEqual({ hash: first.hash, commits: first.commits })
  expect(other.hash).not.toBe(first.hash)
}, 600_000)

test('100 nodes with 30 pods each keep every promise through faults, restarts and the loss of nodes', async () => {
  const report = await simulate({ seed: 1, nodes: 100, podsPerNode: 30, chaosMs: 90_000 })
  expect(report.failures).toEqual([])
  expect(report.counts.get('core/pods')).toBeGreaterThan(3_000 * 5)
  for (const fault of [
    'answer lost',
    'call delayed',
    'call refused',
    'store write delayed',
    'watch ended',
    'watch lagged',
  ])
    expect([fault, report.faults.get(fault) ?? 0]).not.toEqual([fault, 0])
}, 900_000)

test('where hardly anything works, everything still comes to be as asked for', async () => {
  const report = await simulate({ ...small, seed: 7, chaosMs: 180_000, faults: awfulFaults })
  expect(report.failures).toEqual([])
}, 600_000)

test('late views never make anybody act twice: a rollout makes and deletes exactly the pods it must', async () => {
  const [count, replicas] = [5, 20]
  let [made, deleted] = [0, 0]
  const cluster = await createSimCluster({
    seed: 8,
    nodes: 5,
    onLine({ event, pod }) {
      if (pod && event.createRevision === event.revision) made++
      if (pod && event.type === 'delete') deleted++
    },
  })
  const { admin, ports } = cluster
  await createNamespaces(admin)
  for (const part of [cluster.controllers, cluster.scheduler, ...cluster.nodes]) part.start()
  await ports.clock.advance(10_000)
  cluster.dial.current = lateFaults
  const apps = plannedWorkload(count, replicas)
  const created = apps.map(app => createApp(admin, app))
  await ports.clock.advance(300_000)
  await Promise.all(created)
  expect([made, deleted]).toEqual([count * replicas, 0])
  const rolled = apps.map(app => rollApp(admin, { ...app, image: 'hutch.local/app:2' }))
  await ports.clock.advance(900_000)
  await Promise.all(rolled)
  expect([made, deleted]).toEqual([2 * count * replicas, count * replicas])
  await cluster.stop()
}, 600_000)

test('a binding whose answer is lost is not tried again once the pod shows its node', async () => {
  const cluster = await createSimCluster({ seed: 9, nodes: 3 })
  const { admin, ports, dial } = cluster
  await createNamespaces(admin)
  for (const part of [cluster.controllers, cluster.scheduler, ...cluster.nodes]) part.start()
  await ports.clock.advance(10_000)
  // Nobody else touches the pods, so that no later event puts things right.
  for (const part of [cluster.controllers, ...cluster.nodes]) part.kill()
  dial.current = { ...noFaults, answerLost: 0.5 }
  const container = { name: 'main', image: 'hutch.local/app:1' }
  for (let n = 0; n < 20; n++) {
    const metadata = { namespace: 'blue', name: `pod-${n}` }
    await admin.create(pods, { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers: [container] } })
  }
  await ports.clock.advance(60_000)
  expect(cluster.writeCalls.get('system:kube-scheduler create pods/binding')).toBe(20)
  await cluster.stop()
})
