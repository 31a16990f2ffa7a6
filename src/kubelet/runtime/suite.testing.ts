import { expect, test } from 'bun:test'
import type { ContainerSpec, PodIdentity, Runtime, SandboxSpec } from './runtime.ts'

export interface SuiteSubject {
  readonly runtime: () => Runtime
  readonly image: string
  readonly pauseImage: string
  readonly logDir: () => string
  /** Lets some time pass. */
  readonly wait: () => Promise<void>
}

export function testSandbox(pod: PodIdentity, image: string): SandboxSpec {
  return {
    ...{ pod, attempt: 0, hostname: pod.name, image, labels: {}, annotations: {}, sysctls: {} },
    ...{
      hostNetwork: false,
      hostPid: false,
      hostIpc: false,
      shareProcessNamespace: false,
      cgroupParent: undefined,
    },
  }
}

export function testContainer(
  pod: PodIdentity,
  sandboxId: string,
  rest: Partial<ContainerSpec>,
): ContainerSpec {
  return {
    ...{
      pod,
      name: 'main',
      attempt: 0,
      sandboxId,
      image: '',
      imageId: '',
      command: ['/bin/sleep', '1000'],
      args: [],
    },
    ...{
      workingDir: undefined,
      env: [],
      mounts: [],
      devices: [],
      tty: false,
      stdin: false,
      stdinOnce: false,
    },
    security: {
      ...{
        privileged: false,
        user: undefined,
        group: undefined,
        supplementalGroups: [],
        readOnlyRootFilesystem: false,
      },
      ...{ addCapabilities: [], dropCapabilities: [], noNewPrivileges: false, seccomp: 'RuntimeDefault' },
    },
    resources: { cpuShares: 2, cpuQuotaUs: undefined, memoryLimitBytes: undefined, oomScoreAdj: 1000 },
    ...{
      hostNetwork: false,
      hostPid: false,
      hostIpc: false,
      shareProcessNamespace: false,
      cgroupParent: undefined,
    },
    ...{ logPath: '', terminationMessagePath: undefined, stopSignal: undefined, labels: {} },
    ...rest,
  }
}

/** Whether it has come about, looking so many times. */
async function comesAbout(
  subject: SuiteSubject,
  condition: () => boolean | Promise<boolean>,
  looks = Number.POSITIVE_INFINITY,
): Promise<boolean> {
  for (let left = looks; left > 0; left--) {
    if (await condition()) return true
    await subject.wait()
  }
  return false
}

/** What every runtime must do. */
export function runRuntimeSuite(name: string, subject: SuiteSubject): void {
  let serial = 0
  const newPod = (): PodIdentity => ({
    uid: `uid-${name}-${++serial}`,
    name: `pod-${serial}`,
    namespace: 'default',
  })
  const running = async (pod = newPod()) => {
    const { containers, images } = subject.runtime()
    const sandboxId = await containers.createSandbox(testSandbox(pod, subject.pauseImage))
    const image = await images.find(subject.image)
    const logPath = `${subject.logDir()}/${pod.uid}/main/0.log`
    const spec = testContainer(pod, sandboxId, { image: subject.image, imageId: image?.id ?? '', logPath })
    const id = await containers.createContainer(spec)
    await containers.start(id)
    const isRunning = async () => (await containers.list(pod.uid)).containers[0]?.state === 'running'
    await comesAbout(subject, isRunning)
    return { pod, sandboxId, id }
  }

  test(`${name}: what was started is listed under its pod, with its sandbox and attempt`, async () => {
    const { pod, sandboxId, id } = await running()
    const seen = await subject.runtime().containers.list(pod.uid)
    expect(seen.sandboxes).toMatchObject([{ id: sandboxId, pod, attempt: 0, ready: true }])
    expect(seen.containers).toMatchObject([
      { id, pod, name: 'main', sandboxId, attempt: 0, state: 'running', image: subject.image },
    ])
    expect(seen.containers[0]?.startedAtMs).toBeGreaterThan(0)
  })

  test(`${name}: a stopped container stays listed with its exit code; stopping it again changes nothing`, async () => {
    const { containers } = subject.runtime()
    const { pod, id } = await running()
    await containers.stop(id, 0)
    const [first] = (await containers.list(pod.uid)).containers
    expect(first?.state).toBe('exited')
    expect(first?.exitCode).toBeGreaterThan(128)
    expect(first?.finishedAtMs).toBeGreaterThan(0)
    await containers.stop(id, 0)
    expect((await containers.list(pod.uid)).containers[0]).toEqual(first!)
  })

  test(`${name}: what is removed is gone, running or not; removing it again changes nothing`, async () => {
    const { containers } = subject.runtime()
    const { pod, id, sandboxId } = await running()
    for (const one of [id, id, sandboxId, sandboxId]) await containers.remove(one)
    expect(await containers.list(pod.uid)).toEqual({ sandboxes: [], containers: [] })
  })

  test(`${name}: a container is not made in a sandbox that was stopped`, async () => {
    const { containers } = subject.runtime()
    const { pod, sandboxId } = await running()
    await containers.stop(sandboxId, 0)
    expect((await containers.list(pod.uid)).sandboxes[0]?.ready).toBe(false)
    const spec = testContainer(pod, sandboxId, {
      name: 'late',
      logPath: `${subject.logDir()}/${pod.uid}/late/0.log`,
    })
    await expect(containers.createContainer(spec)).rejects.toThrow('is not ready')
  })

  test(`${name}: a watcher hears of the pod whose container was started or has ended`, async () => {
    const { containers } = subject.runtime()
    const stop = new AbortController()
    const heard: string[] = []
    const watching = containers.watch(uid => heard.push(uid), stop.signal)
    const timesOf = ({ uid }: PodIdentity) => heard.filter(other => other === uid).length
    // What starts before the watch has begun is not heard of.
    let { pod, id } = await running()
    while (!(await comesAbout(subject, () => timesOf(pod) > 0, 20))) ({ pod, id } = await running())
    const before = timesOf(pod)
    await containers.stop(id, 0)
    await comesAbout(subject, () => timesOf(pod) > before)
    stop.abort()
    await watching
  })
}
