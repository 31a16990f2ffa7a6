import type { HealthCheck } from './health.ts'

/** Work that a server does once after it starts; until a hook is done its check fails, as upstream's. */
export interface PostStartHooks {
  readonly checks: readonly HealthCheck[]
  finished(name: string): void
}

/** `names` are upstream's where the thing is the same. */
export function createPostStartHooks(names: readonly string[]): PostStartHooks {
  const open = new Set(names)
  return {
    checks: names.map(name => ({
      name: `poststarthook/${name}`,
      isOfStart: true,
      check: () => (open.has(name) ? 'not finished' : undefined),
    })),
    finished: name => void open.delete(name),
  }
}
