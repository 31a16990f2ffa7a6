import { connect } from 'node:net'
import type { Container, HTTPGetAction } from '../../api/types/core-v1.gen.ts'
import { joinHostPort } from '../../std/host-port.ts'
import type { Clock } from '../../std/ports.ts'
import type { RuntimeService, Session } from '../runtime/runtime.ts'
import { grpcProbe } from './grpc-probe.ts'
import type { ProbeResult, Prober } from './prober.ts'

const bodyMaxBytes = 10 * 1024

/** Probes over the network straight from this process, and by running commands in the container. */
export function hostProber(containers: Pick<RuntimeService, 'exec'>, clock: Clock): Prober {
  return async ({ container, containerId, probe, podIp }) => {
    const timeoutMs = (probe.timeoutSeconds ?? 1) * 1000
    if (probe.exec)
      return execProbe(await execute(containers, containerId, probe.exec.command ?? [], timeoutMs))
    const host = podIp ?? ''
    if (probe.httpGet) return httpProbe(probe.httpGet, container, host, timeoutMs)
    if (probe.tcpSocket)
      return tcpProbe(probe.tcpSocket.host || host, portNumber(probe.tcpSocket.port, container), timeoutMs)
    if (probe.grpc)
      return grpcProbe({ host, port: probe.grpc.port, service: probe.grpc.service ?? '' }, timeoutMs, clock)
    throw new Error('missing probe handler')
  }
}

/** Any answer from 200 to 399 is healthy (upstream pkg/probe/http); a certificate is not checked. */
export async function httpProbe(
  action: HTTPGetAction,
  container: Container,
  podIp: string,
  timeoutMs: number,
): Promise<ProbeResult> {
  const host = action.host || podIp
  const scheme = (action.scheme ?? 'HTTP').toLowerCase()
  const port = portNumber(action.port, container)
  const target = `${scheme}://${joinHostPort(host, port)}${toPath(action.path)}`
  const headers = new Headers({ 'User-Agent': 'kube-probe/1.35', Accept: '*/*' })
  for (const { name, value } of action.httpHeaders ?? []) headers.set(name, value)
  try {
    const answer = await fetch(target, {
      ...{ headers, redirect: 'manual', signal: AbortSignal.timeout(timeoutMs), keepalive: false },
      tls: { rejectUnauthorized: false },
    })
    const body = (await answer.text()).slice(0, bodyMaxBytes)
    if (answer.status >= 200 && answer.status < 400) return { ok: true, output: body }
    return { ok: false, output: `HTTP probe failed with statuscode: ${answer.status}` }
  } catch (error) {
    return { ok: false, output: `Get "${target}": ${networkWords(error, joinHostPort(host, port))}` }
  }
}

function toPath(path: string | undefined): string {
  if (!path) return '/'
  return path.startsWith('/') ? path : `/${path}`
}

function networkWords(error: unknown, address: string): string {
  const { name, code, message } = error as { name?: string; code?: string; message?: string }
  if (name === 'TimeoutError')
    return 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)'
  if (code === 'ConnectionRefused' || code === 'ECONNREFUSED')
    return `dial tcp ${address}: connect: connection refused`
  return message ?? String(error)
}

function tcpProbe(host: string, port: number, timeoutMs: number): Promise<ProbeResult> {
  return new Promise(resolve => {
    const socket = connect({ host, port, timeout: timeoutMs })
    const done = (ok: boolean, output: string) => {
      socket.destroy()
      resolve({ ok, output })
    }
    socket.once('connect', () => done(true, ''))
    socket.once('timeout', () => done(false, `dial tcp ${joinHostPort(host, port)}: i/o timeout`))
    socket.once('error', error => done(false, networkWords(error, joinHostPort(host, port))))
  })
}

export interface Executed {
  readonly exitCode: number
  readonly output: string
  readonly timedOut: boolean
}

/** Runs a command to its end or to the end of its time. */
export async function execute(
  containers: Pick<RuntimeService, 'exec'>,
  containerId: string,
  command: readonly string[],
  timeoutMs: number | undefined,
): Promise<Executed> {
  const session = await containers.exec(containerId, {
    command,
    stdin: false,
    stdout: true,
    stderr: true,
    tty: false,
  })
  let timedOut = false
  const timer = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs)
  const giveUp = () => {
    timedOut = true
    session.close()
  }
  timer?.addEventListener('abort', giveUp, { once: true })
  try {
    const output = await outputOf(session)
    return { output, timedOut, exitCode: timedOut ? -1 : await session.exitCode() }
  } finally {
    timer?.removeEventListener('abort', giveUp)
  }
}

async function outputOf(session: Session): Promise<string> {
  let text = ''
  for await (const { data } of session.output)
    if (text.length < bodyMaxBytes) text += Buffer.from(data).toString()
  return text.slice(0, bodyMaxBytes)
}

function execProbe({ exitCode, output, timedOut }: Executed): ProbeResult {
  if (timedOut) return { ok: false, output: 'command timed out' }
  return { ok: exitCode === 0, output }
}

/** A number, or the name of one of the container's ports. */
export function portNumber(port: number | string, { name, ports }: Container): number {
  if (typeof port === 'number') return port
  const named = ports?.find(entry => entry.name === port)?.containerPort
  const number = named ?? Number(port)
  if (!Number.isInteger(number) || number <= 0 || number > 65_535)
    throw new Error(`couldn't find port: "${port}" in container ${name}`)
  return number
}
