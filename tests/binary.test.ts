import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Subprocess } from 'bun'
import { freePort } from './free-port.ts'
import { missingKubectl } from './kubectl/cluster.ts'
import { tied } from './tied.ts'

setDefaultTimeout(600_000)

const root = join(import.meta.dir, '..')
const kubectlMissing = missingKubectl()
/** By its full name: it need not lie where the binary may look. */
const kubectlProgram = Bun.which('kubectl')
const emulator = Bun.which('qemu-aarch64-static')
const emulated = emulator ? armLibrary() : undefined
const armMissing =
  kubectlMissing ??
  (emulator ? undefined : 'qemu-aarch64-static is not installed') ??
  (emulated ? undefined : "Debian's arm64 C library cannot be had")
if (kubectlMissing) console.warn(`SKIPPED: what kubectl says to the compiled binaries (${kubectlMissing})`)
const goMissing = !Bun.which('go')
if (goMissing) console.warn('SKIPPED: what upstream says about its types in the binary (go is not installed)')
if (armMissing) console.warn(`SKIPPED: the arm64 binary (${armMissing})`)

/** A folder for `qemu-aarch64-static -L`, or undefined where there is none to be had. */
function armLibrary(): string | undefined {
  const { exitCode, stdout } = Bun.spawnSync([join(root, 'scripts/arm64-root')], { stderr: 'ignore' })
  return exitCode === 0 ? stdout.toString().trim() : undefined
}

/** Creates a ConfigMap from YAML that is long enough to be read by a Worker; answers the status code. */
async function postLongYaml(kubeconfig: string): Promise<number> {
  const text = await Bun.file(kubeconfig).text()
  const field = (name: string) => new RegExp(`${name}: "?([^"\\n]+)"?`).exec(text)?.[1] ?? ''
  const pem = (name: string) => Buffer.from(field(name), 'base64').toString()
  const lines = Array.from({ length: 4_000 }, (_, at) => `  key-${at}: a text of some length`)
  const { status } = await fetch(`${field('server')}/api/v1/namespaces/default/configmaps`, {
    method: 'POST',
    headers: { 'content-type': 'application/yaml' },
    body: `metadata:\n  name: long\ndata:\n${lines.join('\n')}\n`,
    tls: {
      ca: pem('certificate-authority-data'),
      cert: pem('client-certificate-data'),
      key: pem('client-key-data'),
    },
  })
  return status
}

describe('the compiled binary', () => {
  const dir = mkdtempSync(join(tmpdir(), 'hutch-binary-'))
  const running: Subprocess[] = []
  // Nothing of the checkout is within reach: another folder, and an environment with a path and a home only.
  const run = (command: readonly string[]) =>
    Bun.spawn([...tied, ...command], {
      cwd: dir,
      env: { PATH: '/usr/bin:/bin', HOME: dir },
      stdout: 'pipe',
      stderr: 'pipe',
    })
  const output = async (command: readonly string[]) => {
    const child = run(command)
    const [out, complaint] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
    ])
    return { code: await child.exited, text: out + complaint }
  }
  const serverWords = (name: string, port: number) => [
    ...['server', '--simulated-node=1', '--bind-address=127.0.0.1', '--config=/dev/null', '--log-level=warn'],
    ...[`--data-dir=${dir}/${name}`, `--https-listen-port=${port}`, `--write-kubeconfig=${dir}/${name}.yaml`],
  ]
  const kubectl = (name: string, ...words: string[]) =>
    output([kubectlProgram!, `--kubeconfig=${dir}/${name}.yaml`, ...words])
  const start = async (name: string, program: readonly string[], ...more: string[]) => {
    const child = run([...program, ...serverWords(name, await freePort()), ...more])
    running.push(child)
    while ((await kubectl(name, 'get', '--raw', '/readyz')).code !== 0) {
      if (child.exitCode !== null) throw new Error(await new Response(child.stderr as ReadableStream).text())
      await Bun.sleep(250)
    }
    return child
  }
  const compiled = (arch: string) => join(dir, `hutch-linux-${arch}`)

  beforeAll(async () => {
    const archs = armMissing ? ['x64'] : ['x64', 'arm64']
    const build = Bun.spawn([join(root, 'scripts/build'), '--to', dir, ...archs], { stderr: 'pipe' })
    const complaint = await new Response(build.stderr).text()
    if ((await build.exited) !== 0) throw new Error(complaint)
  }, 600_000)
  afterAll(async () => {
    for (const child of running) child.kill('SIGKILL')
    await Promise.all(running.map(child => child.exited))
    rmSync(dir, { recursive: true, force: true })
  }, 240_000)

  const own = process.arch === 'x64' ? test : test.skip
  own('knows its version', async () => {
    const { code, text } = await output([compiled('x64'), 'version'])
    expect(code).toBe(0)
    expect(text).toContain('kubernetes v1.35')
  })

  own.skipIf(kubectlMissing !== undefined)('runs a cluster with everything inside', async () => {
    const server = await start('x64', [compiled('x64')])
    expect(await Bun.file(`/proc/${server.pid}/environ`).text()).toContain('BUN_JSC_forceRAMSize=')
    expect((await kubectl('x64', 'create', 'deployment', 'web', '--image=web', '--replicas=2')).code).toBe(0)
    const rollout = await kubectl('x64', 'rollout', 'status', 'deployment/web', '--timeout=60s')
    expect(rollout.text).toContain('successfully rolled out')
    const patched = await kubectl(
      'x64',
      'patch',
      'deployment',
      'web',
      '--type=json',
      '-p',
      '[{"op":"replace","path":"/spec/replicas","value":1}]',
    )
    expect(patched.text).toContain('patched')
    expect(await postLongYaml(`${dir}/x64.yaml`)).toBe(201)
    const explained = await kubectl('x64', 'explain', 'deployment.spec.replicas')
    expect(explained.text).toContain(goMissing ? 'FIELD: replicas <integer>' : 'Number of desired pods')
    server.kill('SIGTERM')
    expect(await server.exited).toBe(0)
  })

  own.skipIf(kubectlMissing !== undefined)('binds plugins from files', async () => {
    const component = join(root, 'wasm/components/most-allocated.wasm')
    const server = await start('plugin', [compiled('x64')], `--scheduler-plugin=${component}`)
    expect((await kubectl('plugin', 'create', 'deployment', 'web', '--image=web')).code).toBe(0)
    const rollout = await kubectl('plugin', 'rollout', 'status', 'deployment/web', '--timeout=60s')
    expect(rollout.text).toContain('successfully rolled out')
    server.kill('SIGTERM')
    expect(await server.exited).toBe(0)
  })

  test.skipIf(armMissing !== undefined)('serves kubectl on arm64', async () => {
    await start('arm64', [emulator!, '-L', emulated!, compiled('arm64')])
    expect((await kubectl('arm64', 'get', 'ns')).text).toContain('kube-system')
  })
})
