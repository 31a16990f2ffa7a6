import { expect, test } from 'bun:test'
import { PassThrough } from 'node:stream'
import { silentLogger } from '../../std/log.ts'
import type { OutputChunk, Session } from '../runtime/runtime.ts'
import { type RemoteStreams, serveSession } from './remote-streams.ts'

const bytes = (text: string) => new TextEncoder().encode(text)

interface Heard {
  text: string
  status: string
}

/** A client that sends `input` and asks for another size at once. */
function client(input: RemoteStreams['stdin'], heard: Heard): RemoteStreams {
  return {
    stdin: input,
    onResize: listener => listener(80, 24),
    write: async (_stream, data) => {
      heard.text += new TextDecoder().decode(data)
    },
    finish: async status => {
      heard.status = (JSON.parse(status) as { status: string }).status
    },
    gone: new Promise(() => {}),
  }
}

async function* says(stdin: PassThrough | undefined, isClosed: () => boolean): AsyncGenerator<OutputChunk> {
  if (stdin) for await (const piece of stdin) yield { stream: 'stdout', data: piece as Buffer }
  for (const word of ['the ', 'last ', 'words']) {
    await Bun.sleep(1)
    if (isClosed()) return
    yield { stream: 'stdout', data: bytes(word) }
  }
}

function command(stdin: PassThrough | undefined, resize: Session['resize']): Session {
  let closed = false
  return {
    stdin,
    output: says(stdin, () => closed),
    resize,
    exitCode: async () => 0,
    close: () => {
      closed = true
    },
  }
}

const resized = () => Promise.resolve()

test('a size that the command can no longer be given costs none of its output', async () => {
  const heard = { text: '', status: '' }
  const session = command(undefined, () => Promise.reject(new Error('no such exec session')))
  await serveSession(async () => session, client(undefined, heard), silentLogger)
  expect(heard).toEqual({ text: 'the last words', status: 'Success' })
})

test('input that breaks off is input that ends', async () => {
  const heard = { text: '', status: '' }
  const input = async function* () {
    yield bytes('half a ')
    throw new Error('connection reset')
  }
  await serveSession(async () => command(new PassThrough(), resized), client(input(), heard), silentLogger)
  expect(heard).toEqual({ text: 'half a the last words', status: 'Success' })
})

test('a session that cannot begin is told as a failure', async () => {
  const heard = { text: '', status: '' }
  await serveSession(
    () => Promise.reject(new Error('no such container')),
    client(undefined, heard),
    silentLogger,
  )
  expect(heard.status).toBe('Failure')
})
