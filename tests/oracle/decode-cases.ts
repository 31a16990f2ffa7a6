import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import type { OracleCase } from './case.ts'

interface Group {
  readonly kind: string
  readonly resource: string
  readonly type?: string
  readonly around: string
  /** By title, or such as are their own title. */
  readonly bodies: Readonly<Record<string, string>> | readonly string[]
}

const groups = parse(readFileSync(join(import.meta.dir, 'bodies.yaml'), 'utf8')) as readonly Group[]

function titled({ bodies }: Group): [title: string, body: string][] {
  return Array.isArray(bodies) ? bodies.map(body => [body, body]) : Object.entries(bodies)
}

const sent = (group: Group, title: string, body: string, validation: string): OracleCase => ({
  name: `body: ${group.kind}: ${title}, ${validation}`,
  method: 'POST',
  path: `/api/v1/namespaces/oracle/${group.resource}?dryRun=All&fieldValidation=${validation}`,
  headers: { 'content-type': group.type ?? 'application/json' },
  // A function: some bodies have a `$`.
  body: group.around.replaceAll('%', () => body),
})

const bytes = (title: string, before: string, middle: readonly number[], behind: string): OracleCase => ({
  name: `body: ${title}`,
  method: 'POST',
  path: '/api/v1/namespaces/oracle/configmaps?dryRun=All',
  headers: { 'content-type': 'application/json' },
  body: Buffer.concat([Buffer.from(before), Buffer.from(middle), Buffer.from(behind)]),
})
const start = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"},"data":{"'

/** Bodies as nobody should write them, and what each server reads in them: JSON, YAML and the types that have forms. */
export const decodeCases: readonly OracleCase[] = [
  ...groups.flatMap(group =>
    titled(group).flatMap(([title, body]) =>
      ['Warn', 'Strict'].map(validation => sent(group, title, body, validation)),
    ),
  ),
  bytes('bytes that are no text', `${start}a":"`, [0xff, 0xfe], '"}}'),
  bytes('a key that is no text', start, [0xff, 0xfe], '":"a"}}'),
]
