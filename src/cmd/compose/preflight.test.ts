import { expect, test } from 'bun:test'
import { silentLogger } from '../../std/log.ts'
import { SimClock } from '../../std/sim-ports.ts'
import { UserError } from '../user-error.ts'
import { explained, requireClusterOfOneFamily, warnOfClock } from './preflight.ts'

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

test('what keeps a node from starting is told with what to do about it, a bug as it is', () => {
  const taken = Object.assign(new Error('listen'), { code: 'EADDRINUSE' })
  expect(explained(taken, 10_250)).toMatchObject({
    message: 'port 10250 is in use',
    hint: 'Stop what listens there, or choose another with --kubelet-port.',
  })
  const podman = explained(new Error('podman system service ended: no space left on device'), 10_250)
  expect(podman).toBeInstanceOf(UserError)
  expect(podman).toMatchObject({ hint: 'Try "podman info" for what it complains about.' })
  const bug = new TypeError('undefined is not a function')
  expect(explained(bug, 10_250)).toBe(bug)
})
