import { json, jsonHeaders, type OracleCase } from './case.ts'
import { definitionCases } from './definition-cases.ts'

const group = 'oracle.example.org'
const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
const definition = {
  metadata: { name: `things.${group}` },
  spec: {
    group,
    scope: 'Namespaced',
    names: { plural: 'things', singular: 'thing', kind: 'Thing', listKind: 'ThingList' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: {
                type: 'object',
                required: ['size'],
                properties: {
                  size: { type: 'integer', minimum: 1 },
                  mode: { type: 'string', enum: ['on', 'off'], default: 'on' },
                },
              },
              status: { type: 'object', properties: { phase: { type: 'string' } } },
            },
          },
        },
      },
    ],
  },
}

const post = (name: string, path: string, value: unknown): OracleCase => ({
  name: `custom: ${name}`,
  method: 'POST',
  path,
  headers: jsonHeaders,
  body: json(value),
})

/** A definition is refused and made; what it defines depends on when it is established and is asked elsewhere. */
export const customCases: readonly OracleCase[] = [
  post('definition under a wrong name', definitions, { ...definition, metadata: { name: 'wrong' } }),
  post('definition without a schema', definitions, {
    ...definition,
    spec: { ...definition.spec, versions: [{ name: 'v1', served: true, storage: true }] },
  }),
  post('definition with two stored versions', definitions, {
    ...definition,
    spec: {
      ...definition.spec,
      versions: ['v1', 'v2'].map(name => ({ ...definition.spec.versions[0], name })),
    },
  }),
  post('dry run of a definition', `${definitions}?dryRun=All`, definition),
  ...definitionCases,
]
