import { afterAll, beforeAll, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { ServicePort } from '../model/service-port.ts'
import { createNftWriter } from '../writer.ts'
import { rulesetOf } from './ruleset.ts'
import { changeScript, emptyRuleset, replaceScript } from './script.ts'

const name = `hutch-proxy-${process.pid}`
const possible = process.getuid?.() === 0 && Bun.which('nft') !== null && Bun.which('ip') !== null
if (!possible) console.log('SKIP src/proxy/nftables: needs root, nft and ip for a network namespace')
const kernel = possible ? test : test.skip

const enter = ['nsenter', `--net=/var/run/netns/${name}`]
const writer = createNftWriter(enter)

beforeAll(() => possible && Bun.spawnSync(['ip', 'netns', 'add', name]))
afterAll(() => possible && Bun.spawnSync(['ip', 'netns', 'del', name]))

function listing(): string {
  const words = [...enter, 'nft', '-s', 'list', 'table', 'ip', 'hutch-services']
  const lines = Bun.spawnSync(words).stdout.toString().split('\n')
  // The kernel lists elements and chains in its own order; what they say is what counts.
  return lines
    .flatMap(line => line.split(', '))
    .map(line =>
      line
        .replace(/elements = \{|\}$/g, '')
        .replace(/,$/, '')
        .trim(),
    )
    .filter(Boolean)
    .sort()
    .join('\n')
}

const backends = fc
  .uniqueArray(fc.integer({ min: 1, max: 9 }), { maxLength: 3 })
  .map(last => last.map(n => ({ ip: `10.42.0.${n}`, port: 8080 })))

const ports = fc
  .uniqueArray(
    fc.record({
      n: fc.integer({ min: 1, max: 6 }),
      protocol: fc.constantFrom('tcp' as const, 'udp' as const),
      internal: backends,
      external: backends,
      keepsClientIp: fc.boolean(),
      affinitySeconds: fc.constantFrom(undefined, undefined, 60),
      nodePort: fc.boolean(),
      externalIps: fc.constantFrom([], ['192.0.2.1']),
    }),
    { selector: port => port.n, maxLength: 5 },
  )
  .map(list =>
    list.map(
      ({ n, nodePort, ...rest }): ServicePort => ({
        ...rest,
        id: `ns/s${n}/80`,
        clusterIps: [`10.43.0.${n}`],
        port: 8000 + n,
        nodePort: nodePort ? 30_000 + n : undefined,
      }),
    ),
  )

kernel('any change leads the kernel to the same rules as starting over', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(ports, { minLength: 2, maxLength: 3 }), async states => {
      const rulesets = states.map(rulesetOf)
      await writer.apply(replaceScript(rulesets[0]!))
      for (let step = 1; step < rulesets.length; step++) {
        const script = changeScript(rulesets[step - 1]!, rulesets[step]!)
        if (script !== '') await writer.apply(script)
      }
      const changed = listing()
      await writer.apply(replaceScript(rulesets.at(-1)!))
      expect(changed).toBe(listing())
    }),
    { numRuns: 25 },
  )
})

kernel('a script that the kernel refuses rejects with its words', async () => {
  expect(writer.apply('add rule ip nowhere x accept\n')).rejects.toThrow('No such file or directory')
})

test('nothing changed, nothing written', () => {
  const port: ServicePort = {
    id: 'a',
    protocol: 'tcp',
    clusterIps: ['10.43.0.1'],
    externalIps: [],
    port: 80,
    nodePort: undefined,
    internal: [],
    external: [],
    keepsClientIp: false,
    affinitySeconds: undefined,
  }
  expect(changeScript(rulesetOf([port]), rulesetOf([port]))).toBe('')
  expect(changeScript(emptyRuleset, rulesetOf([port]))).toContain('no-endpoint-ips')
})
