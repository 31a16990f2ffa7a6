import type { ConfigMap } from '../../api/types/core-v1.gen.ts'
import type { Transport } from '../../client/transport.ts'
import { deepEqual } from '../../machinery/meta/value.ts'
import { isAlreadyExists, isConflict, isNotFound } from '../../machinery/status/errors.ts'
import type { Ports } from '../../std/ports.ts'
import { usualRequestHeaders } from '../authn/front-proxy.ts'
import type { Followed } from '../cache-sources.ts'
import { certificateFacts, certificatesIn } from '../pki/certificate.ts'
import type { FrontProxy } from './front-proxy.ts'

const at = { group: '', version: 'v1', resource: 'configmaps', namespace: 'kube-system' } as const
/** What servers behind this one read. */
export const authenticationConfig = { namespace: at.namespace, name: 'extension-apiserver-authentication' }
const { name } = authenticationConfig

export interface AuthenticationConfigOptions {
  /** With the server's own rights. */
  readonly transport: Transport
  readonly configMap: Followed<ConfigMap>
  readonly proxy: () => FrontProxy
  readonly ports: Pick<Ports, 'clock' | 'log'>
}

/**
 * Tells servers behind this one whom to believe (pkg/controlplane/controller/clusterauthenticationtrust): what is there
 * stays, as other servers of this cluster may have written it, and ours is added; authorities go when they run out. Once
 * it resolves it is written; it is again where it is taken away and when the answer is called, until `signal` aborts.
 */
export async function maintainAuthenticationConfig(
  options: AuthenticationConfigOptions,
  signal: AbortSignal,
): Promise<() => void> {
  const { configMap, ports } = options
  await publish(options)
  let last = Promise.resolve()
  const again = () => {
    last = last
      .then(() => (signal.aborted ? undefined : publish(options)))
      .catch(error => {
        if (!signal.aborted)
          ports.log.warn('servers behind this one are not told whom to believe', { error: String(error) })
      })
  }
  const stop = configMap.onChange(({ now }) => {
    if (!now) again()
  })
  signal.addEventListener('abort', stop, { once: true })
  return again
}

/** Another server that writes it meanwhile does the same. */
async function publish({ transport, proxy, ports }: AuthenticationConfigOptions): Promise<void> {
  for (;;) {
    try {
      return await write(transport, proxy(), ports.clock.nowMs())
    } catch (error) {
      if (!isConflict(error) && !isAlreadyExists(error) && !isNotFound(error)) throw error
    }
  }
}

async function write(transport: Transport, proxy: FrontProxy, nowMs: number): Promise<void> {
  const known = await existing(transport)
  const data = combined(known?.data ?? {}, proxy, nowMs)
  if (!known) {
    await transport.call({ ...at, verb: 'create', body: { metadata: { name }, data } })
    return
  }
  if (deepEqual(known.data ?? {}, data)) return
  await transport.call({ ...at, verb: 'update', name, body: { ...known, data } })
}

async function existing(transport: Transport): Promise<ConfigMap | undefined> {
  try {
    return (await transport.call({ ...at, verb: 'get', name })) as ConfigMap
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}

function combined(
  known: Readonly<Record<string, string>>,
  { requestHeaderCa, clientCa, requestHeaders = usualRequestHeaders }: FrontProxy,
  nowMs: number,
): Record<string, string> {
  const list = (key: string, values: readonly string[]) => {
    const before = known[key] ? (JSON.parse(known[key]) as string[]) : []
    return JSON.stringify([...new Set([...before, ...values])])
  }
  const authorities = (key: string, pem: string) =>
    goodCertificates(`${known[key] ?? ''}\n${pem}`, nowMs).join('')
  const uids = list('requestheader-uid-headers', requestHeaders.uid)
  return {
    'client-ca-file': authorities('client-ca-file', clientCa),
    'requestheader-allowed-names': list('requestheader-allowed-names', requestHeaders.allowedNames),
    'requestheader-client-ca-file': authorities('requestheader-client-ca-file', requestHeaderCa),
    'requestheader-extra-headers-prefix': list(
      'requestheader-extra-headers-prefix',
      requestHeaders.extraPrefix,
    ),
    'requestheader-group-headers': list('requestheader-group-headers', requestHeaders.group),
    ...(uids !== '[]' && { 'requestheader-uid-headers': uids }),
    'requestheader-username-headers': list('requestheader-username-headers', requestHeaders.username),
  }
}

/** Clocks of machines differ a little. */
const slackMs = 5 * 60_000

/** Each certificate once, without those that have run out. */
function goodCertificates(pem: string, nowMs: number): string[] {
  const good = certificatesIn(pem).filter(({ raw }) => certificateFacts(raw).notAfterMs > nowMs - slackMs)
  return [...new Set(good.map(String))]
}
