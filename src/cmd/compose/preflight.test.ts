import { expect, test } from 'bun:test'
import { silentLogger } from '../../std/log.ts'
import { SimClock } from '../../std/sim-ports.ts'
import { UserError } from '../user-error.ts'
import { requireClusterOfOneFamily, warnOfClock } from './preflight.ts'

const server = 'https://192.0.2.7:6443'
const clusterCidrs = ['10.42.0.0/16']
const serviceCidrs = ['10.43.0.0/16']

test('a node that carries IPv4 alone joins a cluster of IPv4', () => {
  expect(() => requireClusterOfOneFamily(server, { clusterCidrs, serviceCidrs })).not.toThrow()
})

test('it refuses to join where pods or services have IPv6 addresses too, and names the ranges', () => {
  const join = (ranges: object) => () =>
    requireClusterOfOneFamily(server, { clusterCidrs, serviceCidrs, ...ranges })
  expect(join({ clusterCidrs: [...clusterCidrs, 'fd42::/56'] })).toThrow(
    'this node carries IPv4 alone, and the cluster of https://192.0.2.7:6443 has fd42::/56 too',
  )
  expect(join({ serviceCidrs: [...serviceCidrs, 'fd43::/112'] })).toThrow(UserError)
})

test('a clock that was never set is told, one that was is not', () => {
  const said = (nowMs: number) => {
    const warnings: string[] = []
    const log = { ...silentLogger, warn: (text: string) => void warnings.push(text) }
    warnOfClock({ clock: new SimClock(nowMs), log })
    return warnings
  }
  expect(said(10_000)).toEqual([
    'the clock has not been set: set it, or let NTP set it; certificates hold all the same',
  ])
  expect(said(Date.UTC(2026, 0))).toEqual([])
})
