import type { KubeObject } from '../../machinery/meta/object.ts'

/** Of the classes that carry one of the annotations as `"true"`, the newest; of equally old ones the first by name. */
export function newestMarked<T extends KubeObject>(
  classes: readonly T[],
  marks: readonly string[],
): T | undefined {
  const createdMs = ({ metadata }: T) => Date.parse(metadata.creationTimestamp ?? '') || 0
  return classes
    .filter(({ metadata }) => marks.some(mark => metadata.annotations?.[mark] === 'true'))
    .sort(
      (a, b) => createdMs(b) - createdMs(a) || ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1),
    )[0]
}
