import { join } from 'node:path'
import { connect } from 'node:tls'
import type { Connection } from './connections.ts'
import { frameCase } from './frames.ts'

/** A kubelet of its own process that streams to and from one pod; see `frames-kubelet.ts`. */
export interface StreamingKubelet {
  readonly pid: number
  /** What came of one connection of mutated frames; undefined where all is well. */
  tryFrames(seed: number, number: number): Promise<string | undefined>
  stop(): Promise<void>
}

const patienceMs = 30_000
/** So long the other side may chew on what it got before the connection goes. */
const lingerMs = 20

/** Starts the kubelet and tells the server of its node and pod; `directory` is the server's data directory. */
export async function startStreamingKubelet(
  connection: Connection,
  directory: string,
): Promise<StreamingKubelet> {
  const child = Bun.spawn(['bun', join(import.meta.dir, 'frames-kubelet.ts'), directory], {
    stderr: 'inherit',
  })
  const reader = child.stdout.getReader()
  const port = Number(Buffer.from((await reader.read()).value ?? '').toString())
  let ended: string | undefined
  child.exited.then(() => {
    ended = String(child.signalCode ?? `exit ${child.exitCode}`)
  })
  const stop = async () => {
    child.kill()
    await child.exited
  }
  await makePod(connection, port).catch(async error => {
    await stop()
    throw error
  })
  return {
    pid: child.pid,
    async tryFrames(seed, number) {
      const { head, frames } = await frameCase(seed, number)
      const line = await stream(connection, head, frames)
      if (ended) return `the kubelet is gone: ${ended}`
      return line.startsWith('HTTP/1.1 101') ? undefined : `not granted: ${line}`
    },
    stop,
  }
}

async function makePod(connection: Connection, port: number): Promise<void> {
  const addresses = [{ type: 'InternalIP', address: '127.0.0.1' }]
  const status = { addresses, daemonEndpoints: { kubeletEndpoint: { Port: port } } }
  await ask(connection, 'POST', '/api/v1/nodes', { metadata: { name: 'streamed' } })
  await ask(connection, 'PATCH', '/api/v1/nodes/streamed/status', { status })
  const metadata = { name: 'streamed' }
  const spec = { nodeName: 'streamed', containers: [{ name: 'c', image: 'i' }] }
  await ask(connection, 'POST', '/api/v1/namespaces/default/pods', { metadata, spec })
}

async function ask({ server, tls }: Connection, method: string, path: string, body: object): Promise<void> {
  const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'
  const init = { method, tls, headers: { 'content-type': type }, body: JSON.stringify(body) }
  const response = await fetch(server + path, init as RequestInit)
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
}

/** Sends the frames once the upgrade is granted; the first line that came back. */
async function stream(
  { server, tls }: Connection,
  head: string,
  frames: readonly Uint8Array[],
): Promise<string> {
  const { hostname, port } = new URL(server)
  const socket = connect({ host: hostname, port: Number(port), ...tls, ALPNProtocols: ['http/1.1'] })
  const { promise, resolve } = Promise.withResolvers<string>()
  const timer = setTimeout(() => resolve('nothing'), patienceMs)
  socket.once('data', chunk => resolve(String(chunk).split('\r\n', 1)[0]!))
  socket.on('close', () => resolve('closed'))
  socket.on('error', error => resolve(String(error)))
  socket.write(head)
  const line = await promise
  clearTimeout(timer)
  for (const frame of frames) if (!socket.destroyed) socket.write(frame)
  await Bun.sleep(lingerMs)
  socket.destroy()
  return line
}
