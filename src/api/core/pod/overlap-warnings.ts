/** Files of one volume that are in each other's way (pkg/api/pod/warnings.go warningsForOverlappingVirtualPaths). */
import { quote } from '../../../machinery/meta/quote.ts'
import type { Volume, VolumeProjection } from '../../types/core-v1.gen.ts'

interface Placed {
  readonly path: string
  /** Where it comes from, in a volume with several sources. */
  readonly source: string
}

interface Named {
  readonly path: string
}

/** One text for each two files of a volume that would overwrite or contain each other. */
export function overlapWarnings(volumes: readonly Volume[]): string[] {
  return volumes.flatMap(volume => {
    const { name, configMap, secret, downwardAPI, projected } = volume
    const warn = (title: string, items: readonly Named[] = []) =>
      overlapsOf(placed(items, '')).map(text => told(name, title, text))
    return [
      ...warn(`ConfigMap ${quote(configMap?.name ?? '')}`, configMap?.items),
      ...warn(`Secret ${quote(secret?.secretName ?? '')}`, secret?.items),
      ...warn('DownwardAPI', downwardAPI?.items),
      ...projectedWarnings(name, projected?.sources ?? []),
    ]
  })
}

function told(volume: string, title: string, text: string): string {
  return `volume ${quote(volume)} (${title}): overlapping paths: ${text}`
}

function projectedWarnings(volume: string, sources: readonly VolumeProjection[]): string[] {
  const nothing = sources
    .filter(source => Object.keys(source).length === 0)
    .map(() => `volume ${quote(volume)} (Projected) has no sources provided`)
  const overlaps = overlapsOf(sources.flatMap(pathsOf)).map(text => told(volume, 'Projected', text))
  return [...nothing, ...overlaps]
}

function placed(items: readonly Named[], source: string): Placed[] {
  return items.map(({ path }) => ({ path, source }))
}

function pathsOf(source: VolumeProjection): Placed[] {
  const { configMap, secret, downwardAPI, serviceAccountToken, clusterTrustBundle, podCertificate } = source
  if (configMap?.items) return placed(configMap.items, `ConfigMap ${quote(configMap.name ?? '')}`)
  if (secret?.items) return placed(secret.items, `Secret ${quote(secret.name ?? '')}`)
  if (downwardAPI?.items) return placed(downwardAPI.items, 'DownwardAPI')
  if (serviceAccountToken) return placed([serviceAccountToken], 'ServiceAccountToken')
  if (clusterTrustBundle) {
    const name = clusterTrustBundle.name ?? clusterTrustBundle.signerName ?? ''
    return placed([clusterTrustBundle], `ClusterTrustBundle ${quote(name)}`)
  }
  const { certificateChainPath, keyPath, credentialBundlePath } = podCertificate ?? {}
  const parts = { chain: certificateChainPath, key: keyPath, 'credential bundle': credentialBundlePath }
  return Object.entries(parts).flatMap(([part, path]) =>
    path ? [{ path, source: `PodCertificate ${part}` }] : [],
  )
}

function overlapsOf(all: readonly Placed[]): string[] {
  const places = all.map(({ path, source }) => ({ path: path.replace(/\/+$/, ''), source }))
  return places.flatMap((place, index) =>
    places
      .slice(0, index)
      .filter(other => isInTheWay(place.path, other.path))
      .map(other => `${shown(place)} with ${shown(other)}`),
  )
}

function isInTheWay(a: string, b: string): boolean {
  return a !== '' && b !== '' && (`${a}/`.startsWith(`${b}/`) || `${b}/`.startsWith(`${a}/`))
}

function shown({ path, source }: Placed): string {
  return source ? `${quote(path)} (${source})` : quote(path)
}
