import type { Random } from '../../std/ports.ts'

/** A number below `size` that `take` accepts, beginning at random; those below `reserved` only when no other is left. */
export async function pickFree(
  size: number,
  reserved: number,
  random: Random,
  take: (candidate: number) => boolean | Promise<boolean>,
): Promise<number | undefined> {
  const parts = [
    [reserved, size - reserved],
    [0, reserved],
  ] as const
  for (const [first, span] of parts) {
    const start = Math.floor(random.next() * span)
    for (let step = 0; step < span; step++) {
      const candidate = first + ((start + step) % span)
      const accepted = take(candidate)
      if (accepted === true || (accepted !== false && (await accepted))) return candidate
    }
  }
  return undefined
}
