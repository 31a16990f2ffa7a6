/** A mutation that could not be made; what becomes of the request is for the failure policy to say. */
export class MutationFailure extends Error {
  override name = 'MutationFailure'
}
