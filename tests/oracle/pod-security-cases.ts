import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { type OracleCase, patch, send } from './case.ts'

const specs = parse(readFileSync(join(import.meta.dir, 'pod-security.yaml'), 'utf8')) as Readonly<
  Record<string, object>
>
const label = 'pod-security.kubernetes.io'
const levels: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'pss-baseline': { enforce: 'baseline', warn: 'restricted' },
  'pss-restricted': { enforce: 'restricted' },
  'pss-old': {
    enforce: 'baseline',
    'enforce-version': 'v1.0',
    warn: 'restricted',
    'warn-version': 'v1.19',
  },
}
const modes = ['enforce', 'warn', 'audit']
const spaces = '/api/v1/namespaces'

function of(namespace: string, modesOf: Readonly<Record<string, string>>): OracleCase[] {
  const labels = Object.fromEntries(
    Object.entries(modesOf).map(([mode, level]) => [`${label}/${mode}`, level]),
  )
  return [
    send('POST', `security: make ${namespace}`, spaces, { metadata: { name: namespace, labels } }),
    send('POST', `security: account of ${namespace}`, `${spaces}/${namespace}/serviceaccounts`, {
      metadata: { name: 'default' },
    }),
    ...Object.entries(specs).map(([name, spec]) =>
      send('POST', `security: ${namespace}: ${name}`, `${spaces}/${namespace}/pods?dryRun=All`, {
        metadata: { name: 'p' },
        spec,
      }),
    ),
  ]
}

/** Every control of Pod Security, kept to and broken, at each level and of old versions. */
export const podSecurityCases: readonly OracleCase[] = [
  ...Object.entries(levels).flatMap(([namespace, modesOf]) => of(namespace, modesOf)),
  ...['restricted', 'sturdy', 'privileged'].flatMap(level =>
    modes.map(mode =>
      patch(`security: ${mode} ${level}`, `${spaces}/pss-baseline?dryRun=All`, 'merge', {
        metadata: { labels: { [`${label}/${mode}`]: level } },
      }),
    ),
  ),
]
