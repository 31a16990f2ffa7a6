import type { Cancel, Ports } from '../../std/ports.ts'
import type { EtcdConnection } from './connection.ts'
import { compareTarget } from './messages.ts'

/** Upstream's, so that its servers and these leave each other in peace (apiserver storage/etcd3 compact.go). */
const key = Buffer.from('compact_rev_key')
/** Upstream's --etcd-compaction-interval. */
const usualIntervalMs = 300_000

interface CompactorOptions {
  readonly connection: EtcdConnection
  readonly ports: Pick<Ports, 'clock' | 'log'>
  /** Default: five minutes, as upstream; 0: never, as somebody else does it. */
  readonly intervalMs?: number | undefined
}

/**
 * Every so often makes etcd forget what is older than the last time. Of many servers one does: who finds the mark as
 * it left it writes the next one; the others take it from there. The answer ends it.
 */
export function compactRegularly({
  connection,
  ports,
  intervalMs = usualIntervalMs,
}: CompactorOptions): Cancel {
  if (intervalMs === 0) return () => {}
  const { clock, log } = ports
  let mark: Mark = { version: 0, revision: 0 }
  let cancel: Cancel = () => {}
  const run = () => {
    compactOnce(connection, mark)
      .then(next => {
        mark = next
      })
      .catch(error => log.warn('etcd was not compacted', { error: String(error) }))
      .finally(plan)
  }
  let isStopped = false
  const plan = () => {
    if (!isStopped) cancel = clock.setTimer(intervalMs, run)
  }
  plan()
  return () => {
    isStopped = true
    cancel()
  }
}

/** How often the mark was written, and at which revision of etcd that was last seen. */
export interface Mark {
  readonly version: number
  readonly revision: number
}

/** One round; answers the mark for the next one. */
export async function compactOnce(connection: EtcdConnection, { version, revision }: Mark): Promise<Mark> {
  const { succeeded, header, responses } = await connection.txn({
    compare: [{ target: compareTarget.version, key, version }],
    success: [{ requestPut: { key, value: Buffer.from(String(revision)) } }],
    failure: [{ requestRange: { key } }],
  })
  if (!succeeded) {
    const found = responses[0]?.responseRange?.kvs[0]
    return { version: found?.version ?? 0, revision: header.revision }
  }
  if (revision > 0) await connection.compact(revision)
  return { version: version + 1, revision: header.revision }
}
