import { readFileSync } from 'node:fs'
import type { Dial } from '../../server/egress/dial.ts'
import { openRelay, type Relay } from '../../server/egress/relay.ts'
import type { Ports } from '../../std/ports.ts'
import { layerOver } from '../../storage/layer.ts'
import { type Store, StoreUnavailableError } from '../../storage/store.ts'
import { durationMs } from '../flag-makers.ts'
import type { FlagReader } from '../server-flags.ts'
import { UserError } from '../user-error.ts'

/** An etcd as flags name it. */
export interface EtcdSource {
  readonly endpoints: readonly string[]
  readonly caFile: string | undefined
  readonly certificateFile: string | undefined
  readonly keyFile: string | undefined
  readonly prefix: string
  /** 0: somebody else compacts. */
  readonly compactionIntervalMs: number
}

/** The etcd of --datastore-endpoint or --etcd-servers; undefined when the data lies here. */
export function etcdSource(flags: FlagReader): EtcdSource | undefined {
  const endpoint = flags.text('datastore-endpoint')
  const given = endpoint.startsWith('http') ? endpoint.split(',') : []
  const servers = flags.list('etcd-servers')
  if (servers.length > 0 && (given.length > 0 || endpoint !== 'sqlite'))
    throw new UserError(
      '--etcd-servers and --datastore-endpoint are both given',
      'They mean the same; give one of them.',
      2,
    )
  const endpoints = servers.length > 0 ? servers : given
  if (endpoints.length === 0) return undefined
  const either = (name: string) => flags.optional(`datastore-${name}`) ?? flags.optional(`etcd-${name}`)
  const source = {
    endpoints,
    caFile: either('cafile'),
    certificateFile: either('certfile'),
    keyFile: either('keyfile'),
    prefix: flags.text('etcd-prefix'),
    compactionIntervalMs: durationMs(flags.text('etcd-compaction-interval')),
  }
  if ((source.certificateFile === undefined) !== (source.keyFile === undefined))
    throw new UserError('a certificate for etcd needs its key, and the key its certificate', '', 2)
  return source
}

/** The part of etcd below the cluster's prefix, under another name here. */
interface Part {
  readonly root: string
  readonly prefix: string
}

/** How this process comes to etcd. */
export interface EtcdWay {
  readonly ports: Ports
  /** Undefined: over this machine's own network. */
  readonly dial: Dial | undefined
}

/** Opens the objects of the cluster. */
export function openEtcd(source: EtcdSource, way: EtcdWay): Promise<Store> {
  return openPart(source, { root: '/registry/', prefix: `${source.prefix}/` }, way)
}

/** Opens what servers share besides the objects: who reads objects never meets it. */
export function openEtcdBootstrap(source: EtcdSource, way: EtcdWay): Promise<Store> {
  return openPart(source, { root: '/', prefix: `/bootstrap${source.prefix}/` }, way)
}

async function openPart(source: EtcdSource, part: Part, { ports, dial }: EtcdWay): Promise<Store> {
  const { endpoints, caFile, certificateFile, keyFile, compactionIntervalMs } = source
  const tls = {
    ...(caFile !== undefined && { ca: read(caFile) }),
    ...(certificateFile !== undefined && { certificate: read(certificateFile) }),
    ...(keyFile !== undefined && { key: read(keyFile) }),
  }
  const { openEtcdStore } = await import('../../storage/etcd/etcd-store.ts')
  const relays = dial ? await relaysTo(endpoints, dial) : new Map<string, Relay>()
  const close = () => {
    for (const relay of relays.values()) relay.close()
  }
  const addressOf = (endpoint: string) => relays.get(endpoint)?.address
  try {
    const store = await openEtcdStore({ endpoints, tls, ports, compactionIntervalMs, addressOf, ...part })
    return dial ? layerOver(store, { close: () => store.close().finally(close) }) : store
  } catch (error) {
    close()
    if (!(error instanceof StoreUnavailableError)) throw error
    throw new UserError(
      `${endpoints.join(',')}: ${error.message}`,
      'Check that it runs and that --datastore-cafile, --datastore-certfile and --datastore-keyfile fit.',
    )
  }
}

const httpPorts: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 }

/** gRPC takes addresses alone: each member gets one here that leads to it. */
async function relaysTo(endpoints: readonly string[], dial: Dial): Promise<ReadonlyMap<string, Relay>> {
  const relays = new Map<string, Relay>()
  for (const endpoint of endpoints) {
    const { protocol, hostname, port } = new URL(endpoint)
    const to = { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) || (httpPorts[protocol] ?? 0) }
    relays.set(endpoint, await openRelay(dial, to))
  }
  return relays
}

function read(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    throw new UserError(`cannot read ${path}: ${(error as Error).message}`)
  }
}
