import type { Container } from '../types/core-v1.gen.ts'

interface Template {
  readonly spec?: { readonly containers: readonly Container[] }
}

/** The wide columns that all workloads share. */
export function containerCells<T>(template: (object: T) => Template | undefined) {
  const containers = (object: T) => template(object)?.spec?.containers ?? []
  return {
    Containers: (object: T) =>
      containers(object)
        .map(({ name }) => name)
        .join(','),
    Images: (object: T) =>
      containers(object)
        .map(({ image }) => image ?? '')
        .join(','),
  }
}
