/** Streams of exec, attach and port-forward whose frames are nearly right: SPDY/3.1, WebSocket, and SPDY inside WebSocket. */
import { writeFrame } from '../../src/kubelet/api/spdy/frames.ts'
import { createHeaderCodec } from '../../src/kubelet/api/spdy/headers.ts'
import { type Dice, dice } from './dice.ts'
import { hostileTexts } from './hostile.ts'
import { mutateBytes } from './mutate-bytes.ts'

/** One connection: its upgrade, and what is sent once that was granted. */
export interface FrameCase {
  readonly head: string
  readonly frames: readonly Uint8Array[]
}

const pod = '/api/v1/namespaces/default/pods/streamed'
const streams = [
  '?container=c&command=x&stdin=true&stdout=true',
  '?container=c&command=x&stdin=true&stdout=true&tty=true',
]
const channels = ['v5.channel.k8s.io', 'v4.channel.k8s.io', 'v4.base64.channel.k8s.io', 'channel.k8s.io']

/** Connection `number` of a seed; the same two numbers make the same bytes. */
export async function frameCase(seed: number, number: number): Promise<FrameCase> {
  const chance = dice((seed * 0x9e3779b1 + number * 0x85ebca6b) | 0)
  const made = await chance.pick([execWebsocket, execSpdy, forwardSpdy, forwardTunnel])(chance)
  const frames = made.frames.map(frame => (chance.chance(0.4) ? mutateBytes(chance, frame) : frame))
  return { head: made.head, frames: chance.chance(0.2) ? shuffled(chance, frames) : frames }
}

function shuffled(chance: Dice, frames: readonly Uint8Array[]): Uint8Array[] {
  return frames.map(() => chance.pick(frames))
}

async function execWebsocket(chance: Dice): Promise<FrameCase> {
  const protocol = chance.pick(channels)
  const messages = Array.from({ length: 1 + chance.number(8) }, () => {
    const channel = chance.pick([0, 0, 4, 255, 3, 9])
    const body = Buffer.from(chance.pick([...hostileTexts, '{"Width":80,"Height":24}', '\u0000']))
    if (protocol.includes('base64')) return Buffer.from(`${channel}${body.toString('base64')}`)
    return Buffer.concat([Buffer.of(channel), body])
  })
  return websocket(
    chance,
    `${pod}/${chance.pick(['exec', 'attach'])}${chance.pick(streams)}`,
    protocol,
    messages,
  )
}

async function execSpdy(chance: Dice): Promise<FrameCase> {
  const opened = ['error', 'stdin', 'stdout', chance.pick(['resize', 'stderr'])].map(type => ({
    streamtype: type,
  }))
  const path = `${pod}/${chance.pick(['exec', 'attach'])}${chance.pick(streams)}`
  return spdy(path, 'v4.channel.k8s.io', await spdyFrames(chance, opened))
}

async function forwardSpdy(chance: Dice): Promise<FrameCase> {
  return spdy(`${pod}/portforward`, 'portforward.k8s.io', await spdyFrames(chance, forwarded(chance)))
}

async function forwardTunnel(chance: Dice): Promise<FrameCase> {
  const frames = await spdyFrames(chance, forwarded(chance))
  const pieces = chance.chance(0.5) ? frames : cut(chance, Buffer.concat(frames))
  return websocket(chance, `${pod}/portforward?ports=8080`, 'SPDY/3.1+portforward.k8s.io', pieces)
}

function forwarded(chance: Dice): Record<string, string>[] {
  const port = chance.pick(['8080', '8080', '1', '-1', '99999', 'x', ''])
  return ['error', 'data'].map(streamtype => ({ streamtype, port, requestid: String(chance.number(3)) }))
}

function cut(chance: Dice, bytes: Buffer): Buffer[] {
  const size = 1 + chance.number(40)
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
    bytes.subarray(at * size, (at + 1) * size),
  )
}

async function spdyFrames(chance: Dice, opened: readonly Record<string, string>[]): Promise<Uint8Array[]> {
  const codec = createHeaderCodec()
  const frames: Uint8Array[] = []
  for (const [index, headers] of opened.entries()) {
    const more = chance.chance(0.2) ? { [chance.pick(hostileTexts)]: chance.pick(hostileTexts) } : {}
    const block = await codec.encode(new Map(Object.entries({ ...headers, ...more })))
    frames.push(
      writeFrame({ type: 'synStream', streamId: index * 2 + 1, fin: chance.chance(0.1), headers: block }),
    )
  }
  for (let left = chance.number(10); left > 0; left--) frames.push(anyFrame(chance))
  return frames
}

function anyFrame(chance: Dice): Uint8Array {
  const streamId = chance.pick([0, 1, 3, 5, 7, 2, 2 ** 31 - 1])
  const data = Buffer.from(chance.pick(hostileTexts))
  const fin = chance.chance(0.2)
  return chance.pick([
    () => writeFrame({ type: 'data', streamId, fin, data }),
    () => writeFrame({ type: 'data', streamId, fin, data: Buffer.alloc(chance.number(70_000)) }),
    () => writeFrame({ type: 'rstStream', streamId, status: chance.number(20) }),
    () => writeFrame({ type: 'ping', id: chance.number(100) }),
    () => writeFrame({ type: 'synReply', streamId, fin, headers: data }),
    () => writeFrame({ type: 'synStream', streamId, fin, headers: data }),
    () => writeFrame({ type: 'goAway', lastStreamId: streamId }),
  ])()
}

function spdy(path: string, version: string, frames: readonly Uint8Array[]): FrameCase {
  const lines = [`POST ${path} HTTP/1.1`, 'Host: x', 'Connection: Upgrade', 'Upgrade: SPDY/3.1']
  return { head: [...lines, `X-Stream-Protocol-Version: ${version}`, '', ''].join('\r\n'), frames }
}

function websocket(chance: Dice, path: string, protocol: string, messages: readonly Uint8Array[]): FrameCase {
  const lines = [
    ...[`GET ${path} HTTP/1.1`, 'Host: x', 'Connection: Upgrade', 'Upgrade: websocket'],
    ...['Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='],
    `Sec-WebSocket-Protocol: ${protocol}`,
  ]
  return {
    head: [...lines, '', ''].join('\r\n'),
    frames: messages.map(message => messageFrame(chance, message)),
  }
}

/** A frame of RFC 6455 from a client, masked; its opcode may be one that nobody expects. */
function messageFrame(chance: Dice, body: Uint8Array): Uint8Array {
  const opcode = chance.pick([2, 2, 2, 2, 1, 0, 8, 9, 10, 3])
  const isFinal = chance.chance(0.9)
  const mask = Buffer.of(1, 2, 3, 4)
  const masked = body.map((byte, at) => byte ^ mask[at % 4]!)
  return Buffer.concat([Buffer.of((isFinal ? 0x80 : 0) | opcode), lengthOf(body.length), mask, masked])
}

function lengthOf(size: number): Buffer {
  if (size < 126) return Buffer.of(0x80 | size)
  const long = size < 0x1_0000 ? Buffer.alloc(3) : Buffer.alloc(9)
  long[0] = 0x80 | (size < 0x1_0000 ? 126 : 127)
  if (size < 0x1_0000) long.writeUInt16BE(size, 1)
  else long.writeBigUInt64BE(BigInt(size), 1)
  return long
}
