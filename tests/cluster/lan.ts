import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Subprocess } from 'bun'
import { missingKubectl } from '../kubectl/cluster.ts'

/** A machine that is only a network namespace: its own interfaces, routes, packet rules and Podman storage. */
export interface Machine {
  readonly name: string
  readonly address: string
  readonly dir: string
  /** Put before a command to run it there. */
  readonly enter: readonly string[]
  /** Podman's arguments for this machine's own storage. */
  readonly podmanArgs: readonly string[]
}

/** Machines on one bridge, and everything that was started for them. */
export interface Lan {
  readonly dir: string
  /** On the bridge, but no node. */
  readonly outside: Machine
  readonly machines: readonly Machine[]
  start(machine: Machine, command: readonly string[], log: string): Started
  /** Ends processes, containers, mounts and namespaces, whatever state they are in. */
  close(): Promise<void>
}

export interface Started {
  /** Whether it still runs. */
  readonly running: () => boolean
  stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>
}

/** Why there can be no such machines here, or undefined. */
export function lanMissing(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root'
  const missing = ['podman', 'nft', 'ip', 'nsenter', 'unshare', 'busybox'].find(name => !Bun.which(name))
  return missing ? `${missing} is not installed` : missingKubectl()
}

export interface LanOptions {
  /** Of machines and logs; gone when the LAN closes. Default: a new temporary folder. */
  readonly dir?: string
  /** Further arguments of every machine's Podman. */
  readonly podmanArgs?: readonly string[]
}

export async function openLan(names: readonly string[], options: LanOptions = {}): Promise<Lan> {
  const dir = options.dir ?? mkdtempSync(join(tmpdir(), 'hutch-lan-'))
  const guard = guardOf(dir)
  const holders: Subprocess[] = []
  const running: Subprocess[] = []
  const machine = async (name: string, address: string): Promise<Machine> => {
    const holder = Bun.spawn(['unshare', '--net', 'sh', '-c', 'echo ready; exec sleep infinity'], {
      stdout: 'pipe',
    })
    holders.push(holder)
    await holder.stdout.getReader().read()
    const own = join(dir, name)
    mkdirSync(own, { recursive: true })
    writeFileSync(join(own, holderFile), `${holder.pid} ${netOf(holder.pid)}`)
    const podmanArgs = [`--root=${own}/root`, `--runroot=${own}/run`, `--tmpdir=${own}/tmp`]
    return {
      ...{ name, address, dir: own, enter: ['nsenter', `--net=/proc/${holder.pid}/ns/net`] },
      podmanArgs: [...podmanArgs, ...(options.podmanArgs ?? [])],
    }
  }
  const lan = {
    dir,
    outside: await machine('outside', '10.99.0.254'),
    machines: await Promise.all(names.map((name, index) => machine(name, `10.99.0.${index + 1}`))),
    start(where: Machine, command: readonly string[], log: string): Started {
      const path = resolve(dir, log)
      rmSync(path, { force: true })
      const file = Bun.file(path)
      const child = Bun.spawn([...where.enter, ...command], { stdout: file, stderr: file })
      running.push(child)
      return {
        running: () => child.exitCode === null && child.signalCode === null,
        async stop(signal) {
          child.kill(signal)
          await child.exited
        },
      }
    },
    async close() {
      for (const child of running) child.kill('SIGKILL')
      await Promise.all(running.map(child => child.exited))
      process.kill(-guard.pid, 'SIGKILL')
      await reapLan(dir)
    },
  }
  const bridge = [
    'ip link set lo up',
    'ip link add br0 type bridge',
    'ip address add 10.99.0.254/24 dev br0',
    'ip link set br0 up',
  ]
  await must([...lan.outside.enter, 'sh', '-ec', bridge.join('\n')])
  for (const [index, { enter, address }] of lan.machines.entries()) {
    const inside = `/proc/${holders[index + 1]!.pid}/ns/net`
    await must([
      ...lan.outside.enter,
      'sh',
      '-ec',
      `ip link add port${index} type veth peer name eth0 netns ${inside.split('/')[2]}
ip link set port${index} master br0 up`,
    ])
    await must([
      ...enter,
      'sh',
      '-ec',
      `ip link set lo up\nip address add ${address}/24 dev eth0\nip link set eth0 up`,
    ])
  }
  return lan
}

/** Reaps the LAN when this process has ended without closing it: killed, say. Leads a group of its own. */
function guardOf(dir: string): Subprocess {
  const script = 'tail --pid="$1" -f /dev/null; exec "$2" run "$3" "$4"'
  const words = [String(process.pid), process.execPath, join(import.meta.dir, 'reap.ts'), dir]
  const guard = Bun.spawn(['sh', '-c', script, 'sh', ...words], {
    stdio: ['ignore', 'ignore', 'ignore'],
    detached: true,
  })
  guard.unref()
  return guard
}

const holderFile = 'holder'

/** Ends everything that belongs to the LAN in this folder, whoever opened it, and removes the folder. */
export async function reapLan(dir: string): Promise<void> {
  const machines = existsSync(dir)
    ? readdirSync(dir).filter(name => existsSync(join(dir, name, holderFile)))
    : []
  // A number of a namespace may have been given to another one when its holder is gone.
  const nets = machines.flatMap(name => {
    const [pid = '', net = ''] = readFileSync(join(dir, name, holderFile), 'utf8').split(' ')
    return net !== '' && netOf(Number(pid)) === net ? [net] : []
  })
  const members = () => processes().filter(pid => nets.includes(netOf(pid) ?? '') || isStarted(pid, dir))
  // The programs of a machine first, so that nothing starts a container again.
  for (const pid of members()) if (!/^(?:conmon|sleep|unshare|sh)$/.test(nameOf(pid))) kill(pid)
  for (const name of machines) {
    const own = join(dir, name)
    if (!existsSync(join(own, 'root'))) continue
    const words = [`--root=${own}/root`, `--runroot=${own}/run`, `--tmpdir=${own}/tmp`]
    await run(['podman', ...words, 'rm', '--all', '--force', '--time=0'])
  }
  // What Podman has lost sight of has a network of its own, but still lives on a file system of the machine.
  const left = () => [...members(), ...processes().filter(pid => isContained(pid, dir))]
  // A monitor whose program was killed in the midst of a start may still bring its container up: so two looks find none.
  for (let tries = 0, quiet = 0; quiet < 2 && tries < 100; tries++) {
    const found = left()
    for (const pid of found) kill(pid)
    quiet = found.length === 0 ? quiet + 1 : 0
    await Bun.sleep(50)
  }
  await run(['sh', '-c', `grep -o ' ${dir}[^ ]*' /proc/mounts | sort -r | xargs -r umount -l`])
  rmSync(dir, { recursive: true, force: true })
}

function processes(): number[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(Number)
}

/** Nothing from a process that has just ended, or that is none of ours. */
function ofProcess(pid: number, read: (path: string) => string): string | undefined {
  try {
    return read(`/proc/${pid}`)
  } catch (error) {
    if (
      ['ENOENT', 'ESRCH', 'EACCES', 'EPERM', 'EINVAL'].includes((error as NodeJS.ErrnoException).code ?? '')
    )
      return
    throw error
  }
}

const netOf = (pid: number) => ofProcess(pid, path => readlinkSync(`${path}/ns/net`))
const nameOf = (pid: number) => ofProcess(pid, path => readFileSync(`${path}/comm`, 'utf8').trim()) ?? ''
const argumentsOf = (pid: number) =>
  ofProcess(pid, path => readFileSync(`${path}/cmdline`, 'utf8').replaceAll('\0', ' ')) ?? ''

/** Programs of a machine and monitors of its containers and execs carry the folder in their arguments. */
function isStarted(pid: number, dir: string): boolean {
  return (
    pid !== process.pid &&
    /^(?:conmon|podman|bun|hutch|runc|crun)/.test(nameOf(pid)) &&
    argumentsOf(pid).includes(`${dir}/`)
  )
}

/** Whether its root is mounted from this folder, as that of a container is. */
function isContained(pid: number, dir: string): boolean {
  const mounts = ofProcess(pid, path => readFileSync(`${path}/mountinfo`, 'utf8')) ?? ''
  return mounts.split('\n').some(line => line.split(' ')[4] === '/' && line.includes(`${dir}/`))
}

function kill(pid: number): void {
  ofProcess(pid, () => {
    process.kill(pid, 'SIGKILL')
    return ''
  })
}

export interface Result {
  readonly code: number
  readonly out: string
  readonly complaint: string
}

/** Runs a command to its end. */
export async function run(command: readonly string[], input = ''): Promise<Result> {
  const child = Bun.spawn([...command], { stdin: Buffer.from(input), stdout: 'pipe', stderr: 'pipe' })
  const [out, complaint, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  return { code, out, complaint }
}

/** Its output; throws what it complained of. */
export async function must(command: readonly string[], input = ''): Promise<string> {
  const { code, out, complaint } = await run(command, input)
  if (code !== 0) throw new Error(`${command.join(' ')}: ${complaint.trim() || out.trim()}`)
  return out
}

/** Asks until `good`; gives up with the last answer after a minute and a half. */
export async function eventually(
  what: string,
  ask: () => Promise<Result>,
  good: (result: Result) => boolean,
): Promise<Result> {
  let last: Result | undefined
  for (let tries = 0; tries < 180; tries++) {
    last = await ask()
    if (good(last)) return last
    await Bun.sleep(500)
  }
  throw new Error(`${what} did not come about: ${last?.out} ${last?.complaint}`)
}
