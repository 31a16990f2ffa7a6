import { expect, test } from 'bun:test'
import { decodeMessage, decodeProtobuf } from '../../machinery/codec/index.ts'
import { builtinKind } from './index.ts'

const configMap = builtinKind('', 'v1', 'ConfigMap')
const pod = builtinKind('', 'v1', 'Pod')
const read = (...bytes: number[]) => decodeMessage(configMap, Uint8Array.from(bytes))

test.each([
  ['no field at all', [0x01], 'proto: ConfigMap: illegal tag 0 (wire type 1)'],
  ['the end of a group', [0x4c], 'proto: ConfigMap: wiretype end group for non-group'],
  ['a kind of value that there is not', [0x4e], 'proto: illegal wireType 6'],
  ['a field as another kind of value', [0x10, 1], 'proto: wrong wireType = 0 for field Data'],
  ['metadata as a number', [0x08, 1], 'proto: wrong wireType = 0 for field ObjectMeta'],
  ['a group without an end', [0x4b, 0x08, 1], 'unexpected EOF'],
])('%s is refused in words of upstream', (_what, bytes, text) => {
  expect(() => read(...bytes)).toThrow(text)
})

test('fields that nobody knows are read over, whole groups too', () => {
  const group = [0x4b, 0x08, 1, 0x53, 0x54, 0x12, 1, 7, 0x4c]
  expect(read(...group, 0x78, 1, 0x7d, 1, 2, 3, 4, 0x79, 1, 2, 3, 4, 5, 6, 7, 8)).toEqual({ metadata: {} })
})

test('an envelope is held to the same', () => {
  const bytes = Uint8Array.of(0x6b, 0x38, 0x73, 0, 1)
  expect(() => decodeProtobuf(configMap, bytes)).toThrow('proto: Unknown: illegal tag 0 (wire type 1)')
})

test('numbers may stand one behind another in one value', () => {
  // PodSpec.securityContext (14) { supplementalGroups (4) }
  const packed = Uint8Array.of(0x12, 6, 0x72, 4, 0x22, 2, 5, 7)
  const loose = Uint8Array.of(0x12, 6, 0x72, 4, 0x20, 5, 0x20, 7)
  const groups = (bytes: Uint8Array) => {
    const { spec } = decodeMessage(pod, bytes) as { spec: { securityContext: object } }
    return spec.securityContext
  }
  expect(groups(packed)).toEqual({ supplementalGroups: [5, 7] })
  expect(groups(loose)).toEqual({ supplementalGroups: [5, 7] })
})
