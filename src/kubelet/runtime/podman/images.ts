import type { Clock } from '../../../std/ports.ts'
import { type Image, type ImageService, PullError } from '../runtime.ts'
import { already, type Engine, toEngineError } from './engine.ts'

interface EngineImage {
  readonly Id: string
  readonly RepoTags: readonly string[] | null
  readonly RepoDigests: readonly string[] | null
  readonly Size: number
  readonly User?: string
  readonly Config?: { readonly User?: string }
}

/** The engine's images, and what makes us ask it for its list again. */
export interface PodmanImages extends ImageService {
  /** One of them may have changed: the engine said so, or was not listened to. */
  changed(): void
}

/** A list that no event has made old is asked for again all the same. */
const listLifeMs = 300_000

/** Images of the engine's own store. The list is kept until an image changes: making it costs the engine most of what it does at rest. */
export function podmanImages(engine: Engine, clock: Pick<Clock, 'monotonicMs'>): PodmanImages {
  let kept: { readonly images: Promise<readonly Image[]>; readonly atMs: number } | undefined
  const changed = () => {
    kept = undefined
  }
  const ask = async () =>
    (await engine.call<EngineImage[]>({ method: 'GET', path: '/images/json' })).map(toImage)
  const find = async (reference: string) => {
    const path = `/images/${encodeURIComponent(withoutScheme(reference))}/json`
    const found = await already(engine.call<EngineImage>({ method: 'GET', path }), 404)
    return found && toImage(found)
  }
  const mustFind = async (reference: string): Promise<Image> => {
    const image = await find(reference)
    if (!image) throw new Error(`image ${reference} is not there after it was stored`)
    return image
  }
  return {
    changed,
    async list() {
      const nowMs = clock.monotonicMs()
      if (!kept || nowMs - kept.atMs >= listLifeMs) kept = { images: ask(), atMs: nowMs }
      const { images } = kept
      try {
        return await images
      } catch (error) {
        if (kept?.images === images) changed()
        throw error
      }
    },
    find,
    async pull(reference) {
      const path = `/images/pull?policy=always&quiet=true&reference=${encodeURIComponent(reference)}`
      const said = await engine.call<unknown>({ method: 'POST', path }).catch(error => {
        throw toPullError(toEngineError(error).message)
      })
      const failure = pullFailure(said)
      if (failure) throw toPullError(failure)
      changed()
      return mustFind(reference)
    },
    async importTar(reference, tar, command) {
      const data =
        tar instanceof Uint8Array ? Buffer.from(tar) : Buffer.from(await new Response(tar).arrayBuffer())
      const change = command ? `&changes=${encodeURIComponent(`CMD ${JSON.stringify(command)}`)}` : ''
      const path = `/images/import?reference=${encodeURIComponent(reference)}${change}`
      await engine.call({ method: 'POST', path, file: data })
      changed()
      return mustFind(reference)
    },
    async remove(id) {
      await already(engine.call({ method: 'DELETE', path: `/images/${encodeURIComponent(id)}` }), 404)
      changed()
    },
  }
}

function toImage(image: EngineImage): Image {
  return {
    id: image.Id.startsWith('sha256:') ? image.Id : `sha256:${image.Id}`,
    tags: image.RepoTags ?? [],
    digests: image.RepoDigests ?? [],
    sizeBytes: image.Size,
    user: image.User ?? image.Config?.User ?? '',
  }
}

function withoutScheme(reference: string): string {
  return reference.replace(/^(docker|sha256):(\/\/)?/, '')
}

/** The answer is a stream of JSON objects; one of them may be an error although the status is 200. */
function pullFailure(said: unknown): string | undefined {
  const text = Buffer.isBuffer(said) ? said.toString() : JSON.stringify(said ?? {})
  return /"error":\s*"((?:[^"\\]|\\.)*)"/.exec(text)?.[1]
}

function toPullError(message: string): PullError {
  const invalid = /invalid reference format|repository name must be lowercase/.test(message)
  const unreachable = /no such host|connection refused|i\/o timeout|network is unreachable|dial tcp/.test(
    message,
  )
  return new PullError(
    invalid ? 'InvalidImageName' : unreachable ? 'RegistryUnavailable' : 'ErrImagePull',
    message,
  )
}
