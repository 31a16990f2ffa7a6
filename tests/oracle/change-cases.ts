import { json, type OracleCase, patchTypes } from './case.ts'
import type { Sample } from './samples.ts'

/** Changes in forms that are wrong, and through doors that are not there. */
export function rareChanges({ kind, collection, object }: Sample): OracleCase[] {
  const path = `${collection}/${object.metadata.name}`
  const dry = `${path}?dryRun=All`
  const send = (title: string, method: string, target: string, type: string, body: string): OracleCase => ({
    name: `${kind}: ${title}`,
    method,
    path: target,
    headers: { 'content-type': type },
    body,
  })
  const apply = (title: string, body: unknown, query = '', target = dry) =>
    send(
      title,
      'PATCH',
      `${target}&fieldManager=oracle-rare${query}`,
      patchTypes.apply,
      typeof body === 'string' ? body : json(body),
    )
  const { apiVersion, kind: own } = object
  const applied = { apiVersion, kind: own, metadata: { name: object.metadata.name, labels: { rare: 'yes' } } }
  const unknown = { ...applied, bogus: 1 }
  const absent = `${collection}/absent`
  return [
    apply('apply of nothing', ''),
    apply('apply of a text', 'text'),
    apply('apply of a list', []),
    apply('apply of no kind', { metadata: applied.metadata }),
    apply('apply of another kind', { ...applied, kind: 'Nonsense' }),
    apply('apply of a known other kind', {
      ...applied,
      apiVersion: 'v1',
      kind: own === 'Secret' ? 'ConfigMap' : 'Secret',
    }),
    apply('apply of another version', { ...applied, apiVersion: `${apiVersion.replace(/v\d+$/, '')}v9` }),
    apply('apply of another group', { ...applied, apiVersion: 'nonsense.example.org/v1' }),
    apply('apply under another name', { ...applied, metadata: { name: 'other' } }),
    apply('apply without a name', { ...applied, metadata: {} }),
    apply('apply without metadata', { apiVersion, kind: own }),
    apply('apply to another namespace', {
      ...applied,
      metadata: { ...applied.metadata, namespace: 'elsewhere' },
    }),
    apply('apply with an unknown field', unknown),
    apply('apply with an unknown field, strict', unknown, '&fieldValidation=Strict'),
    apply('apply with an unknown field, ignored', unknown, '&fieldValidation=Ignore'),
    apply(
      'apply with a field twice',
      `${json(applied).slice(0, -1)},"kind":"${own}"}`,
      '&fieldValidation=Strict',
    ),
    apply('apply with labels of a wrong type', {
      ...applied,
      metadata: { ...applied.metadata, labels: { a: 1 } },
    }),
    apply('apply with a stale revision', {
      ...applied,
      metadata: { ...applied.metadata, resourceVersion: '1' },
    }),
    apply('apply with another uid', { ...applied, metadata: { ...applied.metadata, uid: 'other' } }),
    apply(
      'apply that creates',
      { ...object, metadata: { ...object.metadata, name: 'applied' } },
      '',
      `${collection}/applied?dryRun=All`,
    ),
    apply(
      'apply that creates with a uid',
      { ...applied, metadata: { name: 'absent', uid: 'x' } },
      '',
      `${absent}?dryRun=All`,
    ),
    apply('apply of the status', applied, '', `${path}/status?dryRun=All`),
    apply(
      'apply of the status of none',
      { ...applied, metadata: { name: 'absent' } },
      '',
      `${absent}/status?dryRun=All`,
    ),
    send('PUT of nothing', 'PUT', dry, 'application/json', ''),
    send('PUT of a list', 'PUT', dry, 'application/json', '[]'),
    send('PUT of XML', 'PUT', dry, 'application/xml', '<a/>'),
    send('PUT of another kind', 'PUT', dry, 'application/json', json({ ...object, kind: 'Nonsense' })),
    send(
      'PUT of another namespace',
      'PUT',
      dry,
      'application/json',
      json({ ...object, metadata: { ...object.metadata, namespace: 'elsewhere' } }),
    ),
    send(
      'PUT of the status of none',
      'PUT',
      `${absent}/status?dryRun=All`,
      'application/json',
      json({ ...object, metadata: { name: 'absent' } }),
    ),
    send(
      'PUT of the status under another name',
      'PUT',
      `${path}/status?dryRun=All`,
      'application/json',
      json({ ...object, metadata: { name: 'other' } }),
    ),
    send(
      'PUT with an unknown field, strict',
      'PUT',
      `${dry}&fieldValidation=Strict`,
      'application/json',
      json({ ...object, bogus: 1 }),
    ),
    send('PUT with an unknown field, warned', 'PUT', dry, 'application/json', json({ ...object, bogus: 1 })),
    send(
      'PUT with an unknown field, ignored',
      'PUT',
      `${dry}&fieldValidation=Ignore`,
      'application/json',
      json({ ...object, bogus: 1 }),
    ),
    ...(['Strict', 'Warn', 'Ignore'] as const).flatMap(how => doubtful(send, dry, how)),
    send('merge patch of nothing', 'PATCH', dry, patchTypes.merge, ''),
    send('merge patch of a text', 'PATCH', dry, patchTypes.merge, '"text"'),
    send('merge patch of null', 'PATCH', dry, patchTypes.merge, 'null'),
    send('merge patch of the kind', 'PATCH', dry, patchTypes.merge, json({ kind: 'Nonsense' })),
    send(
      'merge patch of the namespace',
      'PATCH',
      dry,
      patchTypes.merge,
      json({ metadata: { namespace: 'elsewhere' } }),
    ),
    send('merge patch of the uid', 'PATCH', dry, patchTypes.merge, json({ metadata: { uid: 'other' } })),
    send(
      'merge patch that takes the name away',
      'PATCH',
      dry,
      patchTypes.merge,
      json({ metadata: { name: null } }),
    ),
    send('merge patch that takes metadata away', 'PATCH', dry, patchTypes.merge, json({ metadata: null })),
    send(
      'merge patch with an unknown field, strict',
      'PATCH',
      `${dry}&fieldValidation=Strict`,
      patchTypes.merge,
      json({ bogus: 1 }),
    ),
    send('merge patch with an unknown field, warned', 'PATCH', dry, patchTypes.merge, json({ bogus: 1 })),
    send('strategic patch of nothing', 'PATCH', dry, patchTypes.strategic, ''),
    send('strategic patch that is a list', 'PATCH', dry, patchTypes.strategic, '[]'),
    send('strategic patch with an unknown field', 'PATCH', dry, patchTypes.strategic, json({ bogus: 1 })),
    send('JSON patch of nothing', 'PATCH', dry, patchTypes.json, ''),
    send('empty JSON patch', 'PATCH', dry, patchTypes.json, '[]'),
    send('JSON patch without a path', 'PATCH', dry, patchTypes.json, json([{ op: 'add', value: 1 }])),
    send(
      'JSON patch that takes all away',
      'PATCH',
      dry,
      patchTypes.json,
      json([{ op: 'replace', path: '', value: {} }]),
    ),
    send(
      'JSON patch that copies',
      'PATCH',
      dry,
      patchTypes.json,
      json([
        { op: 'copy', from: '/metadata/name', path: '/metadata/labels/copied' },
        { op: 'move', from: '/metadata/labels/copied', path: '/metadata/labels/moved' },
        { op: 'test', path: '/metadata/labels/moved', value: object.metadata.name },
      ]),
    ),
    send(
      'JSON patch of a path without a slash',
      'PATCH',
      dry,
      patchTypes.json,
      json([{ op: 'add', path: 'metadata', value: 1 }]),
    ),
  ]
}

type Send = (title: string, method: string, target: string, type: string, body: string) => OracleCase

/** Patches that say something twice, or something unknown, under each way to treat that. */
function doubtful(send: Send, dry: string, how: 'Strict' | 'Warn' | 'Ignore'): OracleCase[] {
  const twice = '{"metadata":{"annotations":{"a":"1","a":"2"}},"metadata":{"labels":{"doubtful":"yes"}}}'
  const unknown = json({ bogus: 1, metadata: { strange: 'x' }, apple: 2 })
  const target = `${dry}&fieldValidation=${how}`
  const patch = (title: string, type: string, body: string) =>
    send(`${title}, ${how}`, 'PATCH', target, type, body)
  const path = '/metadata/labels/doubtful'
  return [
    patch('merge patch with fields twice', patchTypes.merge, twice),
    patch('merge patch with fields twice and unknown ones', patchTypes.merge, `{"bogus":1,"bogus":2}`),
    patch('merge patch with unknown fields', patchTypes.merge, unknown),
    patch('strategic patch with fields twice', patchTypes.strategic, twice),
    patch('strategic patch with unknown fields', patchTypes.strategic, unknown),
    patch(
      'JSON patch with a field twice',
      patchTypes.json,
      `[{"op":"add","op":"add","path":"${path}","value":"yes"}]`,
    ),
    patch(
      'JSON patch with an unknown field',
      patchTypes.json,
      json([{ op: 'add', path, value: 'yes', note: 'x' }]),
    ),
    patch(
      'JSON patch of an unknown field',
      patchTypes.json,
      json([{ op: 'add', path: '/bogus', value: 'yes' }]),
    ),
    patch('JSON patch with a number for an operation', patchTypes.json, json([{ op: 1, path }])),
    patch('JSON patch of texts', patchTypes.json, json(['add'])),
  ]
}
