import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dir, '..')
/** What `scripts/start` runs. */
const bundled = Bun.spawnSync([join(root, 'scripts/bundle')], { stderr: 'inherit' })
  .stdout.toString()
  .trim()

/** As `scripts/start` sets it. */
const asStarted = Object.fromEntries(
  Bun.spawnSync(['sh', '-c', `. ${join(root, 'scripts/engine.sh')} && env`])
    .stdout.toString()
    .split('\n')
    .filter(line => line.startsWith('BUN_JSC_'))
    .map(line => line.split('=') as [name: string, value: string]),
)

export interface HutchProcess {
  readonly pid: number
  readonly kubeconfig: string
  /** How it ended: `exit 1`, `SIGKILL`. */
  readonly ended: Promise<string>
  stop(): Promise<void>
}

interface HutchStart {
  readonly enter?: readonly string[]
  readonly program?: string
  readonly preload?: readonly string[]
}

/**
 * Starts `hutch server` of this checkout on loopback with its state in `directory`; resolves once it is ready. `enter`
 * goes before the program, to enter a network namespace; `program` is another one than what `scripts/start` runs;
 * `preload` is loaded into it first.
 */
export async function startHutch(
  directory: string,
  flags: readonly string[],
  { enter = [], program = bundled, preload = [] }: HutchStart = {},
): Promise<HutchProcess> {
  const kubeconfig = join(directory, 'kubeconfig')
  // Written once the API listens; one from the last start would say so too early.
  rmSync(kubeconfig, { force: true })
  const port = 20_000 + Math.floor(Math.random() * 10_000)
  const child = Bun.spawn(
    [
      ...enter,
      'bun',
      ...preload.map(path => `--preload=${path}`),
      program,
      'server',
      '--bind-address=127.0.0.1',
      '--advertise-address=127.0.0.1',
      '--log-level=warn',
      `--data-dir=${directory}`,
      `--write-kubeconfig=${kubeconfig}`,
      `--https-listen-port=${port}`,
      ...flags,
    ],
    {
      stdout: 'ignore',
      stderr: Bun.file(join(directory, 'hutch.log')),
      env: { ...asStarted, ...process.env },
    },
  )
  await until(() => existsSync(kubeconfig) || child.exitCode !== null, 'Hutch')
  if (child.exitCode !== null)
    throw new Error(`Hutch did not start: ${readFileSync(join(directory, 'hutch.log'), 'utf8')}`)
  return {
    pid: child.pid,
    kubeconfig,
    ended: child.exited.then(() => String(child.signalCode ?? `exit ${child.exitCode}`)),
    async stop() {
      child.kill('SIGTERM')
      await child.exited
    },
  }
}

/** Asks every 20 ms for half a minute. */
export async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (let tries = 0; tries < 1500; tries++) {
    if (await condition()) return
    await Bun.sleep(20)
  }
  throw new Error(`${what} is not ready after 30 seconds`)
}

/** Where a kubeconfig of Hutch's own leads, and with which certificates. */
export function connectionOf(kubeconfig: string) {
  const text = readFileSync(kubeconfig, 'utf8')
  const field = (name: string) => new RegExp(`${name}: "?([^"\\n]+)"?`).exec(text)?.[1] ?? ''
  const pem = (name: string) => Buffer.from(field(name), 'base64').toString()
  const tls = {
    ca: pem('certificate-authority-data'),
    cert: pem('client-certificate-data'),
    key: pem('client-key-data'),
  }
  return { server: field('server'), tls }
}

/** Asks the API without a program in between. */
export function apiOf(kubeconfig: string) {
  const { server, tls } = connectionOf(kubeconfig)
  return async (path: string) => {
    const response = await fetch(`${server}${path}`, { tls } as RequestInit)
    return { ok: response.ok, body: (await response.json()) as unknown }
  }
}
