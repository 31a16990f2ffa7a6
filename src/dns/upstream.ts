import { createSocket } from 'node:dgram'
import { connect } from 'node:net'
import type { Clock } from '../std/ports.ts'

/** Asks the resolvers in turn and gives back the first reply's bytes; undefined when none answers in time. */
export type Forward = (query: Uint8Array) => Promise<Uint8Array | undefined>

const replyMaxMs = 2_000

/** The addresses of `nameserver` lines; loopback ones are left out, a pod's question would come back to us. */
export function resolversOf(resolvConf: string): string[] {
  return [...resolvConf.matchAll(/^\s*nameserver\s+(\S+)/gm)]
    .map(match => match[1]!)
    .filter(ip => !/^(127\.|::1$)/.test(ip))
}

/** Forwards over UDP, and over TCP where the reply is truncated. */
export function forwardTo(resolvers: readonly string[], clock: Clock, port = 53): Forward {
  return async query => {
    for (const resolver of resolvers) {
      const reply = await askUdp(resolver, port, query, clock)
      if (reply && (reply[2]! & truncated) === 0) return reply
      const whole = reply && (await askTcp(resolver, port, query, clock))
      if (whole ?? reply) return whole ?? reply
    }
    return undefined
  }
}

const truncated = 0x02

function askUdp(
  resolver: string,
  port: number,
  query: Uint8Array,
  clock: Clock,
): Promise<Uint8Array | undefined> {
  return new Promise(resolve => {
    const socket = createSocket(resolver.includes(':') ? 'udp6' : 'udp4')
    const finish = (reply?: Uint8Array) => {
      cancel()
      socket.close()
      resolve(reply)
    }
    const cancel = clock.setTimer(replyMaxMs, () => finish())
    socket.once('error', () => finish())
    socket.on('message', reply => {
      if (reply[0] === query[0] && reply[1] === query[1]) finish(reply)
    })
    socket.send(query, port, resolver)
  })
}

function askTcp(
  resolver: string,
  port: number,
  query: Uint8Array,
  clock: Clock,
): Promise<Uint8Array | undefined> {
  return new Promise(resolve => {
    const socket = connect(port, resolver)
    let received = Buffer.alloc(0)
    const finish = (reply?: Uint8Array) => {
      cancel()
      socket.destroy()
      resolve(reply)
    }
    const cancel = clock.setTimer(replyMaxMs, () => finish())
    socket.once('error', () => finish())
    socket.once('close', () => finish())
    socket.once('connect', () => socket.write(framed(query)))
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk])
      if (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
        finish(received.subarray(2, 2 + received.readUInt16BE(0)))
      }
    })
  })
}

/** A message as TCP carries it: two bytes of length first. */
export function framed(message: Uint8Array): Buffer {
  const length = Buffer.alloc(2)
  length.writeUInt16BE(message.length)
  return Buffer.concat([length, message])
}
