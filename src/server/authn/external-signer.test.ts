import { afterAll, beforeAll, beforeEach, expect, test } from 'bun:test'
import { createPrivateKey, createPublicKey, sign as signBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLogger } from '../../std/log.ts'
import { realPorts } from '../../std/real-ports.ts'
import { encodeMessage, textAt } from '../local-grpc/message.ts'
import { serveLocalGrpc } from '../local-grpc/testing.ts'
import { newEcKey } from '../pki/certificate.ts'
import { connectExternalSigner } from './external-signer.ts'
import { createTokenVerifier } from './token-verifier.ts'

const folder = mkdtempSync(join(tmpdir(), 'hutch-signer-'))
const socket = join(folder, 'signer.sock')
const ports = realPorts(silentLogger)
const keys = new Map<string, string>()
const usual = { id: 'one', typ: 'JWT', life: 3600, refresh: 600, unpublished: '', fetched: 0 }
let state = { ...usual }
let plugin: Awaited<ReturnType<typeof serveLocalGrpc>>
const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

const tellKeys = () => {
  state.fetched++
  const told = [...keys].map(([id, pem]) =>
    encodeMessage({
      1: id,
      2: createPublicKey(pem).export({ type: 'spki', format: 'der' }),
      3: state.unpublished === id ? 1 : 0,
    }),
  )
  return encodeMessage({ 1: told, 2: encodeMessage({ 1: 1_700_000_000 }), 3: state.refresh })
}

beforeAll(async () => {
  plugin = await serveLocalGrpc(socket, 'v1.ExternalJWTSigner', {
    FetchKeys: tellKeys,
    Metadata: () => encodeMessage({ 1: state.life }),
    Sign(request) {
      const header = encoded({ alg: 'ES256', kid: state.id, typ: state.typ })
      const key = createPrivateKey(keys.get(state.id)!)
      const input = Buffer.from(`${header}.${textAt(request, 1)}`)
      const signature = signBytes('sha256', input, { key, dsaEncoding: 'ieee-p1363' })
      return encodeMessage({ 1: header, 2: signature.toString('base64url') })
    },
  })
}, 120_000)
afterAll(() => {
  plugin.stop()
  rmSync(folder, { recursive: true })
}, 120_000)
beforeEach(() => {
  keys.clear()
  keys.set('one', newEcKey())
  state = { ...usual }
})

const failureOf = async (work: Promise<unknown>) => {
  try {
    await work
    return 'none'
  } catch (error) {
    return (error as Error).message
  }
}

test('signs, is asked for keys that are new, and forgets those that are gone', async () => {
  const signer = await connectExternalSigner(socket, ports)
  const verify = createTokenVerifier(['https://i'], signer)
  expect(signer.lifeSecondsMax).toBe(3600)
  expect(signer.cacheSeconds()).toBeGreaterThan(300)
  const token = await signer.sign({ iss: 'https://i', sub: 's' })
  expect(await verify(token)).toMatchObject({ kind: 'verified', claims: { sub: 's' } })
  expect(state.fetched).toBe(1)
  keys.set('two', newEcKey())
  state.id = 'two'
  const second = await signer.sign({ iss: 'https://i', sub: 't' })
  expect(await verify(second)).toMatchObject({ kind: 'verified' })
  expect(signer.all().map(({ id }) => id)).toEqual(['one', 'two'])
  keys.delete('one')
  await signer.find('nobody has this')
  expect(await verify(token)).toEqual({ kind: 'invalid', reason: 'invalid signature, no keys found' })
  signer.close()
}, 60_000)

test('what it should not say is refused', async () => {
  const signer = await connectExternalSigner(socket, ports)
  state.typ = 'JWS'
  expect(await failureOf(signer.sign({}))).toBe('while validating header: bad type')
  state = { ...usual, unpublished: 'one' }
  await signer.find('another')
  expect(await failureOf(signer.sign({}))).toContain('(kid: one) is excluded from OIDC discovery docs')
  state.id = 'none'
  expect(await failureOf(signer.sign({}))).toStartWith(
    'while signing jwt: rpc error: code = Internal desc = ',
  )
  signer.close()
  state.refresh = 0
  expect(await failureOf(connectExternalSigner(socket, ports))).toBe(
    'while setting up external-jwt-signer: while fetching token verification keys: found invalid refresh hint (0s)',
  )
  state = { ...usual, life: 10 }
  expect(await failureOf(connectExternalSigner(socket, ports))).toContain(
    'max token life supported by external-jwt-signer (10s) is less than acceptable (min 600s)',
  )
}, 60_000)
