import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../free-port.ts'
import { tied } from '../tied.ts'

const root = join(import.meta.dir, '../..')

/** A running `hutch server` in a folder of its own, and the unmodified kubectl to talk to it. */
export interface TestCluster {
  readonly directory: string
  readonly kubeconfig: string
  readonly child: Bun.Subprocess
  /** Runs kubectl; standard output and error together. Throws with them when it fails, unless `mayFail`. */
  kubectl(line: string, options?: KubectlOptions): Promise<string>
  stop(): Promise<void>
}

export interface KubectlOptions {
  readonly input?: string
  readonly mayFail?: boolean
  readonly env?: Readonly<Record<string, string>>
}

/** Debian 12's own is of 1.20: it speaks of versions of kinds that are gone since. */
const oldestMinor = 30

/** Why what kubectl does cannot be tried here, or undefined. */
export function missingKubectl(): string | undefined {
  const program = Bun.which('kubectl')
  if (program === null) return 'kubectl is not installed'
  const { stdout } = Bun.spawnSync([program, 'version', '--client', '--output=json'])
  const { minor } = JSON.parse(stdout.toString()).clientVersion as { minor: string }
  return Number.parseInt(minor, 10) < oldestMinor
    ? `kubectl is 1.${minor} and not 1.${oldestMinor} or later`
    : undefined
}

export interface ClusterPlace {
  /** State, kubeconfig and log; default: a new temporary folder. */
  readonly directory?: string
  /** Goes before every program, to enter a network namespace. */
  readonly enter?: readonly string[]
}

/** Starts a server with these flags on a free port and waits until it is ready. */
export async function startCluster(flags: readonly string[], place: ClusterPlace = {}): Promise<TestCluster> {
  const { directory = mkdtempSync(join(tmpdir(), 'hutch-test-')), enter = [] } = place
  const kubeconfig = join(directory, 'kubeconfig')
  rmSync(kubeconfig, { force: true })
  const port = await freePort()
  const own = [
    `--data-dir=${directory}`,
    `--write-kubeconfig=${kubeconfig}`,
    `--https-listen-port=${port}`,
    '--bind-address=127.0.0.1',
  ]
  const program = ['bun', 'run', join(root, 'src/cmd/hutch.ts'), 'server']
  const child = Bun.spawn([...tied, ...enter, ...program, ...own, ...flags], {
    stdout: 'ignore',
    stderr: Bun.file(join(directory, 'hutch.log')),
  })
  const cluster: TestCluster = {
    directory,
    kubeconfig,
    child,
    kubectl: (line, options) => kubectl(enter, kubeconfig, line, options),
    async stop() {
      child.kill('SIGTERM')
      await child.exited
    },
  }
  const ready = async () => {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(readFileSync(join(directory, 'hutch.log'), 'utf8'))
    return existsSync(kubeconfig) && (await cluster.kubectl('get --raw /readyz', { mayFail: true })) === 'ok'
  }
  await until(ready, `${directory}/hutch.log`).catch(async error => {
    await cluster.stop()
    throw error
  })
  return cluster
}

/** Asks again every 100 ms for up to two minutes: the machine may be slow and busy. */
export async function until(condition: () => Promise<boolean>, what: string): Promise<void> {
  const startMs = performance.now()
  while (performance.now() - startMs < 120_000) {
    if (await condition()) return
    await Bun.sleep(100)
  }
  throw new Error(`gave up waiting; see ${what}`)
}

async function kubectl(
  enter: readonly string[],
  kubeconfig: string,
  line: string,
  { input, mayFail, env }: KubectlOptions = {},
): Promise<string> {
  const child = Bun.spawn([...enter, 'sh', '-c', `exec kubectl ${line} 2>&1`], {
    stdin: input === undefined ? 'ignore' : Buffer.from(input),
    stdout: 'pipe',
    env: { ...process.env, KUBECONFIG: kubeconfig, ...env },
  })
  const output = (await new Response(child.stdout).text()).trim()
  if ((await child.exited) !== 0 && !mayFail) throw new Error(`kubectl ${line}:\n${output}`)
  return output
}
