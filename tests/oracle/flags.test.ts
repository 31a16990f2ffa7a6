import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { gates } from '../../src/api/features/gates.ts'
import { serverFlags } from '../../src/cmd/server-flags.ts'
import { insteadOf } from '../../src/cmd/stock-flags.ts'
import { stockMissing, stockPrograms } from './stock.ts'

const missing = stockMissing()
if (missing) console.warn(`SKIP flags and feature gates beside kube-apiserver: ${missing}`)
const help = () => Bun.spawnSync([join(stockPrograms, 'kube-apiserver'), '--help']).stdout.toString()

describe.skipIf(missing !== undefined)('beside kube-apiserver --help', () => {
  test('every flag is here, or is refused by name with what to do instead, and not both', () => {
    const ours = new Set(serverFlags.map(({ name }) => name))
    const theirs = [...help().matchAll(/^ {2,}(?:-\w, )?--([\w-]+)/gm)].map(([, name = '']) => name)
    expect(theirs.length).toBeGreaterThan(150)
    const unknown = theirs.filter(name => name !== 'help' && !ours.has(name) && !insteadOf(name))
    expect(unknown).toEqual([])
    expect(theirs.filter(name => ours.has(name) && insteadOf(name))).toEqual([])
  })

  test('every feature gate that may be set is known, with its stage and default', () => {
    const theirs = [...help().matchAll(/kube:(\w+)=true\|false \((\w+) - default=(\w+)\)/g)]
    expect(theirs.length).toBeGreaterThan(100)
    const differing = theirs.flatMap(([, name = '', stage, value]) => {
      const gate = gates.get(name)
      const isSame = gate?.stage === stage && gate?.byDefault === (value === 'true') && !gate.isLocked
      return isSame || name === 'AllAlpha' || name === 'AllBeta' ? [] : [`${name} ${stage} ${value}`]
    })
    expect(differing).toEqual([])
  })
})
