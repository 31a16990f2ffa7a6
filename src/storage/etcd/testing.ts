/** A real etcd for tests, on loopback with a folder of its own. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'

const cache =
  process.env.HUTCH_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'hutch')
const program = join(cache, 'stock/bin/etcd')

/** A test run that is killed leaves no etcd behind. */
const tied = Bun.which('setpriv') ? ['setpriv', '--pdeathsig=TERM', '--'] : []

/** Why there is no etcd on this machine; undefined when there is one. */
export function etcdMissing(): string | undefined {
  return existsSync(program) ? undefined : `no etcd at ${program}; "scripts/stock build" makes it`
}

export interface TestEtcd {
  readonly endpoint: string
  /** By which other members know it. */
  readonly peer: string
  readonly name: string
  /** SIGSTOP lets it stand still, SIGCONT go on. */
  signal(name: 'SIGSTOP' | 'SIGCONT'): void
  /** Ends it without a word, as a power cut would. */
  kill(): Promise<void>
  /** Goes on with the data that are there; resolves when it answers. */
  start(): Promise<void>
  /** Ends it and forgets its data. */
  remove(): Promise<void>
}

/** Paths of PEM files: of the authority, and of what both sides show. */
export interface TestTls {
  readonly ca: string
  readonly certificate: string
  readonly key: string
}

interface Member {
  readonly name: string
  readonly port: number
  readonly peer: string
}

async function newMember(name: string): Promise<Member> {
  return { name, port: await freePort(), peer: `http://127.0.0.1:${await freePort()}` }
}

/** Starts an etcd; resolves when it answers. With `tls` it takes nobody without a certificate of the authority. */
export async function startEtcd(tls?: TestTls, more: readonly string[] = []): Promise<TestEtcd> {
  const member = await newMember('default')
  const etcd = openMember(member, [member], tls, more)
  await etcd.start()
  return etcd
}

/** An etcd of so many members; resolves when each answers. With `tls` nobody is taken without a certificate. */
export async function startMembers(count: number, tls?: TestTls): Promise<TestEtcd[]> {
  const members = await Promise.all(Array.from({ length: count }, (_, n) => newMember(`m${n}`)))
  const opened = members.map(member => openMember(member, members, tls))
  await Promise.all(opened.map(etcd => etcd.start()))
  return opened
}

/** Asks a member by its own JSON over HTTP (grpc-gateway): `/v3/cluster/member/list`. */
export async function tellEtcd(
  { endpoint }: Pick<TestEtcd, 'endpoint'>,
  path: string,
  body: object = {},
): Promise<unknown> {
  const answer = await fetch(`${endpoint}${path}`, { method: 'POST', body: JSON.stringify(body) })
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
  return answer.json()
}

/** Puts a new, empty member, met at the endpoint of one that is gone, in its place; resolves when it answers. */
export async function replaceMember(gone: TestEtcd, others: readonly TestEtcd[]): Promise<TestEtcd> {
  const [first] = others
  const { members } = (await tellEtcd(first!, '/v3/cluster/member/list')) as {
    members: readonly { readonly ID: string; readonly name: string }[]
  }
  const { ID } = members.find(({ name }) => name === gone.name)!
  await tellEtcd(first!, '/v3/cluster/member/remove', { ID })
  const peer = `http://127.0.0.1:${await freePort()}`
  await tellEtcd(first!, '/v3/cluster/member/add', { peerURLs: [peer] })
  const made = { name: `${gone.name}-anew`, port: Number(new URL(gone.endpoint).port), peer }
  const all = [...others.map(each => ({ ...each, port: 0 })), made]
  const etcd = openMember(made, all, undefined, ['--initial-cluster-state', 'existing'])
  await etcd.start()
  return etcd
}

function openMember(
  { name, port, peer }: Member,
  all: readonly Member[],
  tls?: TestTls,
  more: readonly string[] = [],
): TestEtcd {
  const folder = mkdtempSync(join(tmpdir(), 'hutch-etcd-'))
  const endpoint = `${tls ? 'https' : 'http'}://127.0.0.1:${port}`
  const trust = tls
    ? [
        '--client-cert-auth',
        ...['--trusted-ca-file', tls.ca, '--cert-file', tls.certificate, '--key-file', tls.key],
      ]
    : []
  const words = [
    ...['--name', name, '--data-dir', folder, '--log-level', 'error', '--unsafe-no-fsync'],
    ...['--listen-client-urls', endpoint, '--advertise-client-urls', endpoint],
    ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer],
    ...['--initial-cluster', all.map(each => `${each.name}=${each.peer}`).join(','), ...trust, ...more],
  ]
  let child: ReturnType<typeof spawn> | undefined
  const etcd: TestEtcd = {
    ...{ endpoint, peer, name },
    async start() {
      const [first = program, ...rest] = [...tied, program, ...words]
      child = spawn(first, rest, { stdio: ['ignore', 'ignore', 'inherit'] })
      await answers(endpoint, child, tls)
    },
    signal: name => void child?.kill(name),
    async kill() {
      const ending = child
      child = undefined
      if (!ending || ending.exitCode !== null) return
      const ended = once(ending, 'exit')
      ending.kill('SIGKILL')
      await ended
    },
    async remove() {
      await etcd.kill()
      rmSync(folder, { recursive: true, force: true })
    },
  }
  return etcd
}

async function answers(endpoint: string, child: ReturnType<typeof spawn>, tls?: TestTls): Promise<void> {
  const shown = tls && {
    ca: readFileSync(tls.ca),
    cert: readFileSync(tls.certificate),
    key: readFileSync(tls.key),
    // Whether it is the right one is what tests ask.
    rejectUnauthorized: false,
  }
  for (;;) {
    if (child.exitCode !== null) throw new Error(`etcd ended with ${child.exitCode}`)
    const isUp = await fetch(`${endpoint}/health`, shown && { tls: shown }).then(
      ({ ok }) => ok,
      () => false,
    )
    if (isUp) return
    await Bun.sleep(50)
  }
}

/** A port that nobody listens at just now. */
export async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('the system gave no port')
  return address.port
}
