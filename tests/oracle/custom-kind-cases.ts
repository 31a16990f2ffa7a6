import { get, type OracleCase, patch, send, type Track } from './case.ts'
import { customDefaultCases } from './custom-default-cases.ts'
import { opening } from './general-cases.ts'
import { freeCasesOf } from './kind-cases.ts'
import { libraryCases } from './library-call-cases.ts'
import { ruledCases } from './ruled-cases.ts'
import type { Sample } from './samples.ts'

const group = 'custom.example.org'
const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'

const schema = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      properties: {
        replicas: { type: 'integer', minimum: 0 },
        mode: { type: 'string', enum: ['on', 'off'], default: 'on' },
        ports: {
          type: 'array',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['port'],
          items: { type: 'object', required: ['port'], properties: { port: { type: 'integer' } } },
        },
        when: { type: 'string', format: 'date-time' },
        few: { type: 'object', minProperties: 1, maxProperties: 1, additionalProperties: { type: 'string' } },
        bare: { type: 'object' },
        free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        loose: {
          ...{ type: 'array', 'x-kubernetes-preserve-unknown-fields': true },
          items: { type: 'object', properties: { known: { type: 'object' } } },
        },
        choice: { type: 'string', enum: ['a'], nullable: true },
      },
    },
    status: {
      ...{ type: 'object', default: { phase: 'Pending' } },
      properties: { replicas: { type: 'integer' }, phase: { type: 'string' } },
    },
  },
}
const scale = { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' }
const version = {
  ...{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } },
  subresources: { status: {}, scale },
  additionalPrinterColumns: [{ name: 'Mode', type: 'string', jsonPath: '.spec.mode' }],
  selectableFields: [{ jsonPath: '.spec.mode' }],
}

const scopes = { Gadget: 'Namespaced', Gauge: 'Cluster' } as const

function trackOf(kind: keyof typeof scopes): Track {
  const plural = `${kind.toLowerCase()}s`
  const scope = scopes[kind]
  const names = { plural, singular: kind.toLowerCase(), kind, shortNames: [plural.slice(0, 3)] }
  const collection = `/apis/${group}/v1${scope === 'Namespaced' ? '/namespaces/oracle' : ''}/${plural}`
  const sample: Sample = {
    kind,
    collection,
    object: {
      apiVersion: `${group}/v1`,
      kind,
      metadata: { name: 'sample', labels: { oracle: 'yes' } },
      ...{ spec: { replicas: 1, ports: [{ port: 80 }], free: { a: [1, 'b', null] } } },
    },
  }
  const define = {
    metadata: { name: `${plural}.${group}` },
    spec: { group, scope, names, versions: [version] },
  }
  const body = (spec: object) => ({ ...sample.object, metadata: { name: 'tried' }, spec })
  const dry = (title: string, spec: object, query = '') =>
    send('POST', `${kind}: ${title}`, `${collection}?dryRun=All${query}`, body(spec))
  const cases: OracleCase[] = [
    send('POST', `${kind}: define`, definitions, define),
    { ...get(`${kind}: wait until it is served`, collection), until: 200 },
    dry('a number that is too small', { replicas: -1 }),
    dry('a number that is a text', { replicas: '1' }),
    dry('a word that is no choice', { mode: 'maybe' }),
    dry('an item without its key', { ports: [{}] }),
    dry('an item twice', { ports: [{ port: 1 }, { port: 1 }] }),
    dry('an unknown field inside, strict', { bogus: 1 }, '&fieldValidation=Strict'),
    dry('an unknown field inside, warned', { bogus: 1 }),
    dry('null where a default is', { mode: null }),
    dry('null that is allowed and no choice', { choice: null }),
    dry('unknown in a list that keeps it', { loose: [{ any: { thing: 1 }, known: { any: 1 } }] }),
    ...[7, 1.5, true, {}, 'no time', null].map(when => dry(`${JSON.stringify(when)} for a time`, { when })),
    dry('too many members, of wrong types', { few: { a: 1, b: 'b' } }),
    dry('too few members', { few: {} }),
    ...[
      { bare: { any: 1 } },
      { ports: { port: 1 } },
      { mode: ['on', { a: true }] },
      { mode: { b: 1.5 } },
    ].map(spec =>
      patch(
        `${kind}: apply ${JSON.stringify(spec)}`,
        `${collection}/tried?dryRun=All&fieldManager=m`,
        'apply',
        body(spec),
      ),
    ),
    ...freeCasesOf(sample),
    get(`${kind}: by a selectable field`, `${collection}?fieldSelector=spec.mode%3Don`),
    { name: `${kind}: remove the definition`, method: 'DELETE', path: `${definitions}/${plural}.${group}` },
  ]
  return { name: kind, cases }
}

/** Two custom kinds, asked what all kinds are asked, one whose objects have to follow rules, one of defaults, and one of what rules may call. */
export function customKindTracks(): Track[] {
  return [
    { name: 'opening', cases: opening },
    { name: 'ruled', cases: ruledCases },
    { name: 'defaults', cases: customDefaultCases },
    { name: 'library', cases: libraryCases },
    trackOf('Gadget'),
    trackOf('Gauge'),
  ]
}
