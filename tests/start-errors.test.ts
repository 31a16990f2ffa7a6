import { afterAll, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const directory = mkdtempSync(join(tmpdir(), 'hutch-errors-'))
const config = join(directory, 'config.yaml')
const database = join(directory, 'server/db/state.db')
const base = [
  `--data-dir=${directory}`,
  `--write-kubeconfig=${directory}/kubeconfig`,
  '--simulated-node=1',
  '--bind-address=127.0.0.1',
]
/** One that starts although it should not is ended then. */
const patienceMs = 60_000
afterAll(() => rmSync(directory, { recursive: true, force: true }))

/** Runs the program and answers its exit code and what it said, log lines left out. */
function hutch(...words: string[]): { code: number | null; said: string } {
  const program = join(import.meta.dir, '../src/cmd/hutch.ts')
  const run = Bun.spawnSync(['bun', 'run', program, ...words], { timeout: patienceMs })
  const lines = (run.stdout.toString() + run.stderr.toString()).split('\n')
  return {
    code: run.exitCode,
    said: lines.filter(line => line !== '' && !/^\d{4}-\d\d-\d\dT/.test(line)).join('\n'),
  }
}

test.each([
  [['sever'], 'unknown command "sever"', 'Did you mean "hutch server"?'],
  [['server', '--data-dirr=x'], 'unknown flag --data-dirr', 'Did you mean --data-dir?'],
  [['server', '--https-listen-port=99999'], '"99999" is not a port', 'Run the command with --help'],
  [['server', '--https-listen-port'], '--https-listen-port needs a value', 'Run the command with --help'],
  [['server', '--service-cidr=foo'], '"foo" is not a CIDR', 'Run the command with --help'],
  [
    ['server', '--datastore-endpoint=etcd'],
    '"etcd" is not available; use sqlite, memory, or http(s)://HOST:2379',
    'Run the command with --help',
  ],
  [['server', '--service-cidr=10.0.0.0/99'], '"10.0.0.0/99" is not a CIDR', 'Run the command with --help'],
  [['server', '--cluster-cidr=10.42.0.0/30'], '"10.42.0.0/30" is too small', 'Run the command with --help'],
  [
    ['server', '--service-cidr=10.43.0.0/16,fd00::/112'],
    'this node carries IPv4 alone',
    'with --disable-agent',
  ],
  [['server', '--node-name=My_Node'], '"My_Node" is not a name', 'Run the command with --help'],
  [['server', '--node-ip=here'], '"here" is not an IP address', 'Run the command with --help'],
  [['server', '--advertise-address=1'], '"1" is not an IP address', 'Run the command with --help'],
  [['server', '--cluster-dns=x'], '"x" is not an IP address', 'Run the command with --help'],
  [['server', '--cluster-domain=a b'], '"a b" is not a DNS domain', 'Run the command with --help'],
  [['server', '--tls-san=a,b_c'], '"b_c" is neither a DNS name nor an IP', 'Run the command with --help'],
  [['server', 'now'], '"now" is no flag', '"hutch server" takes flags only.'],
  [['server', '--disable=dsn'], '"dsn" cannot be disabled', 'Run the command with --help'],
  [['server', '--node-taint=x'], '"x" is not KEY[=VALUE]:EFFECT', 'Run the command with --help'],
])('%j is refused with the nearest right thing', (words, problem, hint) => {
  const { code, said } = hutch(...words)
  expect(code).toBe(2)
  expect(said).toContain(problem)
  expect(said).toContain(hint)
})

test.each([
  [
    'https-listen-port: 7\nnode-lable: [a=b]\n',
    `${config}:2: unknown key node-lable\nDid you mean node-label?`,
  ],
  ['https-listen-port: abc\n', `${config}:1: https-listen-port: "abc" is not a port`],
  ['tls-san:\n  a: b\n', `${config}:1: tls-san needs a list`],
  ['tls-san: [a\n', `${config}:2: `],
  [
    'node-ip: 127.0.0.1\nnode-ip: 127.0.0.2\n',
    `${config}:2: node-ip: Map keys must be unique\nThe file has one`,
  ],
  ['- a\n', `${config}:1: this is not YAML with flags\nThe file has one`],
])('the config file %j is refused by line and key', (text, problem) => {
  writeFileSync(config, text)
  expect(hutch('server', ...base, `--config=${config}`).said).toContain(problem)
})

test('a config file that cannot be read is named', () => {
  expect(hutch('server', ...base, `--config=${directory}`).said).toStartWith(
    `hutch: cannot read ${directory}: `,
  )
})

test('a busy port, a folder that cannot be written and a damaged database each end with what to do', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await new Promise(resolve => other.once('listening', resolve))
  const { port } = other.address() as { port: number }
  expect(hutch('server', ...base, `--https-listen-port=${port}`)).toEqual({
    code: 1,
    said: `hutch: port ${port} is in use\nStop what listens there, or choose another with --https-listen-port.`,
  })
  other.close()
  expect(hutch('server', '--simulated-node=1', '--data-dir=/proc/x').said).toContain(
    'Choose another --data-dir, or run as root.',
  )
  mkdirSync(join(directory, 'server/db'), { recursive: true })
  for (const suffix of ['-wal', '-shm']) rmSync(database + suffix, { force: true })
  writeFileSync(database, 'not a database at all '.repeat(400))
  const damaged = hutch('server', ...base, `--https-listen-port=${port}`)
  expect(damaged.code).toBe(1)
  expect(damaged.said).toStartWith(`hutch: ${database} is damaged`)
  expect(damaged.said).toContain('restore it from a backup, or move it away')
})

const mayMount = Bun.spawnSync(['unshare', '--mount', 'true']).success
if (!mayMount) console.warn('SKIP a full disk: no file system of our own may be mounted')

test.skipIf(!mayMount)(
  'a disk that is full before all is written ends with what to do',
  () => {
    const disk = join(directory, 'disk')
    mkdirSync(disk)
    const script = `mount -t tmpfs -o size=320k tmpfs ${disk} && exec "$@"`
    const words = ['server', ...base, `--data-dir=${disk}`, '--https-listen-port=16443', '--config=/dev/null']
    const program = [process.execPath, 'run', join(import.meta.dir, '../src/cmd/hutch.ts')]
    const run = Bun.spawnSync(['unshare', '--mount', 'sh', '-c', script, 'sh', ...program, ...words], {
      timeout: 60_000,
    })
    expect(run.exitCode).toBe(1)
    expect(run.stderr.toString()).toContain(
      `hutch: ${disk}/server/db/state.db cannot grow (database or disk is full): free some disk space\nNothing that was`,
    )
  },
  90_000,
)

test('a machine without Podman is told what to install, an ordinary user what to do instead', () => {
  const program = join(import.meta.dir, '../src/cmd/hutch.ts')
  const words = [
    process.execPath,
    'run',
    program,
    'server',
    ...base.filter(flag => !flag.startsWith('--simulated')),
  ]
  const run = Bun.spawnSync(words, { env: { PATH: '/nowhere' }, timeout: patienceMs })
  expect(run.exitCode).toBe(1)
  const problem =
    process.getuid?.() === 0
      ? 'hutch: not installed: podman, nft, ip, nsenter'
      : 'hutch: running pods needs root'
  expect(run.stderr.toString()).toStartWith(problem)
  expect(run.stderr.toString()).toContain('--simulated-node 1')
})

test('help has examples and every flag', () => {
  expect(hutch('--help').said).toContain('sudo hutch server')
  const { said } = hutch('server', '--help')
  for (const flag of ['--data-dir DIR', '--simulated-node N', '--cluster-cidr CIDR', '--tls-san NAME'])
    expect(said).toContain(flag)
})
