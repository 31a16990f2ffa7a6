export { DecodeError } from './errors.ts'
export * from './protobuf/index.ts'
