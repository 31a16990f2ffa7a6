import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import path from 'node:path'
import type { Ports } from '../../../std/ports.ts'
import { sleep } from '../../../std/sleep.ts'

export interface PodmanServiceOptions {
  /** Where the socket and our containers.conf go: `<data-dir>/agent`. */
  readonly dir: string
  /** Arguments before `system service`: `--root`, `--runroot`, …; none: the system's own storage. */
  readonly globalArgs?: readonly string[]
  readonly ports: Ports
}

export interface PodmanService {
  readonly socketPath: string
  /** The lowest oom_score_adj that containers may get here. */
  readonly oomScoreAdjMin: number
  /** Ends the API service. Containers go on running. */
  close(): Promise<void>
}

/** A stop is such a piece of work until its container has ended; by default only three per CPU are done at a time. */
const workersMax = 1024
const startTimeoutMs = 20_000
const pollMs = 50

/**
 * Starts `podman system service` as a child of ours. In a restricted environment it gets a containers.conf of its
 * own that asks for no more than the environment gives, and each such concession is logged.
 */
export async function startPodmanService(options: PodmanServiceOptions): Promise<PodmanService> {
  const { dir, ports, globalArgs = [] } = options
  const binary = Bun.which('podman')
  if (!binary)
    throw new Error(
      'podman is not installed: install it with "apt-get install podman", or start with --simulated-node',
    )
  mkdirSync(dir, { recursive: true })
  const socketPath = path.join(dir, 'podman.sock')
  const pidPath = path.join(dir, 'podman.pid')
  await endLeftBehind(pidPath, socketPath, ports)
  rmSync(socketPath, { force: true })
  const environment = examineEnvironment()
  for (const warning of environment.warnings) ports.log.warn(warning)
  const configPath = path.join(dir, 'containers.conf')
  writeFileSync(configPath, containersConf(environment))
  // A process group of its own, so that Ctrl-C in our terminal does not take the engine away before us.
  const own = [`--max-workers=${workersMax}`, 'system', 'service', '--time=0', `unix://${socketPath}`]
  const child = spawn(binary, [...globalArgs, ...own], {
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, CONTAINERS_CONF: process.env.CONTAINERS_CONF ?? configPath },
  })
  if (child.pid !== undefined) writeFileSync(pidPath, String(child.pid))
  let said = ''
  child.stderr?.on('data', (text: Buffer) => {
    said = `${said}${text}`.slice(-2_000)
  })
  const ended = new Promise<void>(resolve => child.once('exit', () => resolve()))
  const stop = new AbortController()
  void ended.then(() => stop.abort())
  const deadlineMs = ports.clock.monotonicMs() + startTimeoutMs
  while (!(await answers(socketPath))) {
    if (stop.signal.aborted) throw new Error(`podman did not start: ${said.trim()}`)
    if (ports.clock.monotonicMs() > deadlineMs)
      throw new Error(`podman's API did not answer in time: ${said.trim()}`)
    await sleep(ports.clock, pollMs, stop.signal)
  }
  return {
    socketPath,
    oomScoreAdjMin: environment.oomScoreAdjMin,
    async close() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
      await ended
    },
  }
}

const leftBehindTriesMax = 100

/** A service that outlived us when we were killed: at its end it would take our socket away, so it ends before. */
async function endLeftBehind(pidPath: string, socketPath: string, { clock }: Ports): Promise<void> {
  if (!existsSync(pidPath)) return
  const pid = Number(readFileSync(pidPath, 'utf8'))
  const isIts = () => {
    const file = `/proc/${pid}/cmdline`
    return existsSync(file) && readFileSync(file, 'utf8').includes(`unix://${socketPath}`)
  }
  for (let tries = 0; isIts() && tries < leftBehindTriesMax; tries++) {
    try {
      process.kill(pid, tries < leftBehindTriesMax / 2 ? 'SIGTERM' : 'SIGKILL')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
    await sleep(clock, pollMs)
  }
}

function answers(socketPath: string): Promise<boolean> {
  if (!existsSync(socketPath)) return Promise.resolve(false)
  return new Promise(resolve => {
    const socket = connect(socketPath)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

export interface EngineEnvironment {
  readonly unifiedCgroups: boolean
  readonly systemd: boolean
  readonly oomScoreAdjMin: number
  /** Set when our own limits cannot be exceeded. */
  readonly ulimits: { readonly nofile: string; readonly nproc: string } | undefined
  /** The OCI runtime to use instead of Podman's choice. */
  readonly ociRuntime: string | undefined
  readonly warnings: readonly string[]
}

const capSysResource = 24n

/** Looks at what this process may do and at how the machine is set up. */
export function examineEnvironment(): EngineEnvironment {
  const warnings: string[] = []
  const capabilities = BigInt(
    `0x${/^CapEff:\s*(\w+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0'}`,
  )
  const mayExceed = (capabilities & (1n << capSysResource)) !== 0n
  const unifiedCgroups = existsSync('/sys/fs/cgroup/cgroup.controllers')
  let ociRuntime: string | undefined
  if (!unifiedCgroups && Bun.which('runc')) {
    ociRuntime = 'runc'
    warnings.push(
      'cgroups are not unified (version 2): containers run with runc, because crun may refuse them',
    )
  }
  const oomScoreAdjMin = mayExceed ? -1000 : Number(readFileSync('/proc/self/oom_score_adj', 'utf8'))
  if (!mayExceed)
    warnings.push(
      'CAP_SYS_RESOURCE is missing: containers get our own limits and no lower oom_score_adj than ours',
    )
  return {
    ...{ unifiedCgroups, oomScoreAdjMin, ociRuntime, warnings },
    systemd: existsSync('/run/systemd/system'),
    ulimits: mayExceed ? undefined : ownLimits(),
  }
}

function ownLimits() {
  const text = readFileSync('/proc/self/limits', 'utf8')
  const hard = (title: string) => new RegExp(`^${title}\\s+\\S+\\s+(\\S+)`, 'm').exec(text)?.[1] ?? '1024'
  const number = (value: string, max: number) =>
    String(Math.min(value === 'unlimited' ? max : Number(value), max))
  return { nofile: number(hard('Max open files'), 1_048_576), nproc: number(hard('Max processes'), 32_768) }
}

/** The capabilities that containerd gives by default, and upstream's users count on. */
const defaultCapabilities = [
  ...[
    'CHOWN',
    'DAC_OVERRIDE',
    'FSETID',
    'FOWNER',
    'MKNOD',
    'NET_RAW',
    'SETGID',
    'SETUID',
    'SETFCAP',
    'SETPCAP',
  ],
  ...['NET_BIND_SERVICE', 'SYS_CHROOT', 'KILL', 'AUDIT_WRITE'],
]

/** Long enough to ask for the exit code. */
const execLingerSeconds = 5

/** Soft and hard limits are given alike: Podman 4.3 mixes the two up on its way through the API. */
export function containersConf({ ulimits, systemd, unifiedCgroups, ociRuntime }: EngineEnvironment): string {
  const lines = [
    '[containers]',
    `default_capabilities = ${JSON.stringify(defaultCapabilities)}`,
    'pids_limit = 0',
  ]
  if (ulimits)
    lines.push(
      `default_ulimits = ["nofile=${ulimits.nofile}:${ulimits.nofile}", "nproc=${ulimits.nproc}:${ulimits.nproc}"]`,
    )
  lines.push('[engine]', 'events_logger = "file"')
  // An ended exec keeps a process for this long (Podman's own default is five minutes): probes run one all the time.
  lines.push(`exit_command_delay = ${execLingerSeconds}`)
  if (!systemd || !unifiedCgroups) lines.push('cgroup_manager = "cgroupfs"')
  if (ociRuntime) lines.push(`runtime = "${ociRuntime}"`)
  return `${lines.join('\n')}\n`
}
