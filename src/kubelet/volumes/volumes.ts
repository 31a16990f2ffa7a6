import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Node, Pod, Volume } from '../../api/types/core-v1.gen.ts'
import type { Client } from '../../client/client.ts'
import { messageOf } from '../../std/message.ts'
import type { Cancel, Ports } from '../../std/ports.ts'
import type { KubeletConfig } from '../config.ts'
import { createVolumeMeter, type VolumeMeter } from '../metrics/volume-operations.ts'
import type { PodVolumes } from '../pod/environment.ts'
import type { PodEvents } from '../pod/events.ts'
import type { References } from '../references.ts'
import { missing, writeAtomically } from './atomic-writer.ts'
import { payloadOf, usesPodCertificates, usesTokens, usesTrustBundles, watchedBy } from './payload.ts'
import { createPodCertificates, type PodCertificates } from './pod-certificates.ts'
import { isWritten, setUpEmptyDir, setUpHostPath, unmount, volumeType } from './sources.ts'
import { createPodTokens, type PodTokens } from './token.ts'
import { createTrustBundles, type TrustBundles } from './trust-bundles.ts'
import { VolumeError } from './volume-error.ts'

export interface VolumesOptions {
  readonly client: Client
  readonly references: References
  readonly config: KubeletConfig
  readonly ports: Ports
  readonly node: () => Node | undefined
  readonly events: PodEvents
}

/** A pod whose volumes are set up. */
interface Live {
  pod: Pod
  readonly timers: Map<string, Cancel>
}

/** Volumes on a real machine, below `<data>/pods/<uid>/volumes`, kept up to date while the pod has them. */
export function createVolumes(options: VolumesOptions): PodVolumes {
  return new HostVolumes(options)
}

/** Tokens are written anew just after they got old; where none can be had, this is how often we ask. */
const tokenMarginMs = 1_000
const tokenRefreshMinMs = 60_000

class HostVolumes implements PodVolumes {
  readonly #options: VolumesOptions
  readonly #live = new Map<string, Live>()
  /** By path. */
  readonly #writing = new Map<string, Promise<void>>()
  readonly #tokens: PodTokens
  readonly #bundles: TrustBundles
  readonly #certificates: PodCertificates
  readonly #measure: VolumeMeter

  constructor(options: VolumesOptions) {
    this.#options = options
    this.#measure = createVolumeMeter(options.ports)
    this.#tokens = createPodTokens(options.client, options.ports)
    this.#bundles = createTrustBundles(options)
    this.#certificates = createPodCertificates({ ...options, nodeName: options.config.nodeName })
  }

  async setUp(pod: Pod): Promise<ReadonlyMap<string, string>> {
    const uid = pod.metadata.uid ?? ''
    const known = this.#live.get(uid)
    const entry: Live = known ?? { pod, timers: new Map() }
    entry.pod = pod
    this.#live.set(uid, entry)
    if (pod.spec?.volumes?.some(usesPodCertificates))
      this.#certificates.hold(pod, () => this.#refreshAll(uid))
    const paths = new Map<string, string>()
    for (const volume of pod.spec?.volumes ?? []) {
      if (!known) this.#follow(uid, volume, pod.metadata.namespace ?? '')
      const setUp = () => this.#setUpOne(pod, volume)
      const path = await this.#measure(volumeType(volume), 'volume_mount', setUp).catch(error => {
        throw new VolumeError(volume.name, messageOf(error))
      })
      paths.set(volume.name, path)
    }
    return paths
  }

  async tearDown(podUid: string): Promise<void> {
    for (const cancel of this.#live.get(podUid)?.timers.values() ?? []) cancel()
    this.#live.delete(podUid)
    this.#options.references.release(podUid)
    this.#tokens.release(podUid)
    this.#bundles.release(podUid)
    this.#certificates.release(podUid)
    const directory = join(this.#options.config.dataDir, 'pods', podUid)
    const names = await readdir(join(directory, 'volumes'), { recursive: false }).catch(missing)
    for (const name of names ?? []) {
      const [type = ''] = name.split('~', 1)
      await this.#measure(type, 'volume_unmount', () => unmount(join(directory, 'volumes', name)))
    }
    await rm(directory, { recursive: true, force: true })
  }

  async #setUpOne(pod: Pod, volume: Volume): Promise<string> {
    const type = volumeType(volume)
    const path = type === 'hostPath' ? volume.hostPath!.path : pathOf(this.#options.config, pod, volume)
    if (type === 'hostPath') await setUpHostPath(volume.hostPath!)
    else if (type === 'emptyDir')
      await setUpEmptyDir(path, volume.emptyDir ?? {}, pod.spec?.securityContext?.fsGroup)
    else if (isWritten(volume)) await this.#write(pod, volume)
    else throw new Error(`volumes of type ${type} are not supported by this node`)
    return path
  }

  /** One writer at a time: a source may change while its volume is set up. */
  async #write(pod: Pod, volume: Volume): Promise<void> {
    const path = pathOf(this.#options.config, pod, volume)
    const before = this.#writing.get(path)
    const writing = Promise.allSettled([before]).then(() => this.#writeNow(pod, volume))
    this.#writing.set(path, writing)
    try {
      await writing
    } finally {
      if (this.#writing.get(path) === writing) this.#writing.delete(path)
    }
  }

  async #writeNow(pod: Pod, volume: Volume): Promise<void> {
    const { references, config, ports, node } = this.#options
    const payload = await payloadOf(volume, {
      ...{ pod, references, nodeName: config.nodeName, hostIps: config.nodeIps },
      allocatable: node()?.status?.allocatable ?? {},
      token: (audience, lifeSeconds) => this.#tokens.token(pod, audience, lifeSeconds),
      anchors: projection => this.#bundles.anchors(projection),
      credentials: (name, source) => this.#certificates.bundle(pod.metadata.uid ?? '', name, source),
    })
    const stamp = new Date(ports.clock.nowMs()).toISOString().replaceAll(/[-:]/g, '_')
    const version = stamp + ports.random.uuid().slice(0, 8)
    await writeAtomically(pathOf(config, pod, volume), payload, version, pod.spec?.securityContext?.fsGroup)
  }

  /** A later state that cannot be had leaves the earlier one in place. */
  #refresh(uid: string, volume: Volume): void {
    const entry = this.#live.get(uid)
    if (!entry) return
    const write = () => this.#write(entry.pod, volume)
    this.#measure(volumeType(volume), 'volume_mount', write).catch(error => {
      const fields = { pod: entry.pod.metadata.name, volume: volume.name, error: messageOf(error) }
      this.#options.ports.log.warn('volume not up to date', fields)
    })
  }

  #refreshAll(uid: string): void {
    const volumes = this.#live.get(uid)?.pod.spec?.volumes ?? []
    for (const volume of volumes) if (isWritten(volume)) this.#refresh(uid, volume)
  }

  #follow(uid: string, volume: Volume, namespace: string): void {
    for (const { kind, name } of watchedBy(volume))
      this.#options.references.hold(uid, kind, { namespace, name }, () => this.#refreshAll(uid))
    if (usesTrustBundles(volume)) this.#bundles.hold(uid, () => this.#refreshAll(uid))
    if (usesTokens(volume)) this.#renewTokens(uid, volume)
  }

  #renewTokens(uid: string, volume: Volume): void {
    const entry = this.#live.get(uid)
    if (!entry) return
    const waitMs = Math.max(this.#tokens.freshMs(uid) + tokenMarginMs, tokenRefreshMinMs)
    const again = () => {
      this.#refresh(uid, volume)
      this.#renewTokens(uid, volume)
    }
    entry.timers.set(volume.name, this.#options.ports.clock.setTimer(waitMs, again))
  }
}

/** `<data>/pods/<uid>/volumes/<type>~<name>`. */
function pathOf({ dataDir }: KubeletConfig, pod: Pod, volume: Volume): string {
  return join(dataDir, 'pods', pod.metadata.uid ?? '', 'volumes', `${volumeType(volume)}~${volume.name}`)
}
