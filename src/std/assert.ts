/** A broken promise of our own code (never of a user's input): always on, ends the operation loudly. */
export class AssertionError extends Error {
  override name = 'AssertionError'
}

/** Throws `AssertionError` when `condition` is falsy. `message` says what was promised. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(message)
}
