/** SPDY/3.1 frames, as far as Kubernetes' streaming uses them. Header blocks are still compressed here. */
export type Frame =
  | { readonly type: 'data'; readonly streamId: number; readonly fin: boolean; readonly data: Uint8Array }
  | {
      readonly type: 'synStream'
      readonly streamId: number
      readonly fin: boolean
      readonly headers: Uint8Array
    }
  | {
      readonly type: 'synReply'
      readonly streamId: number
      readonly fin: boolean
      readonly headers: Uint8Array
    }
  | { readonly type: 'rstStream'; readonly streamId: number; readonly status: number }
  | { readonly type: 'ping'; readonly id: number }
  | { readonly type: 'goAway'; readonly lastStreamId: number }
  | { readonly type: 'ignored' }

const headBytes = 8
const versionWord = 0x8003
const flagFin = 1
/** Clients send pieces of at most 32 KiB; what waits for the rest of a frame stays in memory. */
const frameBytesMax = 1 << 20
const types = { synStream: 1, synReply: 2, rstStream: 3, ping: 6, goAway: 7 } as const

/** Takes whole frames off the front of a buffer; answers them and what is left. */
export function takeFrames(buffer: Buffer): { readonly frames: readonly Frame[]; readonly rest: Buffer } {
  const frames: Frame[] = []
  let rest = buffer
  while (rest.length >= headBytes) {
    const length = rest.readUIntBE(5, 3)
    if (length > frameBytesMax) throw new Error(`a frame of ${length} bytes is too long`)
    if (rest.length < headBytes + length) break
    frames.push(readFrame(rest, rest.subarray(headBytes, headBytes + length)))
    rest = rest.subarray(headBytes + length)
  }
  return { frames, rest }
}

function readFrame(head: Buffer, payload: Buffer): Frame {
  const fin = (head[4]! & flagFin) !== 0
  if ((head[0]! & 0x80) === 0) return { type: 'data', streamId: head.readUInt32BE(0), fin, data: payload }
  if (head.readUInt16BE(0) !== versionWord) throw new Error('not a SPDY/3 frame')
  const id = payload.length >= 4 ? payload.readUInt32BE(0) & 0x7fffffff : 0
  switch (head.readUInt16BE(2)) {
    case types.synStream:
      return { type: 'synStream', streamId: id, fin, headers: payload.subarray(10) }
    case types.synReply:
      return { type: 'synReply', streamId: id, fin, headers: payload.subarray(4) }
    case types.rstStream:
      return { type: 'rstStream', streamId: id, status: payload.readUInt32BE(4) }
    case types.ping:
      return { type: 'ping', id: payload.readUInt32BE(0) }
    case types.goAway:
      return { type: 'goAway', lastStreamId: id }
    default:
      return { type: 'ignored' }
  }
}

export function writeFrame(frame: Exclude<Frame, { type: 'ignored' }>): Buffer {
  switch (frame.type) {
    case 'data': {
      const head = Buffer.alloc(headBytes)
      head.writeUInt32BE(frame.streamId, 0)
      head[4] = frame.fin ? flagFin : 0
      head.writeUIntBE(frame.data.length, 5, 3)
      return Buffer.concat([head, frame.data])
    }
    case 'synStream':
      return control(types.synStream, frame.fin, [
        word(frame.streamId),
        word(0),
        new Uint8Array(2),
        frame.headers,
      ])
    case 'synReply':
      return control(types.synReply, frame.fin, [word(frame.streamId), frame.headers])
    case 'rstStream':
      return control(types.rstStream, false, [word(frame.streamId), word(frame.status)])
    case 'ping':
      return control(types.ping, false, [word(frame.id)])
    case 'goAway':
      return control(types.goAway, false, [word(frame.lastStreamId), word(0)])
  }
}

function control(type: number, fin: boolean, parts: readonly Uint8Array[]): Buffer {
  const payload = Buffer.concat(parts)
  const head = Buffer.alloc(headBytes)
  head.writeUInt16BE(versionWord, 0)
  head.writeUInt16BE(type, 2)
  head[4] = fin ? flagFin : 0
  head.writeUIntBE(payload.length, 5, 3)
  return Buffer.concat([head, payload])
}

/** Four bytes, the highest first. */
export function word(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
