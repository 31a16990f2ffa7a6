import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Node, Pod, Volume } from '../../api/types/core-v1.gen.ts'
import type { Client } from '../../client/client.ts'
import type { Cancel, Ports } from '../../std/ports.ts'
import type { KubeletConfig } from '../config.ts'
import type { PodVolumes } from '../pod/environment.ts'
import { messageOf } from '../pod/start-error.ts'
import type { References } from '../references.ts'
import { missing, writeAtomically } from './atomic-writer.ts'
import { changesWithPod, payloadOf, tokenLife, watchedBy } from './payload.ts'
import { isWritten, setUpEmptyDir, setUpHostPath, unmount, volumeType } from './sources.ts'
import { createPodTokens } from './token.ts'
import { VolumeError } from './volume-error.ts'

export interface VolumesOptions {
  readonly client: Client
  readonly references: References
  readonly config: KubeletConfig
  readonly ports: Ports
  readonly node: () => Node | undefined
}

/** A pod whose volumes are set up. */
interface Live {
  pod: Pod
  readonly timers: Map<string, Cancel>
}

/** Volumes on a real machine, below `<data>/pods/<uid>/volumes`, kept up to date while the pod has them. */
export function createVolumes(options: VolumesOptions): PodVolumes {
  const { references, config, ports } = options
  const live = new Map<string, Live>()
  const tokens = createPodTokens(options.client, ports.clock)

  const write = async (pod: Pod, volume: Volume) => {
    const payload = await payloadOf(volume, {
      ...{ pod, references, nodeName: config.nodeName, hostIps: config.nodeIps },
      allocatable: options.node()?.status?.allocatable ?? {},
      token: (audience, lifeSeconds) => tokens.token(pod, audience, lifeSeconds),
    })
    const version =
      new Date(ports.clock.nowMs()).toISOString().replaceAll(/[-:]/g, '_') + ports.random.uuid().slice(0, 8)
    await writeAtomically(pathOf(config, pod, volume), payload, version, pod.spec?.securityContext?.fsGroup)
  }
  /** A later state that cannot be had leaves the earlier one in place. */
  const refresh = (uid: string, volume: Volume) => {
    const entry = live.get(uid)
    if (!entry) return
    write(entry.pod, volume).catch(error => {
      ports.log.warn('volume not up to date', {
        pod: entry.pod.metadata.name,
        volume: volume.name,
        error: messageOf(error),
      })
    })
  }
  const follow = (uid: string, volume: Volume, namespace: string) => {
    for (const { kind, name } of watchedBy(volume))
      references.hold(uid, kind, { namespace, name }, () => refreshAll(uid))
    const life = tokenLife(volume)
    if (life !== undefined) repeat(uid, volume, Math.max(life * 800 - 1_000, 60_000))
  }
  const refreshAll = (uid: string) => {
    for (const volume of live.get(uid)?.pod.spec?.volumes ?? []) if (isWritten(volume)) refresh(uid, volume)
  }
  const repeat = (uid: string, volume: Volume, everyMs: number) => {
    const entry = live.get(uid)
    if (!entry) return
    entry.timers.get(volume.name)?.()
    entry.timers.set(
      volume.name,
      ports.clock.setTimer(everyMs, () => {
        refresh(uid, volume)
        repeat(uid, volume, everyMs)
      }),
    )
  }
  const setUpOne = async (pod: Pod, volume: Volume): Promise<string> => {
    const type = volumeType(volume)
    const path = type === 'hostPath' ? volume.hostPath!.path : pathOf(config, pod, volume)
    if (type === 'hostPath') await setUpHostPath(volume.hostPath!)
    else if (type === 'emptyDir')
      await setUpEmptyDir(path, volume.emptyDir ?? {}, pod.spec?.securityContext?.fsGroup)
    else if (isWritten(volume)) await write(pod, volume)
    else throw new Error(`volumes of type ${type} are not supported by this node`)
    return path
  }
  return {
    async setUp(pod) {
      const uid = pod.metadata.uid ?? ''
      const known = live.get(uid)
      const entry: Live = known ?? { pod, timers: new Map() }
      const changed = known !== undefined && known.pod !== pod
      entry.pod = pod
      live.set(uid, entry)
      const paths = new Map<string, string>()
      for (const volume of pod.spec?.volumes ?? []) {
        if (!known) follow(uid, volume, pod.metadata.namespace ?? '')
        if (changed && changesWithPod(volume)) refresh(uid, volume)
        const path = await setUpOne(pod, volume).catch(error => {
          throw new VolumeError(volume.name, messageOf(error))
        })
        paths.set(volume.name, path)
      }
      return paths
    },
    async tearDown(podUid) {
      for (const cancel of live.get(podUid)?.timers.values() ?? []) cancel()
      live.delete(podUid)
      references.release(podUid)
      tokens.release(podUid)
      const directory = join(config.dataDir, 'pods', podUid)
      const types = await readdir(join(directory, 'volumes'), { recursive: false }).catch(missing)
      for (const name of types ?? []) await unmount(join(directory, 'volumes', name))
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** `<data>/pods/<uid>/volumes/<type>~<name>`. */
function pathOf({ dataDir }: KubeletConfig, pod: Pod, volume: Volume): string {
  return join(dataDir, 'pods', pod.metadata.uid ?? '', 'volumes', `${volumeType(volume)}~${volume.name}`)
}
