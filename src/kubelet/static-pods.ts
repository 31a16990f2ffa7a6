import { readdir, readFile, watch } from 'node:fs/promises'
import path from 'node:path'
import { mirrorKey } from '../api/core/pod/annotations.ts'
import type { Pod } from '../api/types/core-v1.gen.ts'
import type { Client } from '../client/client.ts'
import { isAlreadyExists, orUndefined } from '../client/failure.ts'
import { decodeYaml } from '../machinery/codec/yaml.ts'
import { messageOf } from '../std/message.ts'
import type { Ports } from '../std/ports.ts'
import type { PodWorkers } from './pod/workers.ts'
import { pods } from './resources.ts'

export interface StaticPodsOptions {
  readonly dir: string
  readonly nodeName: string
  readonly nodeUid: () => string | undefined
  readonly client: Client
  readonly ports: Ports
}

/**
 * Pods that a directory of manifests asks for, server or no server (upstream pkg/kubelet/config/file.go). Each has
 * a mirror on the API server that shows it; deleting the mirror only makes it come back.
 */
export class StaticPods {
  readonly #options: StaticPodsOptions
  readonly #known = new Map<string, Pod>()

  constructor(options: StaticPodsOptions) {
    this.#options = options
  }

  /** Reads the directory as it is now. A file that cannot be read leaves its pod as it was. */
  async sync(workers: PodWorkers): Promise<void> {
    const { dir, ports } = this.#options
    const wanted = new Map<string, Pod>()
    for (const name of (await readdir(dir)).filter(file => !file.startsWith('.')).sort()) {
      try {
        const pod = toStaticPod(await readFile(path.join(dir, name), 'utf8'), this.#options.nodeName)
        wanted.set(pod.metadata.uid ?? '', pod)
      } catch (error) {
        ports.log.error('manifest is not a pod', { file: path.join(dir, name), error: messageOf(error) })
      }
    }
    for (const [uid, pod] of this.#known) {
      if (wanted.has(uid)) continue
      this.#known.delete(uid)
      workers.removed(pod)
      await this.#unmirror(pod)
    }
    for (const [uid, pod] of wanted) {
      if (this.#known.has(uid)) continue
      this.#known.set(uid, pod)
      workers.apply(pod)
      await this.#mirror(pod)
    }
  }

  /** Reads the directory again whenever it changes. */
  async follow(workers: PodWorkers, signal: AbortSignal): Promise<void> {
    try {
      for await (const _ of watch(this.#options.dir, { signal })) await this.sync(workers)
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }

  async #mirror(pod: Pod): Promise<void> {
    const { client, nodeName, nodeUid, ports } = this.#options
    const uid = pod.metadata.uid ?? ''
    const owner = { apiVersion: 'v1', kind: 'Node', name: nodeName, uid: nodeUid() ?? '', controller: true }
    const { uid: _, ...metadata } = pod.metadata
    const annotations = { ...metadata.annotations, [mirrorKey]: uid, 'kubernetes.io/config.hash': uid }
    try {
      await client.create(pods, { ...pod, metadata: { ...metadata, annotations, ownerReferences: [owner] } })
    } catch (error) {
      if (!isAlreadyExists(error))
        ports.log.warn('mirror pod was not made', { pod: metadata.name, error: messageOf(error) })
    }
  }

  async #unmirror({ metadata }: Pod): Promise<void> {
    const { client } = this.#options
    await orUndefined(client.delete(pods, metadata.namespace, metadata.name ?? '', { gracePeriodSeconds: 0 }))
  }
}

/** A manifest as a pod of this node: its name ends with the node's, its uid is made of its content. */
export function toStaticPod(text: string, nodeName: string): Pod {
  const decoded = JSON.parse(decodeYaml(text).json) as Pod
  if (decoded?.kind !== 'Pod' || !decoded.metadata?.name || !decoded.spec)
    throw new Error('a manifest must hold one Pod with a name and a spec')
  const uid = new Bun.CryptoHasher('md5').update(`${nodeName}\0${text}`).digest('hex')
  const tolerations = [...(decoded.spec.tolerations ?? []), { operator: 'Exists', effect: 'NoExecute' }]
  return {
    ...decoded,
    metadata: {
      ...decoded.metadata,
      uid,
      name: `${decoded.metadata.name}-${nodeName}`,
      namespace: decoded.metadata.namespace ?? 'default',
      annotations: { ...decoded.metadata.annotations, 'kubernetes.io/config.source': 'file' },
    },
    spec: {
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
      ...decoded.spec,
      nodeName,
      tolerations,
    },
    status: { phase: 'Pending' },
  }
}
