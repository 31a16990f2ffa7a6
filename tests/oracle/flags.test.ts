import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { gates } from '../../src/api/features/gates.ts'
import { controllerManagerFlags } from '../../src/cmd/controller-manager-flags.ts'
import { schedulerFlags } from '../../src/cmd/scheduler-flags.ts'
import { serverFlags } from '../../src/cmd/server-flags.ts'
import { insteadOfComponent } from '../../src/cmd/stock-component-flags.ts'
import { insteadOf } from '../../src/cmd/stock-flags.ts'
import { stockMissing, stockPrograms } from './stock.ts'
import { upstreamFile } from './upstream-file.ts'

const missing = stockMissing()
if (missing) console.warn(`SKIP flags and feature gates beside kube-apiserver: ${missing}`)
const helpOf = (program: string) => Bun.spawnSync([join(stockPrograms, program), '--help']).stdout.toString()
const help = () => helpOf('kube-apiserver')
const flagsIn = (text: string) =>
  [...text.matchAll(/^ {2,}(?:-\w, )?--([\w-]+)/gm)].map(([, name = '']) => name)

describe.skipIf(missing !== undefined)('beside kube-apiserver --help', () => {
  test('every flag is here, or is refused by name with what to do instead, and not both', () => {
    const ours = new Set(serverFlags.map(({ name }) => name))
    const theirs = flagsIn(help())
    expect(theirs.length).toBeGreaterThan(150)
    const unknown = theirs.filter(name => name !== 'help' && !ours.has(name) && !insteadOf(name))
    expect(unknown).toEqual([])
    expect(theirs.filter(name => ours.has(name) && insteadOf(name))).toEqual([])
  })

  test.each([
    ['kube-controller-manager', controllerManagerFlags],
    ['kube-scheduler', schedulerFlags],
  ] as const)(
    'every flag of %s is taken or refused with what to do instead, and not both',
    (program, flags) => {
      const ours = new Set(flags.map(({ name }) => name))
      const theirs = flagsIn(helpOf(program)).filter(name => name !== 'help')
      expect(theirs.length).toBeGreaterThan(50)
      expect(
        theirs.filter(name => ours.has(name) === (insteadOfComponent(program, name) !== undefined)),
      ).toEqual([])
      expect([...ours].filter(name => !theirs.includes(name))).toEqual([])
    },
  )

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

const { path: gatesFile, missing: gatesMissing } = upstreamFile(
  'test/compatibility_lifecycle/reference/versioned_feature_list.yaml',
  "feature gates beside upstream's list",
)

interface ListedGate {
  readonly name: string
  readonly versionedSpecs: readonly {
    readonly default: boolean
    readonly lockToDefault: boolean
    readonly preRelease: string
    readonly version: string
  }[]
}

/** The list has these under the names that they have in upstream's sources. */
const namesInSource: Readonly<Record<string, string>> = {
  CPUCFSQuotaPeriod: 'CustomCPUCFSQuotaPeriod',
  RuntimeClassInImageCriAPI: 'RuntimeClassInImageCriApi',
}
const minorOf = (version: string) => Number(version.split('.')[1])

test.skipIf(gatesMissing !== undefined)(
  "every gate of upstream's list has its stage, its default and its lock",
  () => {
    const listed = parse(readFileSync(gatesFile, 'utf8')) as ListedGate[]
    expect(listed.length).toBeGreaterThan(150)
    const differing = listed.flatMap(({ name, versionedSpecs }) => {
      const spec = versionedSpecs.findLast(({ version }) => minorOf(version) <= 35)
      const gate = gates.get(namesInSource[name] ?? name)
      if (!spec) return gate ? [`${name}: not in 1.35`] : []
      const theirs = [spec.preRelease.toUpperCase(), spec.default, spec.lockToDefault].join(' ')
      const ours = gate && [gate.stage, gate.byDefault, gate.isLocked].join(' ')
      return ours === theirs ? [] : [`${name}: ${ours ?? 'unknown'}, upstream ${theirs}`]
    })
    expect(differing).toEqual([])
  },
)
