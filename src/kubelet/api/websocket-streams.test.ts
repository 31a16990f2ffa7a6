import { expect, test } from 'bun:test'
import { EventEmitter } from 'node:events'
import type { WebSocket } from 'ws'
import { failureStatus } from './remote-streams.ts'
import { channelProtocols, websocketStreams } from './websocket-streams.ts'

function socketOf(protocol: string) {
  const sent: (Buffer | string)[] = []
  const socket = Object.assign(new EventEmitter(), {
    ...{ protocol, readyState: 1, OPEN: 1 },
    send(message: Buffer | string, done: () => void) {
      sent.push(message)
      done()
    },
    close: () => {},
  })
  return { sent, socket: socket as unknown as WebSocket, receive: (m: Buffer) => socket.emit('message', m) }
}

async function session(protocol: string, status: string) {
  const { sent, socket } = socketOf(protocol)
  const streams = websocketStreams(socket, false)
  await streams.write('stdout', Buffer.from('hello'))
  await streams.finish(status)
  return sent.map(String)
}

const success = JSON.stringify({ metadata: {}, status: 'Success' })

test('each protocol frames output and says how it ended in its way', async () => {
  for (const protocol of ['v5.channel.k8s.io', 'v4.channel.k8s.io'])
    expect(await session(protocol, success)).toEqual(['\u0001hello', `\u0003${success}`])
  expect(await session('v4.base64.channel.k8s.io', success)).toEqual(['1aGVsbG8=', `3${btoa(success)}`])
  for (const protocol of ['channel.k8s.io', '']) {
    expect(await session(protocol, success)).toEqual(['\u0001hello'])
    expect(await session(protocol, failureStatus('gone'))).toEqual([
      '\u0001hello',
      '\u0003Internal error occurred: gone',
    ])
  }
  expect(await session('base64.channel.k8s.io', success)).toEqual(['1aGVsbG8='])
})

test('input and sizes are read in the framing of the protocol', async () => {
  for (const protocol of Object.keys(channelProtocols)) {
    const { socket, receive } = socketOf(protocol)
    const streams = websocketStreams(socket, true)
    const sizes: number[][] = []
    streams.onResize((columns, rows) => sizes.push([columns, rows]))
    const frame = (channel: number, text: string) =>
      protocol.includes('base64') ? `${channel}${btoa(text)}` : `${String.fromCharCode(channel)}${text}`
    receive(Buffer.from(frame(0, 'typed')))
    receive(Buffer.from(frame(4, '{"Width":80,"Height":24}')))
    socket.emit('close')
    const typed: string[] = []
    for await (const piece of streams.stdin!) typed.push(Buffer.from(piece).toString())
    expect([typed.join(''), sizes]).toEqual(['typed', [[80, 24]]])
  }
})

test('a size that comes before anybody listens is not lost', () => {
  const { socket, receive } = socketOf('v5.channel.k8s.io')
  const streams = websocketStreams(socket, true)
  for (const width of [80, 120]) receive(Buffer.from(`\u0004{"Width":${width},"Height":24}`))
  const sizes: number[][] = []
  streams.onResize((columns, rows) => sizes.push([columns, rows]))
  expect(sizes).toEqual([[120, 24]])
})
