import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream'
import type { Dial } from './dial.ts'

/** A socket that only this user may open, and that leads to a place behind a dial. */
export interface Relay {
  /** In gRPC's words: `unix:///…`. */
  readonly address: string
  close(): void
}

/** For clients that take an address and no connection, as those of gRPC do. What cannot be dialed is closed at once. */
export async function openRelay(
  dial: Dial,
  to: { readonly host: string; readonly port: number },
): Promise<Relay> {
  const folder = mkdtempSync(join(tmpdir(), 'hutch-egress-'))
  const path = join(folder, 'relay')
  const open = new Set<Socket>()
  const server = createServer(near => {
    open.add(near)
    near.on('error', () => near.destroy())
    near.on('close', () => open.delete(near))
    dial(to.host, to.port).then(
      far => {
        // Either end tells the other; whoever waits at this one sees a lost connection.
        const ended = () => {
          near.destroy()
          far.destroy()
        }
        pipeline(near, far, ended)
        pipeline(far, near, ended)
      },
      () => near.destroy(),
    )
  })
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen(path, () => resolve())
  await promise
  return {
    address: `unix://${path}`,
    close() {
      server.close()
      for (const near of open) near.destroy()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
