import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import type { ContainerSpec, PodIdentity, Session } from '../runtime.ts'
import { runRuntimeSuite, testContainer, testSandbox } from '../suite.testing.ts'
import { openTestPodman, podmanMissing, type TestPodman, testImage, testPauseImage } from './testing.ts'

const missing = podmanMissing()
if (missing) console.warn(`SKIPPED: tests against a real Podman (${missing})`)

describe.skipIf(missing !== undefined)('podman', () => {
  let podman: TestPodman
  let serial = 0
  beforeAll(async () => {
    podman = await openTestPodman()
  }, 120_000)
  afterAll(() => podman?.close(), 120_000)

  runRuntimeSuite('podman', {
    runtime: () => podman.runtime,
    image: testImage,
    pauseImage: testPauseImage,
    logDir: () => `${podman.dir}/logs`,
    wait: () => Bun.sleep(50),
  })

  const start = async (rest: Partial<ContainerSpec>) => {
    const { containers, images } = podman.runtime
    const pod: PodIdentity = { uid: `uid-own-${++serial}`, name: `own-${serial}`, namespace: 'default' }
    const sandboxId = await containers.createSandbox(testSandbox(pod, testPauseImage))
    const imageId = (await images.find(testImage))!.id
    const logPath = `${podman.dir}/logs/${pod.uid}/main/0.log`
    const id = await containers.createContainer(
      testContainer(pod, sandboxId, { image: testImage, imageId, logPath, ...rest }),
    )
    await containers.start(id)
    return { pod, id, sandboxId, logPath }
  }
  const ended = async (uid: string) => {
    for (;;) {
      const [container] = (await podman.runtime.containers.list(uid)).containers
      if (container?.state === 'exited') return container
      await Bun.sleep(50)
    }
  }
  const collect = async (session: Session) => {
    const text = { stdout: '', stderr: '' }
    for await (const { stream, data } of session.output) text[stream] += Buffer.from(data).toString()
    return { ...text, exitCode: await session.exitCode() }
  }
  const streams = { stdin: false, stdout: true, stderr: true, tty: false }
  const untilThere = (file: string) => `until [ -s ${file} ]; do sleep 0.1; done`
  const trapping = (signal: string, script: string) => {
    const args = [`trap '${script}' ${signal}; echo > /tmp/ready; while true; do sleep 0.1; done`]
    return { command: ['/bin/sh', '-c'], args }
  }

  test('a running container gets other shares and limits in place', async () => {
    const small = { cpuShares: 102, cpuQuotaUs: 10_000, memoryLimitBytes: 64 * 2 ** 20, oomScoreAdj: 1000 }
    const { id } = await start({ resources: small })
    const large = { cpuShares: 512, cpuQuotaUs: 50_000, memoryLimitBytes: 128 * 2 ** 20, oomScoreAdj: 1000 }
    await podman.runtime.containers.updateResources(id, large)
    const script = `cd /sys/fs/cgroup; if [ -f memory.max ]; then cat memory.max; head -c 5 cpu.max; echo
      else cat memory/memory.limit_in_bytes cpu/cpu.cfs_quota_us; fi`
    const asked = { ...streams, command: ['/bin/sh', '-c', script] }
    const { stdout } = await collect(await podman.runtime.containers.exec(id, asked))
    expect(stdout.split('\n')).toEqual([String(128 * 2 ** 20), '50000', ''])
  })

  test('logs come in CRI format without passing through us, exit code and last words are kept', async () => {
    const words = `${podman.dir}/words`
    writeFileSync(words, '')
    const { pod, logPath } = await start({
      command: ['/bin/sh', '-c'],
      args: ['echo out; echo err >&2; echo bye > /dev/termination-log; exit 3'],
      mounts: [
        { hostPath: words, containerPath: '/dev/termination-log', readOnly: false, propagation: 'private' },
      ],
    })
    expect((await ended(pod.uid)).exitCode).toBe(3)
    const lines = readFileSync(logPath, 'utf8')
      .trim()
      .split('\n')
      .map(line => line.replace(/^\S+ /, ''))
    expect(lines.sort()).toEqual(['stderr F err', 'stdout F out'])
    expect(readFileSync(words, 'utf8')).toBe('bye\n')
  })

  test('a container whose command is not there has ended, with the words of the engine', async () => {
    const { containers } = podman.runtime
    await expect(start({ command: ['/bin/nope'] })).rejects.toThrow('/bin/nope')
    const pod = `uid-own-${serial}`
    const [seen] = (await containers.list(pod)).containers
    expect(seen).toMatchObject({ state: 'exited', exitCode: 128, startedAtMs: undefined })
    expect(seen?.startError).toMatch(/nope.*(not found|no such file)/i)
    await containers.remove(seen!.id)
    expect((await containers.list(pod)).containers).toEqual([])
  }, 120_000)

  test('the engine says its version, and afterwards that it is still there', async () => {
    const first = await podman.runtime.containers.version()
    expect(first).toEqual({ name: 'podman', version: expect.stringMatching(/^[45]\.\d+/) })
    expect(await podman.runtime.containers.version()).toEqual(first)
  })

  test('exec carries both streams, input and the exit code', async () => {
    const { id } = await start({})
    const { containers } = podman.runtime
    const plain = await containers.exec(id, {
      ...streams,
      command: ['/bin/sh', '-c', 'echo a; echo b >&2; exit 7'],
    })
    expect(await collect(plain)).toEqual({ stdout: 'a\n', stderr: 'b\n', exitCode: 7 })
    const piped = await containers.exec(id, { ...streams, stdin: true, command: ['/bin/cat'] })
    piped.stdin?.end('through\n')
    expect(await collect(piped)).toEqual({ stdout: 'through\n', stderr: '', exitCode: 0 })
  }, 120_000)

  test('a terminal has the size that it was given', async () => {
    const { id } = await start({})
    // It reads no line before it is told to: by then the size is set.
    const command = ['/bin/sh', '-c', 'read line; stty size']
    const session = await podman.runtime.containers.exec(id, { ...streams, tty: true, stdin: true, command })
    await session.resize(111, 33)
    session.stdin?.write('go\n')
    expect((await collect(session)).stdout.trim()).toEndWith('33 111')
  }, 120_000)

  test('attach joins the running container and a renamed log is opened anew', async () => {
    const args = ['while read -r line; do echo "got $line"; done']
    const { id, logPath } = await start({ command: ['/bin/sh', '-c'], args, stdin: true })
    const session = await podman.runtime.containers.attach(id, { ...streams, stdin: true })
    session.stdin?.write('one\n')
    for await (const { data } of session.output) {
      expect(Buffer.from(data).toString()).toBe('got one\n')
      break
    }
    renameSync(logPath, `${logPath}.1`)
    await podman.runtime.containers.reopenLog(id)
    session.stdin?.write('two\n')
    while (!existsSync(logPath) || !readFileSync(logPath, 'utf8').includes('got two')) await Bun.sleep(50)
    expect(readFileSync(`${logPath}.1`, 'utf8')).toContain('got one')
    session.close()
  }, 120_000)

  test('a container that has ended is not attached to, and stays as it ended', async () => {
    const { id, pod } = await start({ command: ['/bin/sh', '-c'], args: ['exit 3'] })
    expect((await ended(pod.uid)).exitCode).toBe(3)
    const attaching = podman.runtime.containers.attach(id, { ...streams, stdin: true })
    expect(attaching).rejects.toThrow('has ended')
    expect((await ended(pod.uid)).exitCode).toBe(3)
  }, 120_000)

  test('attach while a container ends never hangs nor changes how it ended', async () => {
    for (const pause of ['0', '0.02', '0.1', '0.2']) {
      const { id, pod } = await start({
        command: ['/bin/sh', '-c'],
        args: [`sleep ${pause}; echo out; exit 3`],
      })
      try {
        const session = await podman.runtime.containers.attach(id, { ...streams, stdin: true })
        session.stdin?.end()
        for await (const { data } of session.output) expect(Buffer.from(data).toString()).toBe('out\n')
      } catch (error) {
        expect(String(error)).toMatch(/has ended|unixpacket/)
      }
      expect((await ended(pod.uid)).exitCode).toBe(3)
    }
  }, 120_000)

  test('a command runs in a container that was asked to end, until it has ended', async () => {
    const { containers } = podman.runtime
    const goodbye = 'echo asked > /tmp/asked; until [ -e /tmp/go ]; do sleep 0.1; done; exit 4'
    const { id, pod } = await start(trapping('TERM', goodbye))
    const said = async (script: string) =>
      collect(await containers.exec(id, { ...streams, command: ['/bin/sh', '-c', script] }))
    await said(untilThere('/tmp/ready'))
    const stopping = containers.stop(id, 3600)
    const { stdout } = await said(`${untilThere('/tmp/asked')}; cat /tmp/asked`)
    expect(stdout).toBe('asked\n')
    expect((await said('echo > /tmp/go')).exitCode).toBe(0)
    await stopping
    expect(await ended(pod.uid)).toMatchObject({ id, exitCode: 4 })
  }, 120_000)

  test('a container is asked to end by its own stop signal, and killed when its grace is over', async () => {
    const { containers } = podman.runtime
    const own = await start({ ...trapping('USR1', 'exit 5'), stopSignal: 'SIGUSR1' })
    const deaf = await start(trapping('TERM', ''))
    const isReady = ['/bin/sh', '-c', untilThere('/tmp/ready')]
    for (const { id } of [own, deaf])
      await collect(await containers.exec(id, { ...streams, command: isReady }))
    await Promise.all([containers.stop(own.id, 3600), containers.stop(deaf.id, 1)])
    expect((await ended(own.pod.uid)).exitCode).toBe(5)
    expect((await ended(deaf.pod.uid)).exitCode).toBe(137)
    for (const { id } of [own, deaf]) {
      await containers.stop(id, 3600)
      await containers.remove(id)
      await containers.stop(id, 3600)
    }
  }, 120_000)

  test('containers that do not heed their stop keep no other from being stopped', async () => {
    const { containers } = podman.runtime
    const sign = `${podman.dir}/sign`
    mkdirSync(sign)
    const script = "trap '' TERM; until [ -e /sign/go ]; do sleep 0.2; done"
    const mount = { hostPath: sign, containerPath: '/sign', readOnly: true, propagation: 'private' } as const
    const heedless = { command: ['/bin/sh', '-c'], args: [script], mounts: [mount] }
    // More than the engine does side by side of itself.
    const count = 3 * availableParallelism() + 2
    const started: string[] = []
    for (let index = 0; index < count; index++) started.push((await start(heedless)).id)
    const stops = started.map(id => containers.stop(id, 3600))
    const { id, pod } = await start(heedless)
    await containers.stop(id, 0)
    expect((await ended(pod.uid)).exitCode).toBe(137)
    writeFileSync(`${sign}/go`, '')
    await Promise.all(stops)
  }, 240_000)

  test('members share host name and network of their sandbox, and processes when asked', async () => {
    const { id, pod, sandboxId } = await start({ shareProcessNamespace: true })
    const session = await podman.runtime.containers.exec(id, {
      ...streams,
      command: ['/bin/sh', '-c', 'hostname; cat /proc/1/cmdline'],
    })
    expect((await collect(session)).stdout).toContain(`${pod.name}\n/pause`)
    const [sandbox] = (await podman.runtime.containers.list(pod.uid)).sandboxes
    expect(sandbox?.id).toBe(sandboxId)
    const usage = (await podman.runtime.containers.stats()).find(entry => entry.id === id)
    expect(usage?.memoryBytes).toBeGreaterThan(0)
  }, 120_000)

  test('another client of the engine finds what runs by its labels', async () => {
    const { pod, id } = await start({ attempt: 4 })
    const other = await podman.reopen()
    expect((await other.containers.list(pod.uid)).containers).toMatchObject([
      { id, attempt: 4, state: 'running', image: testImage },
    ])
  })

  test('who settles waits for what is being started, and starts nothing more', async () => {
    const { pod, sandboxId, id } = await start({})
    const { containers, settle } = await podman.reopen()
    const logPath = `${podman.dir}/logs/${pod.uid}/second/0.log`
    const imageId = (await podman.runtime.images.find(testImage))!.id
    const spec = { name: 'second', image: testImage, imageId, logPath }
    const second = await containers.createContainer(testContainer(pod, sandboxId, spec))
    const starting = containers.start(second)
    await settle()
    const seen = (await containers.list(pod.uid)).containers
    expect(seen.map(each => [each.id, each.state]).sort()).toEqual(
      [
        [id, 'running'],
        [second, 'running'],
      ].sort(),
    )
    await starting
    await expect(containers.start(second)).rejects.toThrow('is stopping')
  }, 120_000)

  test('what is left of a start that the engine did not survive ends with the container', async () => {
    const { pod, sandboxId } = await start({})
    const { containers, images } = podman.runtime
    const imageId = (await images.find(testImage))!.id
    const spec = { name: 'second', image: testImage, imageId, logPath: `${podman.dir}/logs/second.log` }
    const id = await containers.createContainer(testContainer(pod, sandboxId, spec))
    const program = `${podman.dir}/conmon`
    copyFileSync('/bin/sh', program)
    const monitorOf = (each: string) => Bun.spawn([program, '-c', 'read line', each], { stdin: 'pipe' })
    const monitor = monitorOf(id)
    const other = monitorOf(sandboxId)
    await containers.list(pod.uid)
    await containers.remove(id)
    await monitor.exited
    expect(monitor.signalCode).toBe('SIGKILL')
    expect(other.exitCode ?? other.signalCode).toBeNull()
    other.kill('SIGKILL')
    await other.exited
  }, 120_000)

  test('images that others bring or take away are seen, those that stay are not asked for again', async () => {
    const { containers, images } = podman.runtime
    const stop = new AbortController()
    const watching = containers.watch(() => {}, stop.signal)
    const podmanCommand = (...words: string[]) => {
      const places = ['root', 'run', 'tmp'].map(
        (place, at) => `--${['root', 'runroot', 'tmpdir'][at]}=${podman.dir}/${place}`,
      )
      const env = { ...process.env, CONTAINERS_CONF: `${podman.dir}/containers.conf` }
      expect(Bun.spawnSync(['podman', ...places, ...words], { env }).exitCode).toBe(0)
    }
    const has = async (tag: string) => (await images.list()).some(({ tags }) => tags.includes(tag))
    const other = 'hutch.local/other:1'
    const listed = await images.list()
    expect(await has(other)).toBe(false)
    podmanCommand('tag', testImage, other)
    while (!(await has(other))) await Bun.sleep(50)
    podmanCommand('untag', testImage, other)
    while (await has(other)) await Bun.sleep(50)
    expect(await images.list()).toBe(await images.list())
    expect(await images.list()).toEqual(listed)
    stop.abort()
    await watching
  }, 120_000)

  test('an image that is nowhere is refused when it is pulled', async () => {
    expect(await podman.runtime.images.find('registry.invalid/none:1')).toBeUndefined()
    await expect(podman.runtime.images.pull('registry.invalid/none:1')).rejects.toThrow()
  }, 120_000)
})
