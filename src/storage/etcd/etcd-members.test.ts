import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { silentLogger } from '../../std/log.ts'
import { realPorts } from '../../std/real-ports.ts'
import { CasError, type Store, type StoreEvent, StoreUnavailableError } from '../store.ts'
import { openEtcdStore } from './etcd-store.ts'
import { etcdMissing, replaceMember, startMembers, type TestEtcd, tellEtcd } from './testing.ts'

const missing = etcdMissing()
if (missing) console.warn(`SKIP an etcd of several members: ${missing}`)

const ports = realPorts(silentLogger)
const bytes = (text: string) => new TextEncoder().encode(text)

/** Writes one key after the other until it is told to stop; remembers what was acknowledged, and what is in doubt. */
function startWriter(store: Store, name: string) {
  const acknowledged = new Set<string>()
  const doubtful = new Set<string>()
  const wrong: unknown[] = []
  let isStopped = false
  let round = 0
  const write = async () => {
    while (!isStopped) {
      const key = `/registry/${name}/${round++}`
      try {
        await store.write({ key, value: bytes(key), expected: 0 })
        acknowledged.add(key)
      } catch (error) {
        if (error instanceof StoreUnavailableError) doubtful.add(key)
        else wrong.push(error)
        await Bun.sleep(20)
      }
    }
  }
  const writing = write()
  return {
    acknowledged,
    doubtful,
    wrong,
    /** Resolves when so many more were acknowledged. */
    async progress(more = 20) {
      const wanted = acknowledged.size + more
      while (acknowledged.size < wanted) await Bun.sleep(10)
    },
    async stop() {
      isStopped = true
      await writing
    },
  }
}

function follow(store: Store) {
  const seen: StoreEvent[] = []
  const stop = new AbortController()
  let ended: unknown
  const watching = store.watch('', store.revision(), events => void seen.push(...events), stop.signal)
  watching.catch(error => {
    ended = error
  })
  return { seen, ended: () => ended, stop: () => stop.abort() }
}

/** The member that leads; only asked of members that answer. */
async function leaderOf(members: readonly TestEtcd[]): Promise<TestEtcd> {
  for (;;) {
    for (const member of members) {
      const answer = await fetch(`${member.endpoint}/metrics`).then(
        each => each.text(),
        () => '',
      )
      if (answer.includes('\netcd_server_is_leader 1\n')) return member
    }
    await Bun.sleep(50)
  }
}

describe.skipIf(missing !== undefined)('an etcd of three members', () => {
  let members: TestEtcd[]
  let stores: Store[]
  const open = async () => {
    const endpoints = members.map(({ endpoint }) => endpoint)
    const store = await openEtcdStore({ endpoints, ports, root: '/registry/', prefix: '/test/' })
    stores.push(store)
    return store
  }
  beforeEach(async () => {
    stores = []
    members = await startMembers(3)
  }, 120_000)
  afterEach(async () => {
    for (const member of members) member.signal('SIGCONT')
    for (const store of stores) await store.close()
    for (const member of members) await member.remove()
  }, 120_000)

  /** Everything that was acknowledged is there and was told once, in order, to both. */
  const judge = async (
    writers: readonly ReturnType<typeof startWriter>[],
    watches: ReturnType<typeof follow>[],
  ) => {
    const store = await open()
    const { entries } = await store.range('/registry/')
    const there = new Set(entries.map(({ key }) => key))
    for (const { acknowledged, wrong } of writers) {
      expect(wrong).toEqual([])
      expect([...acknowledged].filter(key => !there.has(key))).toEqual([])
    }
    for (const [index, { seen, ended }] of watches.entries()) {
      await stores[index]!.freshRevision!()
      expect(ended()).toBeUndefined()
      const told = seen.map(({ key }) => key)
      expect(new Set(told).size).toBe(told.length)
      expect([...there].filter(key => !new Set(told).has(key))).toEqual([])
      const revisions = seen.map(({ revision }) => revision)
      expect(revisions).toEqual(revisions.toSorted((a, b) => a - b))
    }
  }

  const disturbed = async (disturb: (progress: () => Promise<unknown>) => Promise<void>) => {
    const [one, other] = [await open(), await open()]
    const watches = [follow(one), follow(other)]
    const writers = [startWriter(one, 'one'), startWriter(other, 'other')]
    const progress = () => Promise.all(writers.map(writer => writer.progress()))
    await progress()
    await disturb(progress)
    await progress()
    for (const writer of writers) await writer.stop()
    await judge(writers, watches)
    for (const watch of watches) watch.stop()
  }

  test('one member after the other is killed and comes back: no acknowledged write is lost, and watches have no hole', async () => {
    await disturbed(async progress => {
      for (const member of members.slice(1)) {
        await member.kill()
        await progress()
        await member.start()
      }
    })
  }, 300_000)

  test('the leader is killed', async () => {
    await disturbed(async progress => {
      const leader = await leaderOf(members)
      await leader.kill()
      await progress()
      await leader.start()
    })
  }, 300_000)

  test('a member that stands still is left, be it the leader or not', async () => {
    await disturbed(async progress => {
      const leader = await leaderOf(members)
      for (const member of [leader, members.find(each => each !== leader)!]) {
        member.signal('SIGSTOP')
        await progress()
        member.signal('SIGCONT')
      }
    })
  }, 300_000)

  test('the member that leads is lost for good and an empty one takes its place', async () => {
    await disturbed(async progress => {
      const gone = await leaderOf(members)
      const others = members.filter(each => each !== gone)
      await gone.kill()
      await progress()
      const made = await replaceMember(gone, others)
      await gone.remove()
      members = [...others, made]
    })
  }, 300_000)

  test('each member is defragmented under writes, which it stands still for', async () => {
    await disturbed(async progress => {
      for (const member of members) {
        await tellEtcd(member, '/v3/maintenance/defragment')
        await progress()
      }
    })
  }, 300_000)

  test('without a majority writes fail by name, and go on with it', async () => {
    const store = await open()
    const watch = follow(store)
    const { revision } = await store.write({ key: '/registry/a', value: bytes('1'), expected: 0 })
    await members[0]!.kill()
    await members[1]!.kill()
    const failed = await store
      .write({ key: '/registry/b', value: bytes('1'), expected: 0 })
      .catch(error => error)
    expect(failed).toBeInstanceOf(StoreUnavailableError)
    await Promise.all([members[0]!.start(), members[1]!.start()])
    let last: unknown
    do {
      last = await store
        .write({ key: '/registry/a', value: bytes('2'), expected: revision })
        .catch(error => error)
      if (last instanceof CasError) break
    } while (last instanceof Error)
    await store.freshRevision!()
    expect(watch.seen.filter(({ key }) => key === '/registry/a')).toHaveLength(2)
    expect(watch.ended()).toBeUndefined()
    watch.stop()
  }, 300_000)
})
