import { createServer } from 'node:net'

/** A port that nobody listens on, below those that connections go out from: one of theirs could take it meanwhile. */
export async function freePort(): Promise<number> {
  const port = 20_000 + Math.floor(Math.random() * 12_000)
  const probe = createServer()
  const isFree = await new Promise<boolean>(tell =>
    probe.once('error', () => tell(false)).listen(port, '127.0.0.1', () => tell(true)),
  )
  if (!isFree) return await freePort()
  await new Promise(done => probe.close(done))
  return port
}
