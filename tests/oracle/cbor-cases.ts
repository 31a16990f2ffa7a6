import { encodeCbor } from '../../src/machinery/codec/index.ts'
import { cbor, get, type OracleCase, type Track } from './case.ts'
import { opening } from './general-cases.ts'
import { kindTracks } from './kind-cases.ts'
import { requestedSamples } from './requested-samples.ts'
import { type Sample, samples } from './samples.ts'

const meta = 'v=v1;g=meta.k8s.io'
const groups = ['apps', 'batch', 'events.k8s.io', 'resource.k8s.io', 'apiextensions.k8s.io']
const aggregated = `${cbor};g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList`
const applied = 'application/apply-patch+cbor'

/** Every kind in CBOR, for servers that speak it (CBORServingAndStorage). */
export function cborTracks(): Track[] {
  return [
    { name: 'opening', cases: opening },
    { name: 'discovery', cases: discovery },
    ...kindTracks([...samples, ...requestedSamples], casesOf),
  ]
}

const discovery: OracleCase[] = [
  get('versions in CBOR', '/api', cbor),
  get('groups in CBOR', '/apis', cbor),
  // Not /api/v1: a stock server's handler of that page ends in a panic.
  ...groups.flatMap(group => [
    get(`${group} in CBOR`, `/apis/${group}`, cbor),
    get(`${group}/v1 in CBOR`, `/apis/${group}/v1`, cbor),
  ]),
  get('aggregated versions in CBOR', '/api', aggregated),
  get('aggregated groups in CBOR', '/apis', aggregated),
  get('aggregated groups in CBOR or JSON', '/apis', `${aggregated},application/json`),
  get('an absent group in CBOR', '/apis/absent.example.org', cbor),
  get('the version in CBOR', '/version', cbor),
]

function casesOf({ kind, collection, object }: Sample): OracleCase[] {
  const { name } = object.metadata
  const path = `${collection}/${name}`
  const list = `${collection}?labelSelector=oracle%3Dyes`
  const read = (title: string, target: string, accept = cbor) => get(`${kind}: ${title}`, target, accept)
  const write = (title: string, method: string, target: string, body: unknown, type = cbor): OracleCase => ({
    name: `${kind}: ${title}`,
    method,
    path: target,
    headers: { 'content-type': type, accept: cbor },
    body: body instanceof Uint8Array ? body : encodeCbor(body),
  })
  const unknown = { ...object, bogus: 1, metadata: { ...object.metadata, strange: [1.5, null] } }
  return [
    write('create', 'POST', `${collection}?fieldManager=oracle`, object),
    write('create again', 'POST', collection, object),
    write('dry run of an unknown field', 'POST', `${collection}?dryRun=All`, unknown),
    write(
      'dry run of an unknown field, strict',
      'POST',
      `${collection}?dryRun=All&fieldValidation=Strict`,
      unknown,
    ),
    write('nothing', 'POST', collection, new Uint8Array()),
    write('half an object', 'POST', collection, encodeCbor(object).slice(0, -5)),
    write('two objects', 'POST', collection, Buffer.concat([encodeCbor(object), encodeCbor(object)])),
    write('a text', 'POST', collection, 'text'),
    write('wrong types', 'POST', collection, { ...object, metadata: 7 }),
    write('a foreign kind', 'POST', collection, { ...object, kind: 'Strange' }),
    read('get', path),
    read('get as metadata', path, `${cbor};as=PartialObjectMetadata;${meta}`),
    read('get as a Table', path, `${cbor};as=Table;${meta}`),
    read('get as a Table or JSON', path, `${cbor};as=Table;${meta},application/json;as=Table;${meta}`),
    read('get what is absent', `${collection}/absent`),
    read('list', list),
    read('list of metadata', list, `${cbor};as=PartialObjectMetadataList;${meta}`),
    read('watch', `${list}&watch=1&timeoutSeconds=1`, 'application/cbor-seq'),
    read('watch as objects', `${list}&watch=1&timeoutSeconds=1`),
    read('watch of metadata', `${list}&watch=1&timeoutSeconds=1`, `${cbor};as=PartialObjectMetadata;${meta}`),
    write('PUT', 'PUT', `${path}?dryRun=All`, object),
    write('apply', 'PATCH', `${path}?dryRun=All&fieldManager=other&force=true`, object, applied),
    write('apply of JSON as CBOR', 'PATCH', `${path}?fieldManager=other`, Buffer.from('{}'), applied),
    write('a merge patch in CBOR', 'PATCH', path, {}, 'application/merge-patch+cbor'),
    write('dry delete with options', 'DELETE', `${path}?dryRun=All`, {
      kind: 'DeleteOptions',
      apiVersion: 'v1',
    }),
    write('delete with options', 'DELETE', path, {
      kind: 'DeleteOptions',
      apiVersion: 'v1',
      gracePeriodSeconds: 0,
    }),
  ]
}
