/** Asks a stock server what it makes of the golden cases and writes `testdata/golden.json`. A developer's tool. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import type { JsonObject, KubeObject } from '../machinery/meta/object.ts'
import type { Status } from '../machinery/status/status.ts'
import type { GoldenCase } from './golden-cases.ts'
import type { Registry } from './registry.ts'

interface Kubeconfig {
  readonly clusters: readonly { readonly cluster: Readonly<Record<string, string>> }[]
  readonly users: readonly { readonly user: Readonly<Record<string, string>> }[]
}

type Ask = (method: string, path: string, body?: JsonObject, accept?: string) => Promise<KubeObject | Status>
type Comparable = (object: KubeObject) => JsonObject
const mergePatch = 'application/merge-patch+json'
const asTable = 'application/json;as=Table;v=v1;g=meta.k8s.io'

/** One line per case, so that a diff is the review. */
export async function record(
  kubeconfig: string,
  cases: readonly GoldenCase[],
  registry: Registry,
  comparable: Comparable,
): Promise<void> {
  const ask = connect(kubeconfig)
  const lines: string[] = []
  for (const one of cases) {
    const [group, version] = one.apiVersion.includes('/') ? one.apiVersion.split('/') : ['', one.apiVersion]
    const { plural, namespaced } = registry.kind(group!, version!, one.kind)!
    const root = group ? `/apis/${one.apiVersion}` : `/api/${one.apiVersion}`
    const path = `${root}${namespaced ? '/namespaces/default' : ''}/${plural}`
    lines.push(`${JSON.stringify(one.name)}: ${JSON.stringify(await answerOf(one, path, ask, comparable))}`)
  }
  await Bun.write(join(import.meta.dir, 'testdata/golden.json'), `{\n${lines.join(',\n')}\n}\n`)
}

async function answerOf(one: GoldenCase, path: string, ask: Ask, comparable: Comparable): Promise<unknown> {
  if (!one.update && !one.isTable)
    return toAnswer(await ask('POST', `${path}?dryRun=All`, one.object), comparable)
  const name = (one.object.metadata as JsonObject).name as string
  const created = await ask('POST', path, one.object)
  if (created.kind === 'Status') throw new Error(`${one.name}: ${(created as Status).message}`)
  try {
    if (one.update) return toAnswer(await ask('PATCH', `${path}/${name}?dryRun=All`, one.update), comparable)
    if (one.status) await ask('PATCH', `${path}/${name}/status`, { status: one.status })
    const stored = await ask('GET', `${path}/${name}`)
    const { rows } = (await ask('GET', `${path}/${name}`, undefined, asTable)) as unknown as {
      rows: JsonObject[]
    }
    const { cells, conditions } = rows[0]!
    const printed = {
      at: (stored as KubeObject).metadata.creationTimestamp,
      stored: withoutIds(stored as KubeObject),
      cells,
      ...(conditions ? { conditions } : {}),
    }
    // A uid that a cell shows is new with each recording.
    return JSON.parse(JSON.stringify(printed).replaceAll((stored as KubeObject).metadata.uid!, 'UID'))
  } finally {
    await ask('DELETE', `${path}/${name}?gracePeriodSeconds=0&propagationPolicy=Background`)
    await ask('PATCH', `${path}/${name}`, { metadata: { finalizers: null } })
  }
}

function withoutIds({ metadata, ...object }: KubeObject): JsonObject {
  const { uid: _uid, resourceVersion: _version, managedFields: _fields, ...kept } = metadata
  return { ...object, metadata: kept }
}

function toAnswer(answer: KubeObject | Status, comparable: Comparable): unknown {
  if (answer.kind !== 'Status') return { object: comparable(answer as KubeObject) }
  const { details, message } = answer as Status
  const causes = details?.causes?.map(({ field, message: text }) => `${field}: ${firstLine(text)}`)
  return causes ? { causes: [...new Set(causes)].toSorted() } : { refused: message }
}

/** After the first line stands a diff of Go structures. */
export function firstLine(text = ''): string {
  return text.split('\n')[0]!
}

function connect(kubeconfig: string): Ask {
  const config = parse(readFileSync(kubeconfig, 'utf8')) as Kubeconfig
  const { cluster } = config.clusters[0]!
  const { user } = config.users[0]!
  const pem = (of: Readonly<Record<string, string>>, name: string) => {
    const data = of[`${name}-data`]
    return data ? Buffer.from(data, 'base64').toString() : readFileSync(of[name]!, 'utf8')
  }
  const tls = {
    ca: pem(cluster, 'certificate-authority'),
    cert: pem(user, 'client-certificate'),
    key: pem(user, 'client-key'),
  }
  return async (method, path, body, accept = 'application/json') => {
    const headers = { accept, 'content-type': method === 'PATCH' ? mergePatch : 'application/json' }
    const response = await fetch(cluster.server + path, {
      method,
      headers,
      tls,
      ...(body && { body: JSON.stringify(body) }),
    })
    return (await response.json()) as KubeObject | Status
  }
}
