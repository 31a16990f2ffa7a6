/** A volume could not be had: the message of FailedMount. Tried again, for what is missing may come. */
export class VolumeError extends Error {
  override name = 'VolumeError'
  readonly volume: string
  constructor(volume: string, message: string) {
    super(`MountVolume.SetUp failed for volume "${volume}" : ${message}`)
    this.volume = volume
  }
}
