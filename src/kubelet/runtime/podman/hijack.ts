import { connect, type Socket } from 'node:net'
import { EngineError } from './engine.ts'

const answerMaxBytes = 16_384

/**
 * Posts without a body and takes the connection over once the engine has answered. dockerode would send its
 * options as the body here, and the container would read them as its input.
 */
export function hijack(socketPath: string, path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath)
    let answer = Buffer.alloc(0)
    const fail = (error: Error) => reject(new EngineError(0, error.message))
    const take = (piece: Buffer) => {
      answer = Buffer.concat([answer, piece])
      const end = answer.indexOf('\r\n\r\n')
      if (end < 0 && answer.length < answerMaxBytes) return
      const code = Number(/^HTTP\/1\.\d (\d+)/.exec(answer.toString('latin1'))?.[1] ?? 0)
      if (code !== 101 && code !== 200) {
        socket.destroy()
        return reject(
          new EngineError(code, answer.subarray(end + 4).toString() || `the engine answered ${code}`),
        )
      }
      socket.off('data', take)
      socket.off('error', fail)
      socket.pause()
      if (answer.length > end + 4) socket.unshift(answer.subarray(end + 4))
      resolve(socket)
    }
    socket.on('error', fail)
    socket.on('data', take)
    socket.once('connect', () => {
      socket.write(
        `POST ${path} HTTP/1.1\r\nHost: engine\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 0\r\n\r\n`,
      )
    })
  })
}
