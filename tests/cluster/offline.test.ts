import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { startCluster, type TestCluster, until } from '../kubectl/cluster.ts'
import { type Lan, lanMissing, type Machine, must, openLan } from './lan.ts'

const missing = lanMissing()
if (missing) console.warn(`SKIPPED: a machine without any network (${missing})`)

const image = 'hutch.local/busybox:1'

describe.skipIf(missing !== undefined)('a machine without any network', () => {
  let lan: Lan
  let cluster: TestCluster

  beforeAll(async () => {
    lan = await openLan(['alone'])
    const [{ name, dir, enter, podmanArgs }] = lan.machines as [Machine]
    await must([...enter, 'ip', 'link', 'set', 'eth0', 'down'])
    await must([...enter, join(import.meta.dir, '../../scripts/image'), ...podmanArgs])
    const directory = join(dir, 'data')
    mkdirSync(directory, { recursive: true })
    const podman = podmanArgs.map(argument => `--podman-arg=${argument}`)
    cluster = await startCluster([`--node-name=${name}`, ...podman], { directory, enter })
  }, 300_000)
  afterAll(async () => {
    await cluster?.stop()
    await lan?.close()
  }, 300_000)

  test('is a cluster of its own: its pods reach themselves through their service, by name', async () => {
    const k = cluster.kubectl
    await k(`create deployment web --image=${image}`)
    await k('expose deployment web --port=80 --target-port=8080')
    await until(async () => (await k('get deployment web')).includes(' 1/1 '), 'the deployment')
    const fetched = async () =>
      k('exec deployment/web -- timeout 10 wget -qO- http://web.default.svc.cluster.local', { mayFail: true })
    await until(async () => (await fetched()) === 'Hutch', 'the service')
    expect(await k('get endpointslices -A -o jsonpath={.items[*].endpoints[*].addresses[0]}')).not.toContain(
      '127.0.0.1',
    )
  }, 300_000)
})
