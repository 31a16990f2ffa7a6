import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { isSidecar } from '../../api/core/pod/lifecycle.ts'
import type { Container, Pod } from '../../api/types/core-v1.gen.ts'
import type { ObservedContainer, ObservedSandbox } from '../runtime/runtime.ts'
import { testPod } from '../testing.ts'
import { planPod } from './plan.ts'
import type { Ending, PodView } from './view.ts'

const names = ['a', 'b', 'c', 'd']
const container = (name: string, rest: Partial<Container> = {}): Container => ({ name, image: 'i', ...rest })
const podArbitrary = fc
  .record({
    init: fc.array(fc.boolean(), { maxLength: 2 }),
    apps: fc.integer({ min: 1, max: 2 }),
    restartPolicy: fc.constantFrom('Always', 'OnFailure', 'Never'),
  })
  .map(({ init, apps, restartPolicy }) =>
    testPod('p', {
      restartPolicy,
      initContainers: init.map((sidecar, i) =>
        container(names[i]!, sidecar ? { restartPolicy: 'Always' } : {}),
      ),
      containers: Array.from({ length: apps }, (_, i) => container(names[i + 2]!)),
    }),
  )
const ending = (graceSeconds: number): Ending => ({ cause: 'deleted', graceSeconds, sinceMs: 0 })

/** A runtime as the plan sees it, where every action takes effect at once and containers end when `exits` says so. */
function play(pod: Pod, exits: readonly number[], endAfter: number) {
  const sandboxes: ObservedSandbox[] = []
  const containers: ObservedContainer[] = []
  const identity = { uid: pod.metadata.uid!, name: 'p', namespace: 'default' }
  const log: string[] = []
  let serial = 0
  let nowMs = 0
  let state: Ending | undefined
  const replace = (id: string, change: Partial<ObservedContainer>) => {
    const at = containers.findIndex(c => c.id === id)
    if (at >= 0) containers[at] = { ...containers[at]!, ...change }
  }
  const end = (id: string, exitCode: number) =>
    replace(id, { state: 'exited', exitCode, finishedAtMs: nowMs })
  for (let step = 0; step < 60; step++) {
    nowMs += 600_000
    if (step === endAfter) state = ending(30)
    const view: PodView = {
      ...{ pod, nowMs, observed: { sandboxes: [...sandboxes], containers: [...containers] }, ending: state },
      ...{
        probe: () => ({ started: true, ready: true }),
        failures: new Map(),
        crashes: new Map(),
        stopping: new Map(),
      },
    }
    const plan = planPod(view)
    if (plan.completed && !state) state = { ...ending(30), cause: 'completed', sinceMs: nowMs }
    for (const action of plan.actions) {
      if (action.do === 'createSandbox')
        sandboxes.push({
          id: `s${++serial}`,
          pod: identity,
          attempt: action.attempt,
          ready: true,
          createdAtMs: nowMs,
          pid: 1,
        })
      if (action.do === 'start') {
        log.push(action.container.name)
        const { name } = action.container
        containers.push({
          ...{
            id: `c${++serial}`,
            pod: identity,
            name,
            sandboxId: action.sandbox.id,
            attempt: action.attempt,
            state: 'running',
          },
          ...{
            createdAtMs: nowMs,
            startedAtMs: nowMs,
            finishedAtMs: undefined,
            exitCode: undefined,
            oomKilled: false,
          },
          ...{ image: 'i', imageId: '', terminationMessagePath: undefined, logPath: undefined },
        })
      }
      if (action.do === 'kill') end(action.container.id, 137)
      if (action.do === 'remove')
        containers.splice(
          containers.findIndex(c => c.id === action.id),
          1,
        )
      if (action.do === 'stopSandbox') {
        const at = sandboxes.findIndex(s => s.id === action.sandbox.id)
        sandboxes[at] = { ...sandboxes[at]!, ready: false }
      }
    }
    checkStep(pod, containers, state)
    if (plan.ended) return { log, containers, sandboxes, ended: true }
    const victim = containers.filter(c => c.state === 'running')[step % 3]
    const code = exits[step % exits.length]
    if (victim && code !== undefined) end(victim.id, code)
  }
  return { log, containers, sandboxes, ended: false }
}

function checkStep(pod: Pod, containers: readonly ObservedContainer[], state: Ending | undefined): void {
  for (const name of names)
    expect(containers.filter(c => c.name === name && c.state === 'running').length).toBeLessThan(2)
  const appRan = containers.some(c => pod.spec!.containers.some(app => app.name === c.name))
  for (const init of pod.spec!.initContainers ?? [])
    if (appRan && !isSidecar(init))
      expect(containers.some(c => c.name === init.name && c.exitCode === 0)).toBe(true)
  const running = containers.filter(c => c.state === 'running').map(c => c.name)
  const mains = running.filter(name => pod.spec!.containers.some(app => app.name === name))
  if (state && mains.length > 0) expect(running.length).toBeGreaterThanOrEqual(mains.length)
}

test('no container runs twice at once, and none starts before every init container has succeeded', () => {
  fc.assert(
    fc.property(
      podArbitrary,
      fc.array(fc.constantFrom(0, 1), { minLength: 1, maxLength: 7 }),
      (pod, exits) => void play(pod, exits, 1_000),
    ),
    { numRuns: 500 },
  )
})

test('a pod that is ended comes to its end with nothing running, whenever that happens', () => {
  fc.assert(
    fc.property(
      podArbitrary,
      fc.array(fc.constantFrom(0, 1), { minLength: 1, maxLength: 7 }),
      fc.integer({ min: 0, max: 20 }),
      (pod, exits, at) => {
        const { ended, containers, sandboxes } = play(pod, exits, at)
        expect(ended).toBe(true)
        expect(containers.filter(c => c.state === 'running')).toEqual([])
        expect(sandboxes.filter(s => s.ready)).toEqual([])
      },
    ),
    { numRuns: 500 },
  )
})

test('what must not restart never does', () => {
  fc.assert(
    fc.property(podArbitrary, pod => {
      fc.pre(pod.spec?.restartPolicy === 'Never')
      const { log } = play(pod, [1, 0], 1_000)
      for (const app of pod.spec!.containers)
        expect(log.filter(name => name === app.name).length).toBeLessThan(2)
    }),
    { numRuns: 300 },
  )
})
