import { get, type OracleCase, patch, send } from './case.ts'

const group = 'defaults.example.org'
const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'

/** The stored version knows nothing of `mode`, which the other one defaults. */
function versionOf(name: string, isStored: boolean) {
  const limits = { type: 'object', default: {}, properties: { size: { type: 'integer', default: 3 } } }
  const properties = {
    ...{ name: { type: 'string' }, limits },
    note: { type: 'string', nullable: true, default: 'none' },
    ...(!isStored && { mode: { type: 'string', default: 'on' } }),
  }
  const openAPIV3Schema = { type: 'object', properties: { spec: { type: 'object', properties } } }
  return { name, served: true, storage: isStored, schema: { openAPIV3Schema } }
}

const definition = {
  metadata: { name: `knobs.${group}` },
  spec: {
    ...{ group, scope: 'Namespaced', names: { plural: 'knobs', kind: 'Knob' } },
    versions: [versionOf('v1', true), versionOf('v1beta1', false)],
  },
}

/** One object's life through one version: what a patch takes away and its type gives back is no change. */
function livedCases(version: string): OracleCase[] {
  const title = (what: string) => `defaults of ${version}: ${what}`
  const collection = `/apis/${group}/${version}/namespaces/oracle/knobs`
  const at = `${collection}/knob-${version}`
  const by = (manager: string) => `${at}?fieldManager=${manager}`
  const object = {
    ...{ apiVersion: `${group}/${version}`, kind: 'Knob', metadata: { name: `knob-${version}` } },
    spec: { name: 'a' },
  }
  return [
    { ...get(title('served'), collection), until: 200 },
    send('POST', title('made'), `${collection}?fieldManager=maker`, object),
    patch(title('one taken away'), by('a'), 'merge', { spec: { limits: null } }),
    patch(title('all taken away'), by('b'), 'merge', { spec: { limits: null, note: null, mode: null } }),
    patch(title('applied'), by('c'), 'apply', object),
    patch(title('labelled'), by('d'), 'merge', { metadata: { labels: { a: 'b' } } }),
    patch(title('made null'), by('e'), 'json', [
      { op: 'replace', path: '/spec/note', value: null },
      { op: 'replace', path: '/spec/limits/size', value: null },
    ]),
    patch(title('removed, in a dry run'), `${by('f')}&dryRun=All`, 'json', [
      { op: 'remove', path: '/spec/limits' },
    ]),
    patch(title('removed'), by('f'), 'json', [{ op: 'remove', path: '/spec/limits' }]),
    patch(title('without a spec'), by('g'), 'merge', { spec: null }),
    get(title('in the end'), at),
    { name: title('gone'), method: 'DELETE', path: at },
  ]
}

/** Defaults of a custom kind in each language of patches, through the stored version and another one. */
export const customDefaultCases: readonly OracleCase[] = [
  send('POST', 'defaults: define', definitions, definition),
  ...livedCases('v1'),
  ...livedCases('v1beta1'),
  { name: 'defaults: remove the definition', method: 'DELETE', path: `${definitions}/knobs.${group}` },
]
