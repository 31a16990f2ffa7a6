import { type DocumentKind, readDocument } from '../../machinery/config/document.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { createFieldErrors } from '../../machinery/validation/field-errors.ts'

/** apiserver.k8s.io/v1beta1 EgressSelectorConfiguration. */
export interface EgressSelectorConfiguration {
  readonly egressSelections?: readonly EgressSelection[]
}

export interface EgressSelection {
  readonly name?: string
  readonly connection?: EgressConnection
}

export interface EgressConnection {
  readonly proxyProtocol?: string
  readonly transport?: {
    readonly tcp?: { readonly url?: string; readonly tlsConfig?: EgressTls }
    readonly uds?: { readonly udsName?: string }
  }
}

/** Paths of PEM files. */
export interface EgressTls {
  readonly caBundle?: string
  readonly clientKey?: string
  readonly clientCert?: string
}

const documentKind: DocumentKind = {
  kind: 'EgressSelectorConfiguration',
  apiVersions: ['apiserver.k8s.io/v1beta1', 'apiserver.k8s.io/v1alpha1'],
  fields: {
    egressSelections: [
      {
        fields: {
          name: 'string',
          connection: {
            fields: {
              proxyProtocol: 'string',
              transport: {
                fields: {
                  tcp: {
                    fields: {
                      url: 'string',
                      tlsConfig: {
                        fields: { caBundle: 'string', clientKey: 'string', clientCert: 'string' },
                      },
                    },
                  },
                  uds: { fields: { udsName: 'string' } },
                },
              },
            },
          },
        },
      },
    ],
  },
}

export const egressNames = ['cluster', 'controlplane', 'etcd'] as const
export type EgressName = (typeof egressNames)[number]

/**
 * Reads the file of `--egress-selector-config-file` (apiserver pkg/server/egressselector config.go); `exists` says whether
 * a file is there. Throws `Error` with every fault, in upstream's words.
 */
export function readEgressConfiguration(
  text: string,
  exists: (path: string) => boolean,
): ReadonlyMap<EgressName, EgressConnection> {
  const { egressSelections = [] } = readDocument<EgressSelectorConfiguration>(text, documentKind)
  const errors = createFieldErrors()
  for (const { connection = {} } of egressSelections) validateConnection(connection, errors, exists)
  const seen = new Map<EgressName, EgressConnection>()
  for (const [index, { name = '', connection = {} }] of egressSelections.entries()) {
    const known = egressNames.find(each => each === name.toLowerCase())
    if (known === undefined) errors.notSupported(at, name.toLowerCase(), egressNames)
    else if (seen.has(known)) errors.duplicate(`${at}[${index}]`, known)
    else seen.set(known, connection)
  }
  if (errors.list.length > 0)
    throw new Error(errors.list.map(({ field, message }) => `${field}: ${message}`).join(', '))
  return seen
}

const at = 'service.connection'
const protocols = ['Direct', 'HTTPConnect', 'GRPC']
type Exists = (path: string) => boolean

function validateConnection(
  { proxyProtocol = '', transport }: EgressConnection,
  errors: FieldErrors,
  exists: Exists,
): void {
  if (!protocols.includes(proxyProtocol))
    return errors.notSupported(`${at}.protocol`, proxyProtocol, protocols)
  if (proxyProtocol === 'Direct') {
    if (transport) errors.invalid(`${at}.transport`, 'direct', 'config must be absent for direct connect')
    return
  }
  if (!transport) return errors.required(`${at}.transport`, `transport must be set for ${proxyProtocol}`)
  const { tcp, uds } = transport
  if (proxyProtocol === 'GRPC' && !uds) errors.required(`${at}.uds`, 'UDS must be set with GRPC')
  else if (proxyProtocol === 'GRPC') validateSocket(uds, errors)
  else if (tcp && uds) errors.invalid(`${at}.tcp`, tcp.url ?? '', 'TCP and UDS cannot both be set')
  else if (tcp) validateTcp(tcp, errors, exists)
  else if (uds) validateSocket(uds, errors)
  else errors.required(`${at}.tcp`, 'One of TCP or UDS must be set')
}

function validateSocket({ udsName = '' }: { readonly udsName?: string } = {}, errors: FieldErrors): void {
  if (udsName === '') errors.invalid(`${at}.udsName`, 'nil', 'must be present for UDS connections')
}

type Tcp = NonNullable<NonNullable<EgressConnection['transport']>['tcp']>

function validateTcp({ url = '', tlsConfig }: Tcp, errors: FieldErrors, exists: Exists): void {
  if (url.startsWith('http://')) {
    if (tlsConfig) errors.invalid(`${at}.tlsConfig`, 'nil', 'config must not be present when using HTTP')
  } else if (!url.startsWith('https://'))
    errors.invalid(`${at}.url`, url, 'supported connection protocols are http:// and https://')
  else if (!tlsConfig) errors.required(`${at}.tlsConfig`, 'TLSConfig must be present when using HTTPS')
  else {
    const { caBundle = '', clientCert = '', clientKey = '' } = tlsConfig
    const path = (name: string) => `${at}.tlsConfig.${name}`
    if (caBundle && !exists(caBundle))
      errors.invalid(path('caBundle'), caBundle, 'TLS config ca bundle does not exist')
    if (!clientCert) errors.invalid(path('clientCert'), 'nil', 'Using TLS requires clientCert')
    else if (!exists(clientCert))
      errors.invalid(path('clientCert'), clientCert, 'TLS client cert does not exist')
    if (!clientKey) errors.invalid(path('clientKey'), 'nil', 'Using TLS requires requires clientKey')
    else if (!exists(clientKey)) errors.invalid(path('clientKey'), clientKey, 'TLS client key does not exist')
  }
}
