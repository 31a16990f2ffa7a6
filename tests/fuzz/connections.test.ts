import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectionOf, type HutchProcess, startHutch } from '../../bench/hutch-process.ts'
import { anonymousBytes } from './attack.ts'
import {
  brokenUpgrade,
  type Connection,
  exchange,
  headerFloods,
  rapidReset,
  slowLoris,
} from './connections.ts'
import { dice } from './dice.ts'

const anonymousMax = 300 * 2 ** 20

let directory: string
let hutch: HutchProcess
let connection: Connection
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'hutch-connections-'))
  hutch = await startHutch(directory, [
    ...['--disable-agent', '--disable=scheduler,dns,proxy', '--datastore-endpoint=memory'],
  ])
  connection = connectionOf(hutch.kubeconfig)
}, 120_000)
afterAll(async () => {
  await hutch?.stop()
  rmSync(directory, { recursive: true, force: true })
}, 240_000)

/** The server is there, serves others, and has not grown. */
async function expectWell(): Promise<void> {
  const { server, tls } = connection
  const response = await fetch(`${server}/readyz`, { tls } as RequestInit)
  expect(await response.text()).toBe('ok')
  expect(anonymousBytes(hutch.pid)).toBeLessThan(anonymousMax)
}

test('streams that are opened and cancelled by the thousand', async () => {
  await rapidReset(connection, 20_000)
  await expectWell()
}, 120_000)

test('more headers than any request has', async () => {
  for (const flood of headerFloods())
    expect(await exchange(connection, flood)).toMatch(/^(HTTP\/1.1 4\d\d .*)?$/)
  await expectWell()
}, 120_000)

test('connections that never say what they want leave the server to others', async () => {
  const end = await slowLoris(connection, 300)
  await expectWell()
  end()
  await expectWell()
}, 120_000)

test('upgrades with anything behind them, and what is no HTTP at all', async () => {
  for (let number = 0; number < 150; number++) {
    const line = await exchange(connection, brokenUpgrade(number))
    expect([number, line]).toEqual([number, expect.not.stringMatching(/^HTTP\/1.1 500/)])
  }
  for (let number = 0; number < 50; number++) {
    const chance = dice(number)
    await exchange(
      connection,
      Uint8Array.from({ length: 300 }, () => chance.number(256)),
    )
  }
  await expectWell()
}, 300_000)
