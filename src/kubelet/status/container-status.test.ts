import { expect, test } from 'bun:test'
import type { ContainerStatus } from '../../api/types/core-v1.gen.ts'
import type { PodView } from '../pod/view.ts'
import type { ObservedContainer } from '../runtime/runtime.ts'
import { testPod } from '../testing.ts'
import { containerStatus } from './container-status.ts'

const ended: ObservedContainer = {
  ...{ id: 'c1', name: 'main', sandboxId: 's1', attempt: 0, state: 'exited', exitCode: 0, oomKilled: false },
  ...{ createdAtMs: 1_000, startedAtMs: 1_000, finishedAtMs: 2_000, image: 'i', imageId: '' },
  ...{ terminationMessagePath: '/gone', logPath: undefined },
  pod: { uid: 'uid', name: 'web', namespace: 'default' },
}

function statusOf(file: string | undefined, old?: ContainerStatus): ContainerStatus {
  const pod = testPod('web', { restartPolicy: 'Never' })
  const view: PodView = {
    ...{ pod, nowMs: 3_000, failures: new Map(), crashes: new Map(), stopping: new Map(), ending: undefined },
    observed: { sandboxes: [], containers: [ended] },
    probe: () => ({ started: false, ready: false }),
  }
  const known = new Map(old ? [['main', old]] : [])
  const input = {
    view,
    waiting: new Map(),
    old: known,
    terminationMessage: () => file,
    runtimeName: 'podman',
  }
  return containerStatus(input, pod.spec!.containers[0]!, 'app')
}

test('the last words of a container stay in its status when the file that held them is gone', () => {
  const first = statusOf('OK')
  expect(first.state?.terminated?.message).toBe('OK')
  expect(statusOf(undefined, first).state?.terminated?.message).toBe('OK')
  expect(statusOf(undefined, { ...first, state: { running: {} } }).state?.terminated?.message).toBeUndefined()
})
