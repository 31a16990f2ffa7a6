import { builtinKind } from '../../src/api/schema/index.ts'
import { encodeProtobuf, openEnvelope, wrapMessage } from '../../src/machinery/codec/index.ts'
import { fromApiVersion } from '../../src/machinery/meta/group.ts'
import { yamlText } from '../../src/server/http/yaml-text.ts'
import { get, json, type OracleCase, protobuf } from './case.ts'
import type { Sample } from './samples.ts'

const chosen = 'labelSelector=oracle%3Dyes'
const yaml = 'application/yaml'
const table = (rest: string) => `application/json;as=Table;${rest}`

/** Questions whose options or media types are rare, wrong or doubled. */
export function rareReads({ kind, collection, object }: Sample): OracleCase[] {
  const path = `${collection}/${object.metadata.name}`
  const list = `${collection}?${chosen}`
  const ask = (title: string, target: string, accept?: string) => get(`${kind}: ${title}`, target, accept)
  const follow = (title: string, query: string, accept?: string): OracleCase => ({
    ...ask(title, `${list}&watch=true&timeoutSeconds=5${query}`, accept),
    events: 1,
  })
  const v1 = 'v=v1;g=meta.k8s.io'
  return [
    ask('Table of an unknown version', path, table('v=v9;g=meta.k8s.io')),
    ask('Table of an old version', list, table('v=v1beta1;g=meta.k8s.io')),
    ask('Table of no group', path, table('v=v1')),
    ask('Table of no version', path, table('g=meta.k8s.io')),
    ask('Table of an unknown version, or JSON', path, `${table('v=v9;g=meta.k8s.io')}, application/json`),
    ...['None', 'Metadata', 'Object', 'Nonsense'].map(word =>
      ask(`Table that includes ${word}`, `${list}&includeObject=${word}`, table(v1)),
    ),
    ask('one row that includes Object', `${path}?includeObject=Object`, table(v1)),
    ask('includeObject without a Table', `${list}&includeObject=Nonsense`),
    follow('watch of a Table that includes None', '&includeObject=None', table(v1)),
    ask('metadata of one as a list', path, `application/json;as=PartialObjectMetadataList;${v1}`),
    ask('metadata of a list as one', list, `application/json;as=PartialObjectMetadata;${v1}`),
    ask(
      'metadata of an old version',
      list,
      'application/json;as=PartialObjectMetadataList;v=v1beta1;g=meta.k8s.io',
    ),
    ask(
      'metadata of an unknown version',
      list,
      'application/json;as=PartialObjectMetadataList;v=v9;g=meta.k8s.io',
    ),
    ask('as anything', path, '*/*'),
    ask('as some application', path, 'application/*'),
    ask('for a browser', path, 'text/html, application/xml;q=0.9, */*;q=0.8'),
    ask('as pretty JSON by parameter', path, 'application/json;pretty=1'),
    ask('as a stream', path, 'application/json;stream=watch'),
    ask('by weight', path, `application/json;q=0.1, ${yaml};q=0.9`),
    ask('as nothing', path, ''),
    ask('watch as a sequence of CBOR', `${list}&watch=true`, 'application/cbor-seq'),
    follow('watch as a stream of JSON', '', 'application/json;stream=watch'),
    ask('watch as text', `${list}&watch=true`, 'text/plain'),
    ask('list with two label selectors', `${list}&labelSelector=oracle%3Dno`),
    ask(
      'list with two field selectors',
      `${list}&fieldSelector=metadata.name%3Dabsent&fieldSelector=metadata.name%3D${object.metadata.name}`,
    ),
    ask('list with a negative limit', `${list}&limit=-1`),
    ask('list with a limit of zero', `${list}&limit=0`),
    ask('list with a broken limit', `${list}&limit=1.5`),
    ask('list with a limit beyond its bits', `${list}&limit=9223372036854775808`),
    ask('list with an empty limit', `${list}&limit=`),
    ask('list with a negative timeout', `${list}&timeoutSeconds=-1`),
    ask('list with a broken timeout', `${list}&timeoutSeconds=x`),
    ask('list that is watched perhaps', `${list}&watch=0`),
    ask('list with an unknown field', `${collection}?fieldSelector=metadata.uid%3Dx`),
    ask('list by namespace', `${collection}?${chosen}&fieldSelector=metadata.namespace%3Doracle`),
    ask('get with options of a list', `${path}?limit=1&continue=x&labelSelector=absent`),
    ask('get at a bad revision', `${path}?resourceVersion=x`),
    ask('get from the past', `${path}?resourceVersion=1`),
    { ...ask('head', path), method: 'HEAD' },
    { ...ask('options', path), method: 'OPTIONS' },
  ]
}

/** New objects that say more, less or something else than they should, and in other forms; nothing is kept. */
export function rareCreates({ kind, collection, object }: Sample): OracleCase[] {
  const { group, version } = fromApiVersion(object.apiVersion)!
  const message = encodeProtobuf(builtinKind(group, version, object.kind), object)
  const dry = `${collection}?dryRun=All`
  const send = (title: string, type: string, body: string | Uint8Array, query = ''): OracleCase => ({
    name: `${kind}: ${title}`,
    method: 'POST',
    path: dry + query,
    headers: { 'content-type': type },
    body,
  })
  const made = (title: string, metadata: object, query = '') =>
    send(title, 'application/json', json({ ...object, metadata: { ...object.metadata, ...metadata } }), query)
  const { name: _, ...nameless } = object.metadata
  const generated = { ...object, metadata: { ...nameless, generateName: 'gen-' } }
  return [
    send('create from YAML with a generated name', yaml, yamlText(generated)),
    send(
      'create from YAML with an unknown field, strict',
      yaml,
      `${yamlText(object)}\nbogus: 1\n`,
      '&fieldValidation=Strict',
    ),
    send(
      'create from YAML with a field twice',
      yaml,
      `${yamlText(object)}\nkind: ${object.kind}\n`,
      '&fieldValidation=Strict',
    ),
    send('create from YAML with a field twice, warned', yaml, `${yamlText(object)}\nkind: ${object.kind}\n`),
    send('create from YAML of two documents', yaml, `${yamlText(object)}\n---\n${yamlText(object)}`),
    send('create from an empty YAML', yaml, ''),
    send('create from a YAML text', yaml, 'text'),
    send('create from JSON with a charset', 'application/json; charset=utf-8', json(generated)),
    send('create from XML', 'application/xml', '<a/>'),
    send('create of no type', '', json(generated)),
    send('create from broken protobuf', protobuf, Buffer.from([0x6b, 0x38, 0x73, 0, 0xff, 0xff])),
    send('create from protobuf without its prefix', protobuf, message.subarray(4)),
    send('create from empty protobuf', protobuf, new Uint8Array()),
    send('create from cut protobuf', protobuf, message.subarray(0, message.length - 20)),
    send(
      'create from protobuf of another kind',
      protobuf,
      wrapMessage({ apiVersion: object.apiVersion, kind: 'Nonsense' }, openEnvelope(message).raw),
    ),
    send('create from JSON that is said to be protobuf', protobuf, json(object)),
    made('create with both names', { generateName: 'gen-' }),
    made('create with a generated bad name', { name: undefined, generateName: 'Bad_' }),
    made('create with a uid', { name: `${object.metadata.name}-u`, uid: 'mine', generation: 7 }),
    made('create with a revision', { name: `${object.metadata.name}-r`, resourceVersion: '5' }),
    made('create with times', {
      name: `${object.metadata.name}-t`,
      creationTimestamp: '2020-01-01T00:00:00Z',
      deletionTimestamp: '2020-01-01T00:00:00Z',
      deletionGracePeriodSeconds: 3,
    }),
    made('create with bad owners', {
      ownerReferences: [{ apiVersion: 'v1', kind: 'Event', name: '', uid: '' }],
    }),
    made('create with two controllers', {
      ownerReferences: ['a', 'b'].map(uid => ({
        apiVersion: 'v1',
        kind: 'Pod',
        name: uid,
        uid,
        controller: true,
      })),
    }),
    made('create with a bad annotation', { annotations: { 'a b': 'c' } }),
    made('create with long annotations', { annotations: { a: 'x'.repeat(263_000) } }),
    made('create with an own field', {
      name: `${object.metadata.name}-m`,
      managedFields: [{ manager: 'x', operation: 'Nonsense' }],
    }),
    made('create with finalizers', {
      name: `${object.metadata.name}-f`,
      finalizers: ['example.org/hold', 'bad finalizer'],
    }),
    made('create by a manager that is too long', {}, `&fieldManager=${'m'.repeat(129)}`),
    made('create by an unprintable manager', {}, '&fieldManager=%07'),
    made('create with an unknown validation', {}, '&fieldValidation=Sometimes'),
    made('create with two stages of a dry run', {}, '&dryRun=All'),
  ]
}

/** Options of a deletion that are wrong, or in another form; the object stays. */
export function rareDeletes({ kind, collection, object }: Sample): OracleCase[] {
  const path = `${collection}/${object.metadata.name}`
  const remove = (title: string, target: string, type?: string, body?: string | Uint8Array): OracleCase => ({
    name: `${kind}: ${title}`,
    method: 'DELETE',
    path: target,
    ...(type !== undefined && { headers: { 'content-type': type } }),
    ...(body !== undefined && { body }),
  })
  const dry = { dryRun: ['All'] }
  const options = (title: string, value: object) =>
    remove(title, path, 'application/json', json({ ...dry, ...value }))
  return [
    options('delete with options of another kind', { kind: 'Nonsense', apiVersion: 'v1' }),
    options('delete with options of a known other kind', { kind: 'ConfigMap', apiVersion: 'v1' }),
    options('delete with options of their kind', { kind: 'DeleteOptions', apiVersion: 'v1' }),
    options('delete with options of the own group', { kind: 'DeleteOptions', apiVersion: object.apiVersion }),
    options('delete with options of an unknown group', {
      kind: 'DeleteOptions',
      apiVersion: 'nonsense.example.org/v1',
    }),
    options('delete with an unknown option', { bogus: 1 }),
    options('delete with a wrong option', { gracePeriodSeconds: 'soon' }),
    options('delete with a negative grace', { gracePeriodSeconds: -1 }),
    options('delete with a bad stage', { dryRun: ['Some'] }),
    options('delete with an unknown policy', { propagationPolicy: 'Sideways' }),
    options('delete of another revision', { preconditions: { resourceVersion: '1' } }),
    options('delete with an empty precondition', { preconditions: {} }),
    options('delete that orphans', { orphanDependents: true }),
    remove('delete with options as YAML', path, yaml, 'dryRun: [All]\npropagationPolicy: Background\n'),
    remove('delete with options as XML', path, 'application/xml', '<a/>'),
    remove('delete with broken options', path, 'application/json', '{'),
    remove('delete with a list of options', path, 'application/json', '[]'),
    remove(
      'delete with broken protobuf options',
      path,
      protobuf,
      Buffer.from([0x6b, 0x38, 0x73, 0, 0xff, 0xff]),
    ),
    remove('delete with a bad stage in the query', `${path}?dryRun=Some`),
    remove('delete with a bad grace in the query', `${path}?dryRun=All&gracePeriodSeconds=x`),
    remove('delete with a policy in the query', `${path}?dryRun=All&propagationPolicy=Foreground`),
    remove('delete collection with a bad selector', `${collection}?labelSelector=a%3D%3D%3Db`),
    remove('delete collection with a bad field', `${collection}?fieldSelector=spec.bogus%3D1`),
    remove('delete collection, dry run', `${collection}?dryRun=All&${chosen}`),
    remove(
      'delete collection of an unknown kind of options',
      `${collection}?${chosen}`,
      'application/json',
      json({ ...dry, kind: 'Nonsense', apiVersion: 'v1' }),
    ),
    remove('delete collection of a bad revision', `${collection}?${chosen}&resourceVersion=x&dryRun=All`),
    {
      ...remove('delete as a Table', `${path}?dryRun=All`),
      headers: { accept: table('v=v1;g=meta.k8s.io') },
    },
    { ...remove('delete as protobuf', `${path}?dryRun=All`), headers: { accept: protobuf } },
    { ...remove('delete as YAML', `${path}?dryRun=All`), headers: { accept: yaml } },
  ]
}
