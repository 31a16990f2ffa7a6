import { isGivenEmpty } from '../../machinery/schema/empties.ts'
import { inGoOrder, sortedMap } from '../../machinery/schema/go-order.ts'
import type { ObjectSchema, Schema } from '../../machinery/schema/schema.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { immutableText } from '../../machinery/validation/values.ts'
import { facts } from '../schema/index.ts'
import type { PodTemplateSpec } from '../types/core-v1.gen.ts'
import { sameValue } from './same-field.ts'

/** Where upstream's Go name is not just the JSON name with a capital letter. */
const goNames: Readonly<Record<string, string>> = {
  apiGroup: 'APIGroup',
  apiVersion: 'APIVersion',
  awsElasticBlockStore: 'AWSElasticBlockStore',
  cel: 'CEL',
  cephfs: 'CephFS',
  csi: 'CSI',
  dnsConfig: 'DNSConfig',
  dnsPolicy: 'DNSPolicy',
  fc: 'FC',
  fsGroup: 'FSGroup',
  fsGroupChangePolicy: 'FSGroupChangePolicy',
  fsType: 'FSType',
  gcePersistentDisk: 'GCEPersistentDisk',
  gid: 'GID',
  gmsaCredentialSpec: 'GMSACredentialSpec',
  gmsaCredentialSpecName: 'GMSACredentialSpecName',
  grpc: 'GRPC',
  httpGet: 'HTTPGet',
  httpHeaders: 'HTTPHeaders',
  ip: 'IP',
  iqn: 'IQN',
  iscsi: 'ISCSI',
  iscsiInterface: 'ISCSIInterface',
  nfs: 'NFS',
  os: 'OS',
  pdName: 'PDName',
  pkixPublicKey: 'PKIXPublicKey',
  rbd: 'RBD',
  seLinuxChangePolicy: 'SELinuxChangePolicy',
  seLinuxOptions: 'SELinuxOptions',
  sslEnabled: 'SSLEnabled',
  storageos: 'StorageOS',
  tcpSocket: 'TCPSocket',
  tty: 'TTY',
  uid: 'UID',
  wwids: 'WWIDs',
}

/**
 * A value as upstream shows it in `Invalid value: {…}` when it holds the type in its internal form, which has no JSON
 * names: Go names, every field, null for what is absent. `type` is the Go name, `k8s.io/api/core/v1.SecurityContext`.
 */
export function internalValue(type: string, value: unknown): unknown {
  const schema = facts.typeNamed(type)
  return schema && value !== undefined ? show(schema, value) : (value ?? null)
}

/** Complains about a change of a value that must stay, shown in its internal form. */
export function immutableInternal(
  type: string,
  values: readonly [now: unknown, old: unknown],
  path: string,
  errors: FieldErrors,
): void {
  const [now, old] = values
  // Behind a pointer nothing and empty differ; a struct that is held itself is always there.
  const isOneAbsent = (now === undefined) !== (old === undefined)
  const isSame = !isOneAbsent && sameValue(type, now, old)
  if (!isSame) errors.invalid(path, internalValue(type, now), immutableText)
}

function show(schema: Schema, value: unknown): unknown {
  if (schema.kind === 'object' && typeof value === 'object' && value !== null)
    return showObject(schema, value)
  if (schema.kind === 'list' && Array.isArray(value)) {
    const { items } = schema as Extract<Schema, { kind: 'list' }>
    return value.map(item => show(items, item))
  }
  if (schema.kind === 'map' && typeof value === 'object' && value !== null)
    return sortedMap(value as Readonly<Record<string, unknown>>, item => show(schema.values, item))
  return value
}

function showObject({ fields }: ObjectSchema, value: object): unknown {
  const given = value as Readonly<Record<string, unknown>>
  const shown = [...fields.values()].flatMap(({ name, schema, pointer }) => {
    // Embedded there, and the only type that keeps its JSON names.
    if (isObjectMeta(schema)) return Object.entries(inGoOrder(schema, given[name] ?? {}) as object)
    const absent = pointer ? null : isGivenEmpty(value, name) ? emptyOf(schema) : zero(schema)
    return [
      [
        goNames[name] ?? name[0]!.toUpperCase() + name.slice(1),
        given[name] === undefined ? absent : show(schema, given[name]),
      ],
    ]
  })
  return Object.fromEntries(shown)
}

function isObjectMeta(schema: Schema): boolean {
  return schema.kind === 'object' && (schema as ObjectSchema).name === objectMeta
}

const objectMeta = 'k8s.io/apimachinery/pkg/apis/meta/v1.ObjectMeta'

/** The host's namespaces, which upstream keeps with the other matters of security. */
const hostFields = ['HostNetwork', 'HostPID', 'HostIPC', 'HostUsers', 'ShareProcessNamespace'] as const

/** A pod template in its internal form, the metadata inlined. */
export function internalTemplate({ metadata, spec }: PodTemplateSpec): unknown {
  const shown = internalValue('k8s.io/api/core/v1.PodSpec', spec ?? {}) as Record<string, unknown>
  const { ServiceAccount: _old, SecurityContext: security, ...others } = shown
  const host = Object.fromEntries(hostFields.map(name => [name, shown[name]]))
  for (const name of hostFields) delete others[name]
  // Defaults make an empty list of what was not given.
  if (spec?.containers.length === 0) others.Containers = null
  return {
    ...(inGoOrder(facts.typeNamed(objectMeta)!, metadata) as object | undefined),
    Spec: { ...others, SecurityContext: security === null ? null : { ...host, ...(security as object) } },
  }
}

function emptyOf({ kind }: Schema): unknown {
  return kind === 'list' ? [] : {}
}

function zero(schema: Schema): unknown {
  if (schema.kind === 'string') return ''
  if (schema.kind === 'bool') return false
  return /^u?int(32|64)$/.test(schema.kind)
    ? 0
    : schema.kind === 'object'
      ? showObject(schema as ObjectSchema, {})
      : null
}
