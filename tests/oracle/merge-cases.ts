import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { get, type OracleCase, patch, send } from './case.ts'

interface Patches {
  readonly objects: readonly { readonly path: string; readonly object: object }[]
  readonly deployment: Readonly<Record<string, unknown>>
  readonly others: readonly { readonly name: string; readonly path: string; readonly patch: unknown }[]
}

const { objects, deployment, others } = parse(
  readFileSync(join(import.meta.dir, 'merge-patches.yaml'), 'utf8'),
) as Patches
const path = '/apis/apps/v1/namespaces/oracle/deployments/merge'
const strict = ['an unknown field', 'a field of another case', 'an unknown map', 'an unknown list']

/** Strategic merges of deep lists with every directive: what a server makes of them, or says against them. */
export const mergeCases: readonly OracleCase[] = [
  ...objects.map(each => send('POST', `merge: make ${each.path}`, each.path, each.object)),
  ...Object.entries(deployment).map(([name, body]) =>
    patch(`merge: ${name}`, `${path}?dryRun=All`, 'strategic', body),
  ),
  ...strict.map(name =>
    patch(
      `merge: ${name}, strict`,
      `${path}?dryRun=All&fieldValidation=Strict`,
      'strategic',
      deployment[name],
    ),
  ),
  ...others.map(each => patch(`merge: ${each.name}`, `${each.path}?dryRun=All`, 'strategic', each.patch)),
  patch('merge: kept', path, 'strategic', deployment['env with deletion and order']),
  get('merge: at last', path),
]
