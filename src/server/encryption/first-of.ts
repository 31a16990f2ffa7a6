import type { TransformMeter } from './meter.ts'
import { DecryptError, type Opened, type Provider, startsWith, type Transformer } from './provider.ts'

export interface Choice {
  readonly meter: TransformMeter
  /** Why a value cannot be opened that none of them wrote. */
  readonly unknown: (place: string) => string
}

/**
 * Seals with the first of `providers` and opens with whichever can: several may have one prefix, each with a key of its
 * own. What another than the first opens is stale (apiserver pkg/storage/value NewPrefixTransformers).
 */
export function firstOf(providers: readonly Provider[], { meter, unknown }: Choice): Transformer {
  const writer = providers[0]!
  const head = Buffer.from(writer.prefix)
  return {
    seal(place, plain) {
      const end = meter.start(place, 'to_storage')
      try {
        const sealed = writer.seal(place, plain)
        end(writer.prefix)
        return head.length === 0 ? sealed : Buffer.concat([head, sealed])
      } catch (error) {
        end(writer.prefix, error)
        throw error
      }
    },
    open(place, stored) {
      const end = meter.start(place, 'from_storage')
      const openFrom = (start: number, fault?: unknown): Opened | Promise<Opened> => {
        const at = providers.findIndex(({ prefix }, index) => index >= start && startsWith(stored, prefix))
        const provider = providers[at]
        if (!provider) throw fault ?? told(new DecryptError(unknown(place)), end)
        const good = ({ plain, isStale }: Opened) => {
          end(provider.prefix || 'identity')
          return { plain, isStale: isStale || at > 0 }
        }
        const bad = (error: unknown) => {
          // What is kept as it is may stand before those that sealed it once.
          if (provider.prefix) end(provider.prefix, error)
          return openFrom(at + 1, fault ?? error)
        }
        return attempt(() => provider.open(place, stored.subarray(provider.prefix.length)), good, bad)
      }
      return openFrom(0)
    },
  }
}

function told(error: DecryptError, end: (prefix: string, error: unknown) => void): DecryptError {
  end('unknown', error)
  return error
}

/** `good` or `bad` of what `work` gives, now or later. */
function attempt(
  work: () => Opened | Promise<Opened>,
  good: (opened: Opened) => Opened,
  bad: (error: unknown) => Opened | Promise<Opened>,
): Opened | Promise<Opened> {
  let opened: Opened | Promise<Opened>
  try {
    opened = work()
  } catch (error) {
    return bad(error)
  }
  return opened instanceof Promise ? opened.then(good, bad) : good(opened)
}
