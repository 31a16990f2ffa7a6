import type { Client } from '../client/client.ts'
import { createInformers } from '../client/informers.ts'
import type { Runnable } from '../std/ports.ts'
import { listenDns } from './listen.ts'
import { publishDns } from './publish.ts'
import { replyTo } from './reply.ts'
import { forwardTo } from './upstream.ts'
import { informerView } from './view.ts'
import { answerFromZone } from './zone.ts'

export interface DnsOptions {
  /** Reads services, endpoints and namespaces. */
  readonly client: Client
  /** Writes the service `kube-dns` and what stands behind it: the server's own identity. */
  readonly publisher: Client
  /** Where to listen, and what the proxies of all nodes send the cluster DNS address to. */
  readonly address: string
  readonly port: number
  readonly nodeName: string
  readonly clusterDomain: string
  /** The `kube-dns` service's address. */
  readonly clusterDns: string
  /** Resolvers for names outside of the cluster. */
  readonly resolvers: readonly string[]
}

/** The cluster DNS in process: no pod, no image. Serves from informers and forwards everything else. */
export function createDns(options: DnsOptions): Runnable {
  return async (ports, signal) => {
    const { client, clusterDomain, resolvers } = options
    const informers = createInformers({ client, ports, signal })
    const view = informerView(informers)
    await informers.whenSynced()
    const replier = {
      zone: (type: string, name: string) => answerFromZone(view, clusterDomain, type, name),
      forward: forwardTo(resolvers, ports.clock),
    }
    const listener = await listenDns(
      options.address,
      options.port,
      query => replyTo(query, replier),
      ports.log,
    )
    try {
      await publishDns({ ...options, port: listener.port })
      await informers.done
    } finally {
      await listener.close()
    }
  }
}
