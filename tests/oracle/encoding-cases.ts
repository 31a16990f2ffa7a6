import { builtinKind } from '../../src/api/schema/index.ts'
import { encodeProtobuf } from '../../src/machinery/codec/index.ts'
import { fromApiVersion } from '../../src/machinery/meta/group.ts'
import { yamlText } from '../../src/server/http/yaml-text.ts'
import { get, json, type OracleCase, protobuf } from './case.ts'
import type { Sample } from './samples.ts'

const meta = 'v=v1;g=meta.k8s.io'
const chosen = 'labelSelector=oracle%3Dyes'
const yaml = 'application/yaml'
const cbor = 'application/cbor'

/** One stored object and its collection in every form that there is, or is not; and the object sent in each. */
export function encodingCases({ kind, collection, object }: Sample): OracleCase[] {
  const path = `${collection}/${object.metadata.name}`
  const list = `${collection}?${chosen}`
  const read = (title: string, target: string, accept: string) => get(`${kind}: ${title}`, target, accept)
  const follow = (title: string, accept: string, options = ''): OracleCase => ({
    ...read(title, `${list}&watch=true&timeoutSeconds=5${options}`, accept),
    events: 1,
  })
  const bookmarked = '&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan'
  return [
    read('as YAML', path, yaml),
    read('list as YAML', list, yaml),
    read('list as protobuf', list, protobuf),
    read('as CBOR', path, cbor),
    read('list as CBOR, or JSON', list, `${cbor}, application/json;q=0.9`),
    read('Table as YAML', list, `${yaml};as=Table;${meta}`),
    read('Table as protobuf', list, `${protobuf};as=Table;${meta}`),
    read('Table, or JSON', list, `application/json;as=Table;${meta}, application/json`),
    read('metadata as protobuf', path, `${protobuf};as=PartialObjectMetadata;${meta}`),
    read('metadata as YAML', path, `${yaml};as=PartialObjectMetadata;${meta}`),
    read('metadata of a list as protobuf', list, `${protobuf};as=PartialObjectMetadataList;${meta}`),
    read('an unknown form', path, `application/json;as=Nonsense;${meta}`),
    follow('watch as protobuf', protobuf),
    follow('watch as framed protobuf', `${protobuf};stream=watch`),
    follow('watch as YAML', yaml),
    follow('watch of metadata', `application/json;as=PartialObjectMetadata;${meta}`),
    follow('watch of metadata as protobuf', `${protobuf};as=PartialObjectMetadata;${meta}`),
    follow('watch of a Table', `application/json;as=Table;${meta}`),
    { ...follow('watch list as protobuf', protobuf, bookmarked), events: 2 },
    {
      ...follow('watch list of metadata', `application/json;as=PartialObjectMetadata;${meta}`, bookmarked),
      events: 2,
    },
    ...options({ kind, collection, object }),
    ...bodies({ kind, collection, object }),
  ]
}

/** Questions about what to list and from when that are wrong, or say little. */
function options({ kind, collection }: Sample): OracleCase[] {
  const ask = (title: string, query: string) =>
    get(`${kind}: list ${title}`, `${collection}?${chosen}&${query}`)
  return [
    ask('with an unknown match', 'resourceVersion=0&resourceVersionMatch=Sometimes'),
    ask('with a match alone', 'resourceVersionMatch=Exact'),
    ask('exactly at zero', 'resourceVersion=0&resourceVersionMatch=Exact'),
    ask('not older than zero', 'resourceVersion=0&resourceVersionMatch=NotOlderThan'),
    ask('from a revision that is none', 'resourceVersion=x'),
    ask('with a broken token', 'continue=x'),
    ask('with a set of labels', 'labelSelector=oracle%20in%20(yes,no),!absent'),
    ask('with unequal fields', 'fieldSelector=metadata.name!%3Dabsent'),
    ask('with an unknown query', 'nonsense=1'),
  ]
}

function bodies({ kind, collection, object }: Sample): OracleCase[] {
  const { group, version } = fromApiVersion(object.apiVersion)!
  const schema = builtinKind(group, version, object.kind)
  const path = `${collection}/${object.metadata.name}?dryRun=All`
  const send = (title: string, method: string, target: string, type: string, body: string | Uint8Array) => ({
    name: `${kind}: ${title}`,
    method,
    path: target,
    headers: { 'content-type': type },
    body,
  })
  const dry = `${collection}?dryRun=All`
  const nonsense = Buffer.from([0x6b, 0x38, 0x73, 0, 0xff, 0xff])
  return [
    send('create from CBOR', 'POST', dry, cbor, Buffer.from([0xa0])),
    send('PUT from protobuf', 'PUT', path, protobuf, encodeProtobuf(schema, object)),
    send('PUT from YAML', 'PUT', path, yaml, yamlText(object)),
    send('patch of the type JSON', 'PATCH', path, 'application/json', '{}'),
    send('patch of the type protobuf', 'PATCH', path, protobuf, nonsense),
    send('broken merge patch', 'PATCH', path, 'application/merge-patch+json', '{'),
    send('merge patch that is a list', 'PATCH', path, 'application/merge-patch+json', '[]'),
    send('broken JSON patch', 'PATCH', path, 'application/json-patch+json', '{'),
    send('JSON patch that is a map', 'PATCH', path, 'application/json-patch+json', '{}'),
    send(
      'JSON patch of an absent place',
      'PATCH',
      path,
      'application/json-patch+json',
      json([{ op: 'remove', path: '/absent' }]),
    ),
    send(
      'JSON patch with an unknown operation',
      'PATCH',
      path,
      'application/json-patch+json',
      json([{ op: 'twist', path: '/metadata' }]),
    ),
    send(
      'strategic patch with a bad directive',
      'PATCH',
      path,
      'application/strategic-merge-patch+json',
      json({ metadata: { $patch: 'twist' } }),
    ),
    send(
      'apply with managed fields',
      'PATCH',
      `${path}&fieldManager=oracle`,
      'application/apply-patch+yaml',
      json({ ...object, metadata: { name: object.metadata.name, managedFields: [{ manager: 'x' }] } }),
    ),
    send('forced merge patch', 'PATCH', `${path}&force=true`, 'application/merge-patch+json', '{}'),
    send(
      'apply with a manager that is too long',
      'PATCH',
      `${path}&fieldManager=${'m'.repeat(129)}`,
      'application/apply-patch+yaml',
      json(object),
    ),
  ]
}
