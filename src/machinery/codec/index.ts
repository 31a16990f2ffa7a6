export { DecodeError } from './errors.ts'
export * from './json/index.ts'
export * from './protobuf/index.ts'
export { type DecodedYaml, decodeYaml } from './yaml.ts'
