import { expect, test } from 'bun:test'
import { type DocumentKind, readDocument } from './document.ts'

const kind: DocumentKind = {
  kind: 'PolicyConfiguration',
  apiVersions: ['example.io/v1', 'example.io/v1beta1'],
  fields: {
    name: 'string',
    count: 'integer',
    every: 'duration',
    rules: [{ fields: { verbs: ['string'], strict: 'boolean' } }],
    extra: { mapOf: 'string' },
  },
}
const read = (body: string) =>
  readDocument(`apiVersion: example.io/v1\nkind: PolicyConfiguration\n${body}`, kind)

test('a good document comes as it is written', () => {
  const document = read(
    'name: a\ncount: 3\nevery: 1m30s\nrules: [{verbs: [get], strict: true}]\nextra: {a.b: c}',
  )
  expect(document).toEqual({
    ...{ name: 'a', count: 3, every: '1m30s', extra: { 'a.b': 'c' } },
    rules: [{ verbs: ['get'], strict: true }],
  })
})

test.each([
  ['an unknown field', 'rules: [{verbs: [get], nope: 1}]', 'unknown field "rules[0].nope"'],
  ['a prototype key', 'extra: {a: b}\nconstructor: x', 'unknown field "constructor"'],
  ['a wrong scalar', 'count: three', 'count: expected integer, got "three"'],
  ['a duration without unit', 'every: "30"', 'every: expected duration, got "30"'],
  ['a text for a list', 'rules: x', 'rules: expected a list'],
  ['a list for a map', 'extra: [x]', 'extra: expected a map'],
  ['a key that comes twice', 'name: a\nname: b', 'key "name" already set in map'],
  ['broken YAML', 'name: [', 'yaml: '],
])('%s is refused with its place', (_what, body, message) => {
  expect(() => read(body)).toThrow(message)
})

test('another kind or version is refused with what is expected', () => {
  expect(() => readDocument('apiVersion: v1\nkind: Pod', kind)).toThrow(
    'no kind "Pod" is registered for version "v1"; expected PolicyConfiguration of example.io/v1 or example.io/v1beta1',
  )
})

test('an embedded document is left to its own reader', () => {
  const embedding: DocumentKind = { ...kind, fields: { own: 'embedded' } }
  const text = 'apiVersion: example.io/v1\nkind: PolicyConfiguration\nown: {any: [thing]}'
  expect(readDocument<object>(text, embedding)).toEqual({ own: { any: ['thing'] } })
  expect(() => readDocument(text.replace('{any: [thing]}', '[]'), embedding)).toThrow(
    'own: expected embedded',
  )
})

test('of several kinds the one that is named counts', () => {
  const other: DocumentKind = { kind: 'Other', apiVersions: ['example.io/v2'], fields: { x: 'string' } }
  expect(readDocument<object>('{apiVersion: example.io/v2, kind: Other, x: text}', kind, other)).toEqual({
    x: 'text',
  })
  expect(() => readDocument('{apiVersion: example.io/v1, kind: Other}', kind, other)).toThrow(
    'expected PolicyConfiguration of example.io/v1 or example.io/v1beta1, or Other of example.io/v2',
  )
})
