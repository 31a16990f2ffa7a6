export {
  decodeMessage,
  decodeProtobuf,
  type Envelope,
  encodeMessage,
  encodeProtobuf,
  isProtobuf,
  listMessage,
  openEnvelope,
  readWatchEvent,
  type TypeMeta,
  watchFrame,
  wrapMessage,
} from './envelope.ts'
