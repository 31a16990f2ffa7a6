import { pauseTar } from './runtime/podman/pause.ts'
import type { ImageService } from './runtime/runtime.ts'

/** Makes the pause image where it is missing; nothing is fetched for it. `architecture` is Go's name. */
export async function ensurePauseImage(
  images: ImageService,
  reference: string,
  architecture: string,
): Promise<void> {
  if (await images.find(reference)) return
  await images.importTar(reference, pauseTar(architecture), ['/pause'])
}
