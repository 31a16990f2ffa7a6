import type { RequestOptions } from 'node:http'
import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'

/** Connects to a place in a network that this server may not be in. Rejects with what the proxy says. */
export type Dial = (host: string, port: number) => Promise<Duplex>

/** Ways into the networks that are not this machine's own, by upstream's names for them. */
export interface Egress {
  /** To kubelets, pods, Services and servers behind this one. */
  readonly cluster?: Dial | undefined
  /** To webhooks that are named by a URL or a kubeconfig, and to collectors of traces. */
  readonly controlplane?: Dial | undefined
  /** To the members of etcd. */
  readonly etcd?: Dial | undefined
}

/** Somewhere, and how to get there; without `dial` over this machine's own network. */
export interface Dialed {
  readonly host: string
  readonly port: number
  readonly dial?: Dial | undefined
}

/** What `request` of node:http and node:https is told, so that it connects as `to` says; nothing where there is no dial. */
export function connectionThrough(
  to: Dialed,
  tls?: ConnectionOptions,
): Pick<RequestOptions, 'createConnection'> {
  const { dial } = to
  if (!dial) return {}
  return {
    createConnection(_options, done): undefined {
      const socket = tls ? dialSecured(dial, to, tls) : dial(to.host, to.port)
      socket.then(
        made => done(null, made),
        (error: Error) => done(error, undefined as never),
      )
    },
  }
}

/** TLS with whom `dial` leads to. */
export async function dialSecured(
  dial: Dial,
  { host, port }: Dialed,
  tls: ConnectionOptions,
): Promise<Duplex> {
  const socket = await dial(host, port)
  const { promise, resolve, reject } = Promise.withResolvers<Duplex>()
  const named = isIP(host) === 0 ? { servername: host } : {}
  const secured = connectTls({ host, ...named, ...tls, socket }, () => resolve(secured))
  const fail = (error: Error) => {
    socket.destroy()
    reject(error)
  }
  secured.once('error', fail)
  secured.once('close', () => fail(new Error('EOF')))
  return promise
}
