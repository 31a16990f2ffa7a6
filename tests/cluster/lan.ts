import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Subprocess } from 'bun'

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
  stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>
}

/** Why there can be no such machines here, or undefined. */
export function lanMissing(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root'
  const missing = ['podman', 'nft', 'ip', 'nsenter', 'unshare', 'kubectl', 'busybox'].find(
    name => !Bun.which(name),
  )
  return missing && `${missing} is not installed`
}

export async function openLan(names: readonly string[]): Promise<Lan> {
  const dir = mkdtempSync(join(tmpdir(), 'hutch-lan-'))
  const holders: Subprocess[] = []
  const running: Subprocess[] = []
  const machine = async (name: string, address: string): Promise<Machine> => {
    const holder = Bun.spawn(['unshare', '--net', 'sh', '-c', 'echo ready; exec sleep infinity'], {
      stdout: 'pipe',
    })
    holders.push(holder)
    await holder.stdout.getReader().read()
    const own = join(dir, name)
    const podmanArgs = [`--root=${own}/root`, `--runroot=${own}/run`, `--tmpdir=${own}/tmp`]
    return { name, address, dir: own, enter: ['nsenter', `--net=/proc/${holder.pid}/ns/net`], podmanArgs }
  }
  const lan = {
    dir,
    outside: await machine('outside', '10.99.0.254'),
    machines: await Promise.all(names.map((name, index) => machine(name, `10.99.0.${index + 1}`))),
    start(where: Machine, command: readonly string[], log: string): Started {
      const file = Bun.file(join(dir, log))
      const child = Bun.spawn([...where.enter, ...command], { stdout: file, stderr: file })
      running.push(child)
      return {
        async stop(signal) {
          child.kill(signal)
          await child.exited
        },
      }
    },
    async close() {
      for (const child of running) child.kill('SIGKILL')
      await Promise.all(running.map(child => child.exited))
      for (const { enter, podmanArgs } of lan.machines)
        await run([...enter, 'podman', ...podmanArgs, 'rm', '--all', '--force', '--time=0'])
      for (const holder of holders) holder.kill('SIGKILL')
      // Podman's services of killed nodes and mounts of their pods lie below the directory.
      await run([
        'sh',
        '-c',
        `for p in /proc/[0-9]*; do tr '\\0' ' ' <$p/cmdline 2>/dev/null | grep -q '^podman.*${dir}\\|/podman .*${dir}' && kill -9 \${p#/proc/}; done; true`,
      ])
      await run(['sh', '-c', `grep -o ' ${dir}[^ ]*' /proc/mounts | sort -r | xargs -r umount -l`])
      rmSync(dir, { recursive: true, force: true })
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
