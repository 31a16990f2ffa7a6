import type {
  ClusterTrustBundleProjection,
  ConfigMap,
  DownwardAPIVolumeFile,
  KeyToPath,
  Pod,
  PodCertificateProjection,
  Secret,
  Volume,
  VolumeProjection,
} from '../../api/types/core-v1.gen.ts'
import { fieldValue, resourceValue } from '../container/field-ref.ts'
import type { References } from '../references.ts'
import type { Payload, PayloadFile } from './atomic-writer.ts'
import type { CredentialBundle } from './pod-certificates.ts'

/** What the files of a volume are made of. */
export interface PayloadContext {
  readonly pod: Pod
  readonly references: References
  readonly nodeName: string
  readonly hostIps: readonly string[]
  readonly allocatable: Readonly<Record<string, string>>
  /** A token of the pod's service account; kept fresh by the caller. */
  readonly token: (audience: string | undefined, lifeSeconds: number) => Promise<string>
  /** Certificates of trust bundles, as PEM. */
  readonly anchors: (projection: ClusterTrustBundleProjection) => Promise<string>
  /** Key and certificates of the source of that index. Throws while they are not there. */
  readonly credentials: (volume: string, source: number) => CredentialBundle
}

/** Objects whose change must be seen by the volume. */
export interface Watched {
  readonly kind: 'ConfigMap' | 'Secret'
  readonly name: string
}

const defaultMode = 0o644
const tokenLifeSeconds = 3600

/** The files of a configMap, secret, downwardAPI or projected volume. Rejects with a sentence when a part is missing. */
export async function payloadOf(volume: Volume, context: PayloadContext): Promise<Payload> {
  const files = new Map<string, PayloadFile>()
  const credentials = (source: number) => context.credentials(volume.name, source)
  for (const [index, { part, mode }] of projectionsOf(volume).entries()) {
    const made = part.podCertificate
      ? credentialFiles(part.podCertificate, credentials(index), mode, context.pod)
      : await project(part, mode, context)
    for (const [path, file] of made) files.set(checked(path), file)
  }
  return files
}

/** The ConfigMaps and Secrets that a volume reads. */
export function watchedBy(volume: Volume): Watched[] {
  return projectionsOf(volume).flatMap(({ part }): Watched[] => {
    if (part.configMap?.name) return [{ kind: 'ConfigMap' as const, name: part.configMap.name }]
    return part.secret?.name ? [{ kind: 'Secret' as const, name: part.secret.name }] : []
  })
}

/** Whether trust bundles are in the volume. */
export function usesTrustBundles(volume: Volume): boolean {
  return projectionsOf(volume).some(({ part }) => part.clusterTrustBundle)
}

/** Whether certificates of the pod's own are in the volume. */
export function usesPodCertificates(volume: Volume): boolean {
  return projectionsOf(volume).some(({ part }) => part.podCertificate)
}

/** Whether service account tokens are in the volume. */
export function usesTokens(volume: Volume): boolean {
  return projectionsOf(volume).some(({ part }) => part.serviceAccountToken)
}

/** A plain volume is a projection of one source. */
function projectionsOf({
  configMap,
  secret,
  downwardAPI,
  projected,
}: Volume): { part: VolumeProjection; mode: number }[] {
  if (configMap) return [{ part: { configMap }, mode: configMap.defaultMode ?? defaultMode }]
  if (secret) {
    const part = { secret: { name: secret.secretName, items: secret.items, optional: secret.optional } }
    return [{ part, mode: secret.defaultMode ?? defaultMode }]
  }
  if (downwardAPI) return [{ part: { downwardAPI }, mode: downwardAPI.defaultMode ?? defaultMode }]
  return (projected?.sources ?? []).map(part => ({ part, mode: projected?.defaultMode ?? defaultMode }))
}

async function project(
  part: VolumeProjection,
  mode: number,
  context: PayloadContext,
): Promise<Iterable<[string, PayloadFile]>> {
  const namespace = context.pod.metadata.namespace ?? ''
  if (part.configMap) {
    const { name = '', items, optional } = part.configMap
    const found = await context.references.configMap(namespace, name)
    return pick('configmap', name, found && configMapData(found), { items, optional, mode })
  }
  if (part.secret) {
    const { name = '', items, optional } = part.secret
    const found = await context.references.secret(namespace, name)
    return pick('secret', name, found && secretData(found), { items, optional, mode })
  }
  if (part.downwardAPI) return (part.downwardAPI.items ?? []).map(item => downward(item, mode, context))
  if (part.serviceAccountToken) {
    const { audience, expirationSeconds, path } = part.serviceAccountToken
    const token = await context.token(audience, expirationSeconds ?? tokenLifeSeconds)
    return [[path, ownFile(token, mode, context.pod)]]
  }
  if (part.clusterTrustBundle) {
    const anchors = await context.anchors(part.clusterTrustBundle)
    return [[part.clusterTrustBundle.path, ownFile(anchors, mode, context.pod)]]
  }
  throw new Error(`projected source ${Object.keys(part)[0] ?? ''} is not supported`)
}

/** The bundle begins with the key; each of the three files is there when it has a path. */
function credentialFiles(
  { credentialBundlePath, keyPath, certificateChainPath }: PodCertificateProjection,
  { key, certificates }: CredentialBundle,
  mode: number,
  pod: Pod,
): [string, PayloadFile][] {
  const files: [string | undefined, string][] = [
    [credentialBundlePath, key + certificates],
    [keyPath, key],
    [certificateChainPath, certificates],
  ]
  return files.flatMap(([path, text]): [string, PayloadFile][] =>
    path ? [[path, ownFile(text, mode, pod)]] : [],
  )
}

interface Selection {
  readonly items: readonly KeyToPath[] | undefined
  readonly optional: boolean | undefined
  readonly mode: number
}

function pick(
  kind: string,
  name: string,
  data: Map<string, Uint8Array> | undefined,
  selection: Selection,
): [string, PayloadFile][] {
  const { items, optional, mode } = selection
  if (!data) {
    if (optional) return []
    throw new Error(`${kind} "${name}" not found`)
  }
  if (!items?.length) return [...data].map(([key, bytes]) => [key, { data: bytes, mode }])
  return items.flatMap(({ key, path, mode: own }): [string, PayloadFile][] => {
    const bytes = data.get(key)
    if (bytes) return [[path, { data: bytes, mode: own ?? mode }]]
    if (optional) return []
    throw new Error(`references non-existent ${kind} key: ${key}`)
  })
}

function configMapData({ data, binaryData }: ConfigMap): Map<string, Uint8Array> {
  const text = Object.entries(data ?? {}).map(([key, value]): [string, Uint8Array] => [
    key,
    Buffer.from(value),
  ])
  const binary = Object.entries(binaryData ?? {}).map(([key, value]): [string, Uint8Array] => [
    key,
    Buffer.from(value, 'base64'),
  ])
  return new Map([...text, ...binary])
}

function secretData({ data }: Secret): Map<string, Uint8Array> {
  return new Map(Object.entries(data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64')]))
}

function downward(item: DownwardAPIVolumeFile, mode: number, context: PayloadContext): [string, PayloadFile] {
  return [item.path, { data: Buffer.from(downwardText(item, context)), mode: item.mode ?? mode }]
}

function downwardText(
  { fieldRef, resourceFieldRef }: DownwardAPIVolumeFile,
  context: PayloadContext,
): string {
  const { pod, nodeName, hostIps, allocatable } = context
  if (fieldRef) {
    const value = fieldValue(fieldRef.fieldPath, { pod, nodeName, hostIps, podIps: [] })
    if (value === undefined) throw new Error(`unsupported fieldPath: ${fieldRef.fieldPath}`)
    return value
  }
  const name = resourceFieldRef?.containerName
  const container = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])].find(
    each => each.name === name,
  )
  if (!resourceFieldRef || !container) throw new Error(`container ${name} not found`)
  const value = resourceValue(resourceFieldRef, container, allocatable)
  if (value === undefined) throw new Error(`unsupported container resource : ${resourceFieldRef.resource}`)
  return value
}

/** With fsGroup the group reads it; with one user for all containers that user owns it, and nobody else reads it. */
function ownFile(text: string, mode: number, { spec }: Pod): PayloadFile {
  const data = Buffer.from(text)
  if (spec?.securityContext?.fsGroup !== undefined) return { data, mode: 0o600 }
  const users = new Set(
    (spec?.containers ?? []).map(
      container => container.securityContext?.runAsUser ?? spec?.securityContext?.runAsUser,
    ),
  )
  const [user] = users
  return users.size === 1 && user !== undefined ? { data, mode: 0o600, uid: user } : { data, mode }
}

/** Admission refuses such paths; files on the host are not written on trust. */
function checked(path: string): string {
  if (path === '' || path.startsWith('/') || path.split('/').includes('..') || path.startsWith('..')) {
    throw new Error(`invalid path: "${path}" must be relative and stay inside of the volume`)
  }
  return path
}
