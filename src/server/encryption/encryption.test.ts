import { Database } from 'bun:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLogger } from '../../std/log.ts'
import { createMetrics } from '../../std/metrics.ts'
import { realPorts } from '../../std/real-ports.ts'
import { simPorts } from '../../std/sim-ports.ts'
import { openMemoryStore } from '../../storage/memory/memory-store.ts'
import { openSqliteStore } from '../../storage/sqlite/sqlite-store.ts'
import { bytesAt, encodeMessage, textAt } from '../local-grpc/message.ts'
import { serveLocalGrpc } from '../local-grpc/testing.ts'
import { cbcCipher, gcmCipher, secretboxCipher } from './ciphers.ts'
import { readEncryptionConfiguration } from './configuration.ts'
import { encryptedStore } from './encrypted-store.ts'
import { defaultEncryption, encryptionRules } from './open-encryption.ts'
import { folderOf } from './patterns.ts'

const ports = simPorts(7)
const bytes = (text: string) => new Uint8Array(Buffer.from(text))
const text = (value: Uint8Array | undefined) => Buffer.from(value ?? []).toString('latin1')
const head = 'apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\nresources:\n'
const key = (name: string, fill: number, length = 32) =>
  `{ name: ${name}, secret: ${Buffer.alloc(length, fill).toString('base64')} }`
const rules = (providers: string, resources = '[secrets]') =>
  encryptionRules(
    readEncryptionConfiguration(`${head}- resources: ${resources}\n  providers: ${providers}\n`),
    { ports, serverId: 'apiserver-a' },
  )

const secret = '/registry/core/secrets/default/s'
const configmap = '/registry/core/configmaps/default/c'

describe('each cipher', () => {
  const ciphers = {
    aescbc: () => cbcCipher(Buffer.alloc(32, 1), ports.random),
    aesgcm: () => gcmCipher(Buffer.alloc(16, 1), ports.random),
    secretbox: () => secretboxCipher(Buffer.alloc(32, 1), ports.random),
  }
  for (const [name, make] of Object.entries(ciphers)) {
    test(`${name} opens what it sealed, never seals alike, and shows nothing`, async () => {
      const cipher = await make()
      const sealed = cipher.seal(secret, bytes('hidden words'))
      expect(text(cipher.open(secret, sealed))).toBe('hidden words')
      expect(text(cipher.seal(secret, bytes('hidden words')))).not.toBe(text(sealed))
      expect(text(sealed)).not.toContain('hidden')
    })
  }
  test('what was changed or moved is refused by those that authenticate', async () => {
    const gcm = ciphers.aesgcm()
    const sealed = gcm.seal(secret, bytes('x'))
    expect(() => gcm.open('/registry/core/secrets/default/other', sealed)).toThrow()
    const box = await ciphers.secretbox()
    const boxed = box.seal(secret, bytes('x'))
    boxed[boxed.length - 1]! ^= 1
    expect(() => box.open(secret, boxed)).toThrow()
  })
  test('secretbox is NaCl: a box that another program made opens', async () => {
    // Made with golang.org/x/crypto/nacl/secretbox: key 32 × 0x01, nonce 24 × 0x02.
    const made = Buffer.from('AgICAgICAgICAgICAgICAgICAgICAgICaRF4oKbpM89AV5wURjA7xZUAspER', 'base64')
    const box = await ciphers.secretbox()
    expect(text(box.open(secret, made))).toBe('hello')
  })
})

describe('a store under rules', () => {
  const open = async (providers: string, resources?: string) => {
    const inner = openMemoryStore({ clock: ports.clock, log: silentLogger })
    return { inner, outer: encryptedStore(inner, await rules(providers, resources), ports) }
  }
  const stored = async (
    store: { get(key: string): Promise<{ value: Uint8Array } | undefined> },
    at: string,
  ) => text((await store.get(at))?.value)

  test('seals what it covers under upstream prefixes and leaves the rest', async () => {
    const { inner, outer } = await open(`[{ aescbc: { keys: [${key('key1', 1)}] } }, { identity: {} }]`)
    await outer.write({ key: secret, value: bytes('{"hidden":1}'), expected: 0 })
    await outer.write({ key: configmap, value: bytes('{"shown":1}'), expected: 0 })
    expect(await stored(inner, secret)).toStartWith('k8s:enc:aescbc:v1:key1:')
    expect(await stored(inner, configmap)).toBe('{"shown":1}')
    expect(await stored(outer, secret)).toBe('{"hidden":1}')
    const { entries } = await outer.range('/registry/core/')
    expect(entries.map(({ value }) => text(value))).toEqual(['{"shown":1}', '{"hidden":1}'])
  })

  test('watchers see what was written, the very bytes of this process and history alike', async () => {
    const { outer } = await open(`[{ secretbox: { keys: [${key('key1', 1)}] } }]`)
    const value = bytes('{"a":1}')
    const stop = new AbortController()
    const seen: Uint8Array[] = []
    void outer.watch('', 0, events => void seen.push(...events.map(event => event.value)), stop.signal)
    const { revision } = await outer.write({ key: secret, value, expected: 0 })
    expect(seen[0]).toBe(value)
    await outer.write({ key: secret, value: undefined, expected: revision })
    expect(text(seen[1])).toBe('{"a":1}')
    const late: string[] = []
    void outer.watch('', 0, events => void late.push(...events.map(event => text(event.value))), stop.signal)
    expect(late).toEqual(['{"a":1}', '{"a":1}'])
    stop.abort()
  })

  test('keys turn: the new one writes, the old one reads, and what is stale is written anew', async () => {
    const old = await open(`[{ aesgcm: { keys: [${key('one', 1)}] } }]`)
    await old.outer.write({ key: secret, value: bytes('v'), expected: 0 })
    const next = await rules(
      `[{ secretbox: { keys: [${key('two', 2)}] } }, { aesgcm: { keys: [${key('one', 1)}] } }]`,
    )
    const turned = encryptedStore(old.inner, next, ports)
    await turned.range('')
    expect(await turned.rewriteStale()).toBe(1)
    expect(await stored(old.inner, secret)).toStartWith('k8s:enc:secretbox:v1:two:')
    expect(await stored(turned, secret)).toBe('v')
    await turned.range('')
    expect(await turned.rewriteStale()).toBe(0)
  })

  test('keys turn also between two providers of one kind, whose values begin alike', async () => {
    const one = `{ aescbc: { keys: [${key('k', 1)}] } }`
    const two = `{ aescbc: { keys: [${key('k', 2)}] } }`
    const { inner, outer } = await open(`[${one}]`)
    await outer.write({ key: secret, value: bytes('v'), expected: 0 })
    const turned = encryptedStore(inner, await rules(`[${two}, ${one}]`), ports)
    expect(await stored(turned, secret)).toBe('v')
    expect(await turned.rewriteStale()).toBe(1)
    expect(await stored(encryptedStore(inner, await rules(`[${two}]`), ports), secret)).toBe('v')
  })

  test('what is sealed and opened is counted by resource, prefix and outcome', async () => {
    const { outer, inner } = await open(`[{ identity: {} }, { aesgcm: { keys: [${key('one', 1)}] } }]`)
    await outer.write({ key: secret, value: bytes('v'), expected: 0 })
    await inner.write({ key: `${secret}2`, value: bytes('k8s:enc:aesgcm:v1:one:x'), expected: 0 })
    await outer.get(secret)
    await expect(outer.get(`${secret}2`)).rejects.toThrow('identity transformer')
    const seen = (prefix: string, status: string, direction: string) =>
      `apiserver_storage_transformation_operations_total{resource="secrets",status="${status}",transformation_type="${direction}",transformer_prefix="${prefix}"} `
    const told = ports.metrics.text()
    expect(told).toContain(seen('', 'OK', 'to_storage'))
    expect(told).toContain(seen('identity', 'OK', 'from_storage'))
    expect(told).toContain(seen('k8s:enc:aesgcm:v1:', 'unknown-non-grpc', 'from_storage'))
    expect(told).toContain(
      'apiserver_storage_transformation_duration_seconds_count{transformation_type="from_storage",transformer_prefix="identity"} ',
    )
  })

  test('without the key nothing is read, and identity does not pass off ciphertext', async () => {
    const { inner, outer } = await open(`[{ aesgcm: { keys: [${key('one', 1)}] } }]`)
    await outer.write({ key: secret, value: bytes('v'), expected: 0 })
    const other = encryptedStore(inner, await rules(`[{ aesgcm: { keys: [${key('one', 9)}] } }]`), ports)
    await expect(other.get(secret)).rejects.toThrow('cannot be opened with key one')
    const plain = encryptedStore(inner, await rules('[{ identity: {} }]'), ports)
    await expect(plain.get(secret)).rejects.toThrow('identity transformer tried to read encrypted data')
    const none = encryptedStore(inner, await rules(`[{ aescbc: { keys: [${key('one', 1)}] } }]`), ports)
    await expect(none.get(secret)).rejects.toThrow('no provider of the encryption configuration can read')
  })

  test('patterns name folders, the first that covers decides', async () => {
    expect(['secrets', 'deployments.apps', '*.apps', '*.', '*.*'].map(folderOf)).toEqual([
      '/registry/core/secrets/',
      '/registry/apps/deployments/',
      '/registry/apps/',
      '/registry/core/',
      '/registry/',
    ])
    const { inner, outer } = await open(`[{ aesgcm: { keys: [${key('one', 1)}] } }]`, "['*.']")
    await outer.write({ key: configmap, value: bytes('v'), expected: 0 })
    expect(await stored(inner, configmap)).toStartWith('k8s:enc:aesgcm:v1:one:')
  })
})

test('a SQLite file never holds a plain Secret, and what was plain before goes', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hutch-sealed-'))
  const path = join(folder, 'state.db')
  const files = () =>
    [path, `${path}-wal`].map(file => readFileSync(file, { flag: 'a+' }).toString('latin1')).join('')
  const { clock } = ports
  const value = bytes(`{"data":{"password":"${'c2VjcmV0LXdvcmRz'.repeat(50)}"}}`)
  const plain = openSqliteStore({ path, clock, log: silentLogger })
  await plain.write({ key: secret, value, expected: 0 })
  await plain.close()
  expect(files()).toContain('c2VjcmV0LXdvcmRz')

  const configuration = readEncryptionConfiguration(defaultEncryption(ports))
  const sealing = await encryptionRules(configuration, { ports, serverId: '' })
  const erasing = openSqliteStore({ path, clock, log: silentLogger, erases: true })
  const sealed = encryptedStore(erasing, sealing, ports)
  await sealed.range('')
  expect(await sealed.rewriteStale()).toBe(1)
  await sealed.write({ key: `${secret}2`, value, expected: 0 })
  await sealed.compact(sealed.revision())
  await sealed.write({ key: configmap, value: bytes('{}'), expected: 0 })
  await sealed.close()
  expect(files()).not.toContain('c2VjcmV0LXdvcmRz')
  expect(files()).toContain('k8s:enc:secretbox:v1:key1:')

  const again = encryptedStore(openSqliteStore({ path, clock, log: silentLogger }), sealing, ports)
  expect(text((await again.get(secret))?.value)).toBe(text(value))
  await again.close()
  expect(new Database(path, { readonly: true }).query('SELECT count(*) AS n FROM live').get()).toEqual({
    n: 3,
  })
  rmSync(folder, { recursive: true })
})

test('what is wrong with a configuration is told in upstream words', () => {
  const wrong =
    (providers: string, resources = '[secrets]') =>
    () =>
      readEncryptionConfiguration(`${head}- resources: ${resources}\n  providers: ${providers}\n`)
  expect(wrong('[]')).toThrow(
    'resources[0].providers: Required value: at least one resources[0].providers is required',
  )
  expect(wrong('[{}]')).toThrow('provider does not contain any of the expected providers')
  expect(wrong('[{ identity: {}, aescbc: { keys: [] } }]')).toThrow(
    'more than one provider specified in a single element',
  )
  expect(wrong(`[{ aesgcm: { keys: [${key('k', 1, 15)}] } }]`)).toThrow(
    'Invalid value: "REDACTED": secret is not of the expected length, got 15, expected one of [16 24 32]',
  )
  expect(wrong('[{ aescbc: { keys: [{ name: k, secret: "%%" }] } }]')).toThrow(
    'secrets must be base64 encoded',
  )
  expect(wrong('[{ identity: {} }]', '["*"]')).toThrow(
    "use '*.' to encrypt all the resources from core API group",
  )
  for (const [patterns, why] of [
    ['[secrets, "*."]', "using overlapping resources such as 'secrets' and '*.' in the same resource list"],
    ['[pods, "*.*"]', 'is not allowed as they will be masked'],
    ['[secrets, secrets]', 'the same resource cannot be specified multiple times'],
    ['[events.events.k8s.io]', "Use 'events' instead in the config file"],
    ['[deployments.extensions]', "'extensions' group has been removed"],
    ['["secrets.*"]', 'encrypting the same resource across groups is not supported'],
    ['[serviceipallocations]', 'resources which do not have REST API/s cannot be encrypted'],
  ] as const)
    expect(wrong('[{ identity: {} }]', patterns)).toThrow(why)
  const kms = '{ kms: { apiVersion: v2, name: k, endpoint: "unix:///x" } }'
  expect(wrong(`[${kms}, ${kms}]`)).toThrow('duplicate KMS provider name k, names must be unique')
  expect(wrong(kms.replace('name', 'timeout: 0s, name').replace(/^.*$/, '[$&]'))).toThrow(
    'kms.timeout: Invalid value: "0s": timeout should be a positive value',
  )
  expect(wrong('[{ kms: { apiVersion: v2, name: k, endpoint: "http://x" } }]')).toThrow(
    'unsupported scheme "http" for KMS provider',
  )
})

describe('a KMS plugin', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hutch-kms-'))
  let plugin: Awaited<ReturnType<typeof serveLocalGrpc>>
  const asked = { encrypt: 0, decrypt: 0 }
  let keyId = 'k1'
  let isSick = false
  const metrics = createMetrics()
  const xor = (value: Uint8Array) => Buffer.from(value.map(byte => byte ^ 0x5a))

  beforeAll(async () => {
    plugin = await serveLocalGrpc(`${folder}/kms.sock`, 'v2.KeyManagementService', {
      Status: () => encodeMessage({ 1: 'v2', 2: 'ok', 3: keyId }),
      Encrypt(request) {
        asked.encrypt++
        return encodeMessage({ 1: Buffer.concat([Buffer.from(keyId), xor(bytesAt(request, 1))]), 2: keyId })
      },
      Decrypt(request) {
        if (isSick) throw new Error('the vault is sealed')
        asked.decrypt++
        return encodeMessage({ 1: xor(bytesAt(request, 1).subarray(textAt(request, 3).length)) })
      },
    })
  }, 120_000)
  afterAll(() => {
    plugin.stop()
    rmSync(folder, { recursive: true })
  }, 120_000)

  const open = (told = metrics) =>
    encryptionRules(
      readEncryptionConfiguration(
        `${head}- resources: [secrets]\n  providers: [{ kms: { apiVersion: v2, name: vault, endpoint: "unix://${folder}/kms.sock" } }]\n`,
      ),
      { ports: { ...realPorts(silentLogger), random: ports.random, metrics: told }, serverId: 'apiserver-a' },
    )

  test('opens what other servers wrote with seeds of their own, in order, also after it was sick', async () => {
    const inner = openMemoryStore({ clock: ports.clock, log: silentLogger })
    const [ours, theirs] = [await open(createMetrics()), await open(createMetrics())]
    const [here, there] = [ours, theirs].map(each => encryptedStore(inner, each, ports))
    const heard: string[] = []
    const stop = new AbortController()
    const watching = here!.watch(
      '',
      0,
      events => heard.push(...events.map(({ key, value }) => `${key.slice(-1)}=${text(value)}`)),
      stop.signal,
    )
    asked.decrypt = 0
    isSick = true
    await there!.write({ key: `${secret}-a`, value: bytes('1'), expected: 0 })
    await there!.write({ key: `${configmap}-b`, value: bytes('2'), expected: 0 })
    await there!.write({ key: `${secret}-c`, value: bytes('3'), expected: 0 })
    await here!.write({ key: `${secret}-d`, value: bytes('4'), expected: 0 })
    await ports.clock.advance(5_000)
    expect(heard).toEqual([])
    isSick = false
    while (heard.length < 4) {
      await ports.clock.advance(1_000)
      await Bun.sleep(1)
    }
    expect(heard).toEqual(['a=1', 'b=2', 'c=3', 'd=4'])
    await there!.write({ key: `${secret}-e`, value: bytes('5'), expected: 0 })
    expect(heard.at(-1)).toBe('e=5')
    expect(asked.decrypt).toBe(1)
    stop.abort()
    await watching
    for (const each of [ours, theirs])
      for (const { providers } of each) for (const { close } of providers) close?.()
  }, 120_000)

  test('wraps one seed, is asked once to unwrap it, and its new key makes values stale', async () => {
    Object.assign(asked, { encrypt: 0, decrypt: 0 })
    const inner = openMemoryStore({ clock: ports.clock, log: silentLogger })
    const writing = await open()
    const outer = encryptedStore(inner, writing, ports)
    for (const name of ['a', 'b', 'c']) {
      await outer.write({ key: `${secret}-${name}`, value: bytes(`value of ${name}`), expected: 0 })
    }
    expect(asked).toEqual({ encrypt: 1, decrypt: 0 })
    expect(text((await inner.get(`${secret}-a`))?.value)).toStartWith('k8s:enc:kms:v2:vault:')

    const reading = await open()
    const again = encryptedStore(inner, reading, ports)
    expect(text((await again.get(`${secret}-a`))?.value)).toBe('value of a')
    expect((await again.range('')).entries.map(({ value }) => text(value))).toHaveLength(3)
    expect(asked.decrypt).toBe(1)
    expect(await again.rewriteStale()).toBe(0)

    keyId = 'k2'
    const turned = await open()
    const third = encryptedStore(inner, turned, ports)
    await third.range('')
    expect(await third.rewriteStale()).toBe(3)
    expect(third.check()).toBeUndefined()
    await third.close()
    const name = 'apiserver_envelope_encryption_'
    const told = metrics.text()
    expect(told).toContain('apiserver_storage_envelope_transformation_cache_misses_total 2\n')
    expect(told).toContain(
      `${name}kms_operations_latency_seconds_count{grpc_status_code="OK",method_name="/v2.KeyManagementService/Decrypt",provider_name="vault"} 2\n`,
    )
    expect(told).toMatch(
      new RegExp(`${name}key_id_hash_total{[^}]*key_id_hash="sha256:\\w{64}"[^}]*to_storage"} 3\n`),
    )
    expect(told).toContain(`${name}dek_source_cache_size{provider_name="vault"} `)
    expect(told).toContain(`${name}key_id_hash_status_last_timestamp_seconds{`)

    keyId = ''
    await expect(open()).rejects.toThrow('got invalid KMSv2 KeyID: keyID is empty')
    expect(metrics.text()).toContain(
      `${name}invalid_key_id_from_status_total{error="empty",provider_name="vault"} 1\n`,
    )
    for (const each of [writing, reading, turned])
      for (const { providers } of each) for (const { close } of providers) close?.()
  }, 120_000)
})
