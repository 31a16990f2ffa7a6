import type { Container, Pod } from '../../api/types/core-v1.gen.ts'
import { messageOf } from '../../std/message.ts'
import type { Ports } from '../../std/ports.ts'
import { countPull } from '../metrics/image-pulls.ts'
import type { StartLatency } from '../metrics/start-latency.ts'
import { type Backoff, backoffEndMs, nextBackoff } from '../pod/backoff.ts'
import type { PodEvents } from '../pod/events.ts'
import { StartError } from '../pod/start-error.ts'
import { type Image, type ImageService, PullError } from '../runtime/runtime.ts'

/** Gets a container its image, as its pull policy says. Rejects with a `StartError`. */
export type ImagePuller = (pod: Pod, container: Container) => Promise<Image>

export interface ImagePullerOptions {
  readonly images: ImageService
  readonly ports: Ports
  readonly events: PodEvents
  /** Told when pulls for a pod begin and end. */
  readonly pulls: Pick<StartLatency, 'pullStarted' | 'pullEnded'>
}

interface PullFailure {
  readonly backoff: Backoff
  readonly atMs: number
  readonly message: string
}

/** Upstream images/image_manager.go: one pull of an image at a time, failed pulls back off from 10 s to 5 min. */
export function createImagePuller({ images, ports, events, pulls }: ImagePullerOptions): ImagePuller {
  const failures = new Map<string, PullFailure>()
  const pulling = new Map<string, Promise<Image>>()

  const pullOnce = (reference: string) => {
    const running = pulling.get(reference)
    if (running) return running
    const startMs = ports.clock.monotonicMs()
    const started = images
      .pull(reference)
      .then(image => {
        countPull(ports.metrics, image.sizeBytes, ports.clock.monotonicMs() - startMs)
        return image
      })
      .finally(() => pulling.delete(reference))
    pulling.set(reference, started)
    return started
  }

  const refuseEarly = (pod: Pod, container: Container, key: string) => {
    const failure = failures.get(key)
    if (!failure) return
    const waitMs = backoffEndMs(failure.backoff, failure.atMs) - ports.clock.nowMs()
    if (waitMs <= 0) return
    const message = `Back-off pulling image "${container.image}"`
    events({ pod, container }, { reason: 'BackOff', message })
    throw new StartError('ImagePullBackOff', `${message}: ${failure.message}`, waitMs)
  }

  const pull = async (pod: Pod, container: Container, reference: string): Promise<Image> => {
    const key = `${pod.metadata.uid}/${reference}`
    refuseEarly(pod, container, key)
    events({ pod, container }, { reason: 'Pulling', message: `Pulling image "${reference}"` })
    const startMs = ports.clock.monotonicMs()
    const uid = pod.metadata.uid ?? ''
    pulls.pullStarted(uid)
    try {
      const image = await pullOnce(reference)
      failures.delete(key)
      const took = `${(Math.round(ports.clock.monotonicMs() - startMs) / 1000).toString()}s`
      const message = `Successfully pulled image "${reference}" in ${took} (${took} including waiting). Image size: ${image.sizeBytes} bytes.`
      events({ pod, container }, { reason: 'Pulled', message })
      return image
    } catch (error) {
      const reason = error instanceof PullError ? error.reason : 'ErrImagePull'
      const nowMs = ports.clock.nowMs()
      const text = messageOf(error)
      const backoff = nextBackoff(failures.get(key)?.backoff, nowMs, nowMs)
      failures.set(key, { backoff, atMs: nowMs, message: `${reason}: ${text}` })
      const warn = (message: string) =>
        events({ pod, container }, { type: 'Warning', reason: 'Failed', message })
      warn(`Failed to pull image "${reference}": ${text}`)
      warn(`Error: ${reason}`)
      throw new StartError(reason, text, 0)
    } finally {
      pulls.pullEnded(uid)
    }
  }

  return async (pod, container) => {
    const reference = withTag(container.image ?? '')
    const policy = container.imagePullPolicy ?? (reference.endsWith(':latest') ? 'Always' : 'IfNotPresent')
    const present = policy === 'Always' ? undefined : await images.find(reference)
    if (present) {
      const message = `Container image "${container.image}" already present on machine and can be accessed by the pod`
      events({ pod, container }, { reason: 'Pulled', message })
      return present
    }
    if (policy !== 'Never') return pull(pod, container, reference)
    const message = `Container image "${container.image}" is not present with pull policy of Never`
    events({ pod, container }, { type: 'Warning', reason: 'ErrImageNeverPull', message })
    events({ pod, container }, { type: 'Warning', reason: 'Failed', message: 'Error: ErrImageNeverPull' })
    throw new StartError('ErrImageNeverPull', message)
  }
}

/** A reference without tag and digest means `:latest` (upstream applyDefaultImageTag). */
export function withTag(reference: string): string {
  const last = reference.slice(reference.lastIndexOf('/') + 1)
  return last.includes(':') || last.includes('@') ? reference : `${reference}:latest`
}
