import { expect, test } from 'bun:test'
import type { KubeObject } from '../../machinery/meta/object.ts'
import { simPorts } from '../../std/sim-ports.ts'
import { openMemoryStore } from '../../storage/memory/memory-store.ts'
import { createWatchCache, objectKey } from '../watchcache/index.ts'
import { forgetful } from '../watchcache/testing.ts'
import { encryptedStore, type Rule } from './encrypted-store.ts'
import type { Opened } from './provider.ts'

const at = (name: string) => objectKey({ group: '', plural: 'secrets' }, 'default', name)
const encode = (name: string, word: string) =>
  new TextEncoder().encode(
    JSON.stringify({ kind: 'Secret', apiVersion: 'v1', metadata: { name }, data: { word } }),
  )
const decode = (bytes: Uint8Array) => JSON.parse(new TextDecoder().decode(bytes)) as KubeObject
const wordOf = (object: KubeObject | undefined) =>
  (object as { data?: { word?: string } } | undefined)?.data?.word

/** A plugin that may be away; what it sealed only it can open. */
function plugin() {
  const state = { isAway: false, asked: 0 }
  const flip = (bytes: Uint8Array) => bytes.map(byte => byte ^ 0x5a)
  const rule: Rule = {
    folders: ['/registry/core/secrets/'],
    providers: [],
    seal: (_place, plain) => flip(plain),
    async open(_place, stored): Promise<Opened> {
      state.asked++
      if (state.isAway) throw new Error('KMS Decrypt: rpc error: code = Unavailable desc = away')
      return { plain: flip(stored), isStale: false }
    },
  }
  return { state, rule }
}

test('a cache whose store lost its history while the plugin is away keeps what it had, and goes on when it is back', async () => {
  const ports = simPorts()
  const inner = openMemoryStore(ports)
  const { layer, lose } = forgetful(inner)
  const { state, rule } = plugin()
  const store = encryptedStore(layer, [rule], ports)
  const cache = createWatchCache({ ...ports, store, decode })
  await cache.ready
  let ended = false
  cache.done.finally(() => {
    ended = true
  })
  // Another server writes: this one has to open it.
  const elsewhere = async (name: string, word: string) => {
    const expected = (await inner.get(at(name)))?.modRevision ?? 0
    await inner.write({ key: at(name), value: rule.seal(at(name), encode(name, word)), expected })
  }
  const turns = async (count = 50) => {
    for (let n = 0; n < count; n++) await new Promise(resolve => setImmediate(resolve))
  }
  await elsewhere('known', 'one')
  while (!cache.get(at('known'))) await turns(1)
  state.isAway = true
  // One change waits for the plugin already when history goes.
  await elsewhere('known', 'two')
  await turns()
  lose()
  await elsewhere('known', 'three')
  await turns()
  await ports.clock.advance(5_000)
  await turns()
  expect(ended).toBe(false)
  expect(wordOf(cache.get(at('known'))?.object)).toBe('one')
  const seen: (string | undefined)[] = []
  const watching = new AbortController()
  void cache.watch(
    at('known'),
    cache.revision(),
    events => void seen.push(...events.map(({ current }) => wordOf(current?.object))),
    watching.signal,
  )
  const fresh = cache.freshen!(watching.signal)
  state.isAway = false
  await ports.clock.advance(1_000)
  await turns()
  await ports.clock.advance(1_000)
  await fresh
  expect(wordOf(cache.get(at('known'))?.object)).toBe('three')
  expect(seen).toEqual(['three'])
  await elsewhere('later', 'four')
  while (!cache.get(at('later'))) await turns(1)
  watching.abort()
  await cache.close()
})
