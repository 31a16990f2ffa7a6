import { expect, test } from 'bun:test'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { lanMissing, must, run } from './lan.ts'

const missing = lanMissing()
if (missing) console.warn(`SKIPPED: a network of machines is cleared away (${missing})`)

/** Opens machines, starts a container and a program there, says so and waits. */
const holder = (dir: string) => `
import { must, openLan } from ${JSON.stringify(join(import.meta.dir, 'lan.ts'))}
const lan = await openLan(['only'], { dir: ${JSON.stringify(dir)} })
const [machine] = lan.machines
lan.start(machine, ['sh', '-c', 'sleep 600; true'], 'program.log')
const image = ${JSON.stringify(join(import.meta.dir, '../../scripts/image'))}
await must([...machine.enter, image, ...machine.podmanArgs])
const limits = ['--network=none', '--ulimit=nofile=1024:1024', '--ulimit=nproc=1024:1024', '--pids-limit=0']
await must([...machine.enter, 'podman', '--runtime=runc', '--cgroup-manager=cgroupfs', ...machine.podmanArgs,
  'run', '--detach', ...limits, 'hutch.local/busybox:1', 'sh', '-c', ${JSON.stringify(`: ${dir}/container; sleep 600; true`)}])
console.log('up')
await Bun.sleep(600_000)
`

test.skipIf(missing !== undefined)(
  'whatever a network of machines started is gone soon after its owner was killed',
  async () => {
    const dir = mkdtempSync(join(tmpdir(), 'hutch-lan-'))
    const complaints = Bun.file(join(dir, 'complaints'))
    const owner = Bun.spawn([process.execPath, '-e', holder(dir)], { stdout: 'pipe', stderr: complaints })
    const reader = owner.stdout.pipeThrough(new TextDecoderStream()).getReader()
    const { value } = await reader.read()
    if (value === undefined) throw new Error(await complaints.text())
    const [pid] = readFileSync(join(dir, 'only', 'holder'), 'utf8').split(' ')
    const inside = await must(['sh', '-c', `grep -c ' ${dir}' /proc/mounts`])
    expect(Number(inside)).toBeGreaterThan(0)
    // Podman knows nothing of its container any more.
    rmSync(join(dir, 'only/root/libpod'), { recursive: true })
    owner.kill('SIGKILL')
    await owner.exited
    while (existsSync(dir)) await Bun.sleep(100)
    expect(existsSync(`/proc/${pid}/ns/net`)).toBe(false)
    expect((await run(['sh', '-c', `grep ' ${dir}' /proc/mounts`])).out).toBe('')
    // The brackets keep the search from finding itself.
    const pattern = `${dir.replace('lan-', 'la[n]-')}/`
    const left = await run(['sh', '-c', `grep -ls '${pattern}' /proc/[0-9]*/cmdline`])
    expect(left.out).toBe('')
  },
  120_000,
)
