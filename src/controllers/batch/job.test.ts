import { expect, test } from 'bun:test'
import type { Job } from '../../api/types/batch-v1.gen.ts'
import type { Pod } from '../../api/types/core-v1.gen.ts'
import { mergePatch } from '../../client/client.ts'
import { clusterForEach } from '../each-cluster.testing.ts'
import { jobs, pods } from '../kinds.ts'
import { readyStatus } from '../testing.ts'

const cluster = clusterForEach()

type Spec = Partial<NonNullable<Job['spec']>>

async function createJob(spec: Spec = {}): Promise<void> {
  const template = {
    spec: { nodeName: 'n1', restartPolicy: 'Never', containers: [{ name: 'c', image: 'v1' }] },
  }
  await cluster.client.create(jobs, {
    metadata: { name: 'work', namespace: 'shop' },
    spec: { template, ...spec },
  })
}

const job = () => cluster.client.get(jobs, 'shop', 'work')
const members = async () => (await cluster.client.list(pods, { namespace: 'shop' })).items
const ended = (exitCode: number): Pod['status'] => ({
  phase: exitCode === 0 ? 'Succeeded' : 'Failed',
  containerStatuses: [
    {
      name: 'c',
      image: 'v1',
      imageID: '',
      ready: false,
      restartCount: 0,
      state: {
        terminated: { exitCode, finishedAt: new Date(cluster.server.ports.clock.nowMs()).toISOString() },
      },
    },
  ],
})
const isOpen = ({ status, metadata }: Pod) => status?.phase === 'Pending' && !metadata.deletionTimestamp
const all = (exitCode: number) => (pod: Pod) => (isOpen(pod) ? ended(exitCode) : undefined)
const byIndex = (exitCodes: Record<number, number>) => (pod: Pod) => {
  const code = exitCodes[Number(pod.metadata.labels?.['batch.kubernetes.io/job-completion-index'])]
  if (!isOpen(pod)) return undefined
  return code === undefined ? readyStatus(cluster.server.ports.clock.nowMs()) : ended(code)
}
const conditions = async () =>
  ((await job()).status?.conditions ?? []).map(({ type, status, reason }) => [type, status, reason])

test('as many pods at a time as allowed, until enough have succeeded; then nothing holds them', async () => {
  await createJob({ completions: 5, parallelism: 2 })
  await cluster.settle(1, () => undefined)
  expect(await members()).toHaveLength(2)
  expect((await job()).status).toMatchObject({ active: 2, ready: 0, terminating: 0 })
  await cluster.settle(8, all(0))
  expect((await job()).status).toMatchObject({ succeeded: 5, ready: 0, uncountedTerminatedPods: {} })
  expect((await job()).status?.active).toBeUndefined()
  expect((await job()).status?.completionTime).toBeDefined()
  expect(await conditions()).toEqual([
    ['SuccessCriteriaMet', 'True', 'CompletionsReached'],
    ['Complete', 'True', 'CompletionsReached'],
  ])
  expect((await members()).flatMap(({ metadata }) => metadata.finalizers ?? [])).toEqual([])
})

test('failed pods are replaced ever more slowly, up to the limit', async () => {
  await createJob({ backoffLimit: 2 })
  await cluster.settle(5, all(1))
  expect(await members()).toHaveLength(1)
  await cluster.settle(10, all(1))
  expect(await members()).toHaveLength(2)
  await cluster.settle(10, all(1))
  expect(await members()).toHaveLength(2)
  await cluster.settle(20, all(1))
  expect(await members()).toHaveLength(3)
  expect((await job()).status?.failed).toBe(3)
  expect(await conditions()).toEqual([
    ['FailureTarget', 'True', 'BackoffLimitExceeded'],
    ['Failed', 'True', 'BackoffLimitExceeded'],
  ])
})

test('an indexed job runs each index until it has succeeded', async () => {
  await createJob({ completions: 4, parallelism: 4, completionMode: 'Indexed' })
  await cluster.settle(2, byIndex({ 0: 0, 1: 0, 3: 0 }))
  expect((await job()).status).toMatchObject({ completedIndexes: '0,1,3', succeeded: 3, active: 1 })
  const [pod] = await members()
  expect(pod!.spec).toMatchObject({ hostname: 'work-0' })
  expect(pod!.metadata.name).toStartWith('work-0-')
  expect(pod!.spec!.containers[0]!.env![0]!.name).toBe('JOB_COMPLETION_INDEX')
})

test('with a limit per index one index may fail while the others go on', async () => {
  await createJob({ completions: 3, parallelism: 3, completionMode: 'Indexed', backoffLimitPerIndex: 1 })
  await cluster.settle(3, byIndex({ 0: 0, 1: 1, 2: 0 }))
  expect((await job()).status).toMatchObject({ completedIndexes: '0,2', failedIndexes: '' })
  await cluster.settle(12, byIndex({ 1: 1 }))
  expect((await job()).status).toMatchObject({ completedIndexes: '0,2', failedIndexes: '1', failed: 2 })
  expect(await conditions()).toEqual([
    ['FailureTarget', 'True', 'FailedIndexes'],
    ['Failed', 'True', 'FailedIndexes'],
  ])
})

test('a failure policy ignores some exit codes and lets others end the job', async () => {
  const rules = [
    { action: 'Ignore', onExitCodes: { operator: 'In', values: [7] } },
    { action: 'FailJob', onExitCodes: { operator: 'In', values: [42] } },
  ]
  await createJob({ completions: 2, parallelism: 1, backoffLimit: 0, podFailurePolicy: { rules } })
  await cluster.settle(2, all(7))
  expect((await job()).status?.failed).toBeUndefined()
  await cluster.settle(12, all(42))
  const { status } = await job()
  expect(status?.failed).toBe(1)
  expect(status?.conditions?.at(-1)).toMatchObject({ type: 'Failed', reason: 'PodFailurePolicy' })
  expect(status?.conditions?.at(-1)?.message).toEndWith(
    'failed with exit code 42 matching FailJob rule at index 1',
  )
})

test('a success policy ends the job before all have succeeded, and stops the rest', async () => {
  await createJob({
    completions: 3,
    parallelism: 3,
    completionMode: 'Indexed',
    successPolicy: { rules: [{ succeededIndexes: '0' }] },
  })
  await cluster.settle(8, byIndex({ 0: 0 }))
  expect(await conditions()).toEqual([
    ['SuccessCriteriaMet', 'True', 'SuccessPolicy'],
    ['Complete', 'True', 'SuccessPolicy'],
  ])
  expect(await members()).toHaveLength(1)
})

test('a suspended job has no pods, a resumed one has them again', async () => {
  await createJob({ suspend: true })
  await cluster.settle(2)
  expect(await members()).toEqual([])
  expect(await conditions()).toEqual([['Suspended', 'True', 'JobSuspended']])
  expect((await job()).status?.startTime).toBeUndefined()
  const suspend = (value: boolean) =>
    cluster.client.patch(jobs, 'shop', 'work', { type: mergePatch, body: { spec: { suspend: value } } })
  await suspend(false)
  await cluster.settle(2)
  expect(await members()).toHaveLength(1)
  expect(await conditions()).toEqual([['Suspended', 'False', 'JobResumed']])
  await suspend(true)
  await cluster.settle(3)
  expect(await members()).toEqual([])
  expect((await job()).status?.failed).toBeUndefined()
})

test('a job that is active for too long fails', async () => {
  await createJob({ activeDeadlineSeconds: 5 })
  await cluster.settle(8)
  expect(await conditions()).toEqual([
    ['FailureTarget', 'True', 'DeadlineExceeded'],
    ['Failed', 'True', 'DeadlineExceeded'],
  ])
  expect(await members()).toEqual([])
  expect((await job()).status?.failed).toBe(1)
})

test('with the policy Failed a leaving pod is replaced only when it is gone', async () => {
  await createJob({ podReplacementPolicy: 'Failed' })
  await cluster.settle(2)
  const [first] = await members()
  const name = first!.metadata.name!
  await cluster.client.delete(pods, 'shop', name)
  await cluster.advance(15_000)
  expect(await members()).toHaveLength(1)
  expect((await job()).status?.terminating).toBe(1)
})

test('a job that somebody else manages is left alone', async () => {
  await createJob({ managedBy: 'example.com/queue' })
  await cluster.settle(2)
  expect(await members()).toEqual([])
  expect((await job()).status).toEqual({})
})

test('a deleted job takes its pods along, whatever held them', async () => {
  await createJob({ completions: 2, parallelism: 2 })
  await cluster.settle(2)
  await cluster.client.delete(jobs, 'shop', 'work', { propagationPolicy: 'Background' })
  await cluster.settle(5)
  expect(await members()).toEqual([])
})
