import { describe, expect, test } from 'bun:test'
import {
  DecodeError,
  decodeJson,
  decodeMessage,
  decodeProtobuf,
  encodeMessage,
  encodeProtobuf,
  listMessage,
  openEnvelope,
  readWatchEvent,
  watchFrame,
  wrapMessage,
} from '../../machinery/codec/index.ts'
import { builtinKind } from './index.ts'

const pod = builtinKind('', 'v1', 'Pod')
const deployment = builtinKind('apps', 'v1', 'Deployment')
const secret = builtinKind('', 'v1', 'Secret')
const crd = builtinKind('apiextensions.k8s.io', 'v1', 'CustomResourceDefinition')
const read = (body: string, schema = pod) => decodeJson(schema, body, { strict: true })

/** Texts that upstream's own decoder gave for the same bodies. */
describe('a wrong type is refused with the words of Go', () => {
  const cases: [body: string, message: string][] = [
    ['{"spec":"x"}', 'json: cannot unmarshal string into Go struct field Pod.spec of type v1.PodSpec'],
    [
      '{"spec":{"containers":[{"image":5}]}}',
      'json: cannot unmarshal number into Go struct field Container.spec.containers.image of type string',
    ],
    [
      '{"spec":{"restartPolicy":true}}',
      'json: cannot unmarshal bool into Go struct field PodSpec.spec.restartPolicy of type v1.RestartPolicy',
    ],
    [
      '{"spec":{"volumes":[{"emptyDir":[]}]}}',
      'json: cannot unmarshal array into Go struct field Volume.spec.volumes.VolumeSource.emptyDir of type v1.EmptyDirVolumeSource',
    ],
    [
      '{"spec":{"containers":[{"ports":[{"containerPort":80.5}]}]}}',
      'json: cannot unmarshal number 80.5 into Go struct field ContainerPort.spec.containers.ports.containerPort of type int32',
    ],
    [
      '{"metadata":{"labels":{"a":1}}}',
      'json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string',
    ],
    [
      '{"metadata":{"labels":[]}}',
      'json: cannot unmarshal array into Go struct field ObjectMeta.metadata.labels of type map[string]string',
    ],
    [
      '{"spec":{"containers":{}}}',
      'json: cannot unmarshal object into Go struct field PodSpec.spec.containers of type []v1.Container',
    ],
    [
      '{"spec":{"containers":[{"resources":{"limits":{"cpu":"1 core"}}}]}}',
      "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
    ],
    [
      '{"metadata":{"creationTimestamp":"yesterday"}}',
      'parsing time "yesterday" as "2006-01-02T15:04:05Z07:00": cannot parse "yesterday" as "2006"',
    ],
    ['{"metadata":', 'unexpected end of JSON input'],
    // Whole numbers, but no integers as Go reads them.
    ...['80.0', '8e1', '80E0'].map((number): [string, string] => [
      `{"spec":{"containers":[{"ports":[{"containerPort" : ${number}}]}]}}`,
      `json: cannot unmarshal number ${number} into Go struct field ContainerPort.spec.containers.ports.containerPort of type int32`,
    ]),
    [
      '{"spec":{"activeDeadlineSeconds":9223372036854775808}}',
      'json: cannot unmarshal number 9223372036854775808 into Go struct field PodSpec.spec.activeDeadlineSeconds of type int64',
    ],
    [
      '{"metadata":{"labels":{"a":1.0}}}',
      'json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string',
    ],
    ['{"spec":1e3}', 'json: cannot unmarshal number into Go struct field Pod.spec of type v1.PodSpec'],
  ]
  test.each(cases)('%s', (body, message) => {
    expect(() => read(body)).toThrow(new DecodeError(message))
  })
})

describe('strict reading', () => {
  test('names unknown and duplicate fields by path, in the order of the text', () => {
    const body =
      '{"spec":{"foo":1,"containers":[{"name":"a","imgae":"b","name":"c"}],"Volumes":[]},"metadata":{"labels":{"a":"1","a":"2"}},"kind":"Pod","kind":"Pod"}'
    expect(read(body).strictErrors).toEqual([
      'unknown field "spec.foo"',
      'unknown field "spec.containers[0].imgae"',
      'duplicate field "spec.containers[0].name"',
      'unknown field "spec.Volumes"',
      'duplicate field "metadata.labels.a"',
      'duplicate field "kind"',
    ])
  })

  test('finds duplicates that differ in their escapes, and is not fooled by texts that look like members', () => {
    expect(read(String.raw`{"kind":"Pod","k\u0069nd":"Pod"}`).strictErrors).toEqual([
      'duplicate field "kind"',
    ])
    expect(
      read(String.raw`{"metadata":{"annotations":{"a\\":"\"x\":\"y\"","b":"\\\\\":"}}}`).strictErrors,
    ).toEqual([])
  })

  test('looks into no embedded object and no nested JSON schema, as upstream', () => {
    const schema =
      '{"type":"object","properties":{"a":{"items":{"bogus":1,"bogus":2}}},"default":{"x":1,"x":2}}'
    const body = `{"spec":{"versions":[{"name":"v1","schema":{"openAPIV3Schema":${schema}}}]}}`
    expect(read(body, crd).strictErrors).toEqual([])
  })

  test('reports nothing when it was not asked for, and still drops what is unknown', () => {
    const { object, strictErrors } = decodeJson(pod, '{"foo":1,"metadata":{"name":"a"}}')
    expect(strictErrors).toEqual([])
    expect(object).not.toHaveProperty('foo')
  })

  test('without a schema reports duplicates alone', () => {
    const { object, strictErrors } = decodeJson(undefined, '{"spec":{"a":1,"b":[{"c":1,"c":2}],"a":2}}', {
      strict: true,
    })
    expect(object).toEqual({ spec: { a: 2, b: [{ c: 2 }] } })
    expect(strictErrors).toEqual(['duplicate field "spec.b[0].c"', 'duplicate field "spec.a"'])
  })
})

describe('reading gives what a stock server would print', () => {
  test('zero values of required fields are there, empty optional ones and nulls are not', () => {
    const body =
      '{"metadata":{"name":"a","labels":{},"finalizers":null},"spec":{"template":{"spec":{"containers":[{}],"nodeName":""}}}}'
    expect(read(body, deployment).object).toEqual({
      metadata: { name: 'a' },
      spec: {
        strategy: {},
        template: { metadata: {}, spec: { containers: [{ name: '', resources: {} }] } },
      },
      status: {},
    })
  })

  test('a quantity is read as it is spelled, and other numbers are numbers', () => {
    const body =
      '{"metadata":{"generation":-0},"spec":{"containers":[{"resources":{"limits":{"cpu":1e3,"memory":1e-3}}}]}}'
    expect(read(body).object).toMatchObject({
      spec: { containers: [{ resources: { limits: { cpu: '1e3', memory: '1e-3' } } }] },
    })
    const free =
      '{"spec":{"versions":[{"schema":{"openAPIV3Schema":{"maximum":5.0,"default":{"a":[1.0,2e3]}}}}]}}'
    expect(read(free, crd).object).toMatchObject({
      spec: { versions: [{ schema: { openAPIV3Schema: { maximum: 5, default: { a: [1, 2000] } } } }] },
    })
    expect(decodeJson(undefined, '{"a":[1.0,{"b":1.50}]}').object).toEqual({ a: [1, { b: 1.5 }] })
    expect(() => decodeJson(undefined, '{"a":[1e400]}')).toThrow(
      'json: cannot unmarshal number 1e400 into Go value of type float64',
    )
  })

  test('half a character is none', () => {
    const body = String.raw`{"metadata":{"labels":{"\ud83d":"\ud800x","b":"\ud83d\ude00","c":"\\ud800"}}}`
    expect(read(body).object).toMatchObject({
      metadata: { labels: { '\ufffd': '\ufffdx', b: '😀', c: String.raw`\ud800` } },
    })
  })

  test('bytes may come as a list of numbers, or as nothing', () => {
    expect(read('{"data":{"a":[1,255,null],"b":null}}', secret).object).toMatchObject({
      data: { a: 'Af8A', b: '' },
    })
    expect(() => read('{"data":{"a":[256]}}', secret)).toThrow(
      'json: cannot unmarshal number 256 into Go struct field Secret.data of type uint8',
    )
  })

  test('quantities, times and durations are canonical', () => {
    const body =
      '{"metadata":{"creationTimestamp":"2024-02-29T12:00:00+02:00"},"spec":{"containers":[{"resources":{"limits":{"cpu":"0.5","memory":1024}}}]}}'
    const { object } = read(body)
    expect(object).toMatchObject({ metadata: { creationTimestamp: '2024-02-29T10:00:00Z' } })
    expect(object).toMatchObject({
      spec: { containers: [{ resources: { limits: { cpu: '500m', memory: '1024' } } }] },
    })
  })

  test('a pointer keeps its zero', () => {
    const { object } = read('{"spec":{"replicas":0,"selector":{},"paused":false}}', deployment)
    expect(object.spec).toMatchObject({ replicas: 0, selector: {} })
    expect(object.spec).not.toHaveProperty('paused')
  })

  test('the value that was given is not changed, and nothing typed is shared with it', () => {
    const labels = Object.freeze({ a: 'b' })
    const made = decodeJson(pod, JSON.stringify({ metadata: { labels } })).object as {
      metadata: { labels: object }
    }
    expect(made.metadata.labels).toEqual(labels)
    expect(Object.isFrozen(made.metadata.labels)).toBe(false)
  })
})

describe('bad input', () => {
  test.each(['[', '{"a":', '{"spec":'])('a bomb of %j is refused', bracket => {
    expect(() => read(bracket.repeat(100_000))).toThrow(DecodeError)
    const closed = bracket.repeat(50_000) + (bracket === '[' ? ']'.repeat(50_000) : `1${'}'.repeat(50_000)}`)
    expect(() => decodeJson(undefined, `{"x":${closed}}`)).toThrow(DecodeError)
  })

  test('__proto__ is an unknown field of a type and an ordinary key of a map', () => {
    const { object, strictErrors } = read(
      '{"__proto__":{"polluted":1},"metadata":{"labels":{"__proto__":"x"}}}',
    )
    expect(strictErrors).toEqual(['unknown field "__proto__"'])
    expect(Object.getOwnPropertyNames((object.metadata as { labels: object }).labels)).toEqual(['__proto__'])
    const bytes = encodeProtobuf(pod, object)
    expect(
      Object.getOwnPropertyNames((decodeProtobuf(pod, bytes).metadata as { labels: object }).labels),
    ).toEqual(['__proto__'])
    expect(({} as { polluted?: number }).polluted).toBeUndefined()
  })

  test('protobuf without its magic, cut short or nested without end is refused', () => {
    const bytes = encodeProtobuf(pod, { kind: 'Pod', apiVersion: 'v1', metadata: { name: 'web' } })
    expect(() => decodeProtobuf(pod, bytes.subarray(1))).toThrow('expected prefix [107 56 115 0]')
    expect(() => decodeProtobuf(pod, bytes.subarray(0, 12))).toThrow(DecodeError)
    expect(() => decodeMessage(crd, nestedSchemas(2_000))).toThrow('nested too deep')
  })
})

/** A CustomResourceDefinition whose schema holds `not` in `not`, `depth` times. */
function nestedSchemas(depth: number): Uint8Array {
  let inner = Buffer.alloc(0)
  const wrap = (number: number) => {
    const size = inner.length < 128 ? [inner.length] : varint(inner.length)
    inner = Buffer.concat([Buffer.from([...varint(number * 8 + 2), ...size]), inner])
  }
  for (let level = 0; level < depth; level++) wrap(28)
  for (const number of [1, 4, 7, 2]) wrap(number)
  return inner
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) | 128, ...varint(Math.floor(value / 128))]
}

describe('protobuf around objects', () => {
  const web = { kind: 'Pod', apiVersion: 'v1', metadata: { name: 'web', labels: { b: 'ü', a: '' } } }

  test('a bare message in its envelope is the encoded object', () => {
    expect(wrapMessage(web as never, encodeMessage(pod, web))).toEqual(encodeProtobuf(pod, web))
  })

  test('a list put together from cached items reads as that list', () => {
    const list = builtinKind('', 'v1', 'PodList')
    const metadata = encodeMessage(builtinListMeta, { resourceVersion: '7' })
    const raw = listMessage(metadata, [encodeMessage(pod, web), encodeMessage(pod, web)])
    const read = decodeMessage(list, raw) as { metadata: object; items: { metadata: object }[] }
    expect(read.metadata).toEqual({ resourceVersion: '7' })
    expect(read.items.map(item => item.metadata)).toEqual([web.metadata, web.metadata])
  })

  test('a watch frame carries its length, its type and the object with its own envelope', () => {
    const frame = watchFrame('ADDED', encodeProtobuf(pod, web))
    expect(new DataView(frame.buffer).getUint32(0)).toBe(frame.length - 4)
    const event = readWatchEvent(frame.subarray(4))
    expect(event.type).toBe('ADDED')
    expect(openEnvelope(event.object)).toMatchObject({ kind: 'Pod', apiVersion: 'v1' })
    expect(decodeProtobuf(pod, event.object)).toMatchObject(web)
  })

  test('fields of a later version are stepped over', () => {
    const later = Buffer.concat([
      encodeMessage(pod, web),
      Buffer.from([0xf8, 0x3f, 1, 0xfa, 0x3f, 1, 65, 0xf9, 0x3f, 0, 0, 0, 0, 0, 0, 0, 0]),
    ])
    expect(decodeMessage(pod, later)).toMatchObject({ metadata: web.metadata })
  })

  test('types that upstream gives no protobuf form have none', () => {
    expect(() => encodeProtobuf(builtinKind('meta.k8s.io', 'v1', 'Table'), {})).toThrow(
      'has no protobuf form',
    )
  })
})

const builtinListMeta = builtinKind('', 'v1', 'PodList').fields.get('metadata')!.schema as typeof pod
