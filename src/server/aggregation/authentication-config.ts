import type { Transport } from '../../client/transport.ts'
import type { JsonObject } from '../../machinery/meta/object.ts'
import { isAlreadyExists, isNotFound } from '../../machinery/status/errors.ts'
import type { FrontProxy } from './front-proxy.ts'

const at = { group: '', version: 'v1', resource: 'configmaps', namespace: 'kube-system' } as const
const name = 'extension-apiserver-authentication'

/** Tells servers behind this one whom to believe (pkg/controlplane/controller/clusterauthenticationtrust). */
export async function publishAuthenticationConfig(transport: Transport, proxy: FrontProxy): Promise<void> {
  const data = {
    'client-ca-file': proxy.clientCa,
    'requestheader-allowed-names': '["front-proxy-client"]',
    'requestheader-client-ca-file': proxy.requestHeaderCa,
    'requestheader-extra-headers-prefix': '["X-Remote-Extra-"]',
    'requestheader-group-headers': '["X-Remote-Group"]',
    'requestheader-uid-headers': '["X-Remote-Uid"]',
    'requestheader-username-headers': '["X-Remote-User"]',
  }
  const body = { metadata: { name }, data } as JsonObject
  try {
    await transport.call({ ...at, verb: 'create', body })
  } catch (error) {
    if (!isAlreadyExists(error)) throw error
    await change(transport, data)
  }
}

/** Other keys stay. */
async function change(transport: Transport, data: Record<string, string>): Promise<void> {
  const patchType = 'application/merge-patch+json'
  try {
    await transport.call({ ...at, verb: 'patch', name, patchType, body: { data } })
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
}
