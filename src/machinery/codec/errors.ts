/** Bytes that are no object of the expected type. The message is what upstream's decoder says, without the server's prefix. */
export class DecodeError extends Error {
  override name = 'DecodeError'
}
