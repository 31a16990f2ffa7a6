/** Webhooks that both servers call: what they answer follows from the path, what they are asked is kept per server. */
import type { JsonObject } from '../../../src/machinery/meta/object.ts'
import { startTestWebhook, type WebhookAnswer } from '../../../src/server/webhook-client/testing.ts'

export type SideName = 'ours' | 'theirs'

export interface Recorder {
  readonly caBundle: string
  /** `https://localhost:PORT/SIDE/BEHAVIOUR` */
  url(side: SideName, behaviour: string): string
  /** What one server asked since the last call, in order; the marker's own questions left out. */
  taken(side: SideName): readonly unknown[]
  close(): void
}

type Behaviour = (request: { readonly uid: string } & JsonObject) => JsonObject | WebhookAnswer

const patch = (operations: readonly object[]) => ({
  allowed: true,
  patchType: 'JSONPatch',
  patch: Buffer.from(JSON.stringify(operations)).toString('base64'),
})

const labelsOf = ({ object }: JsonObject) =>
  ((object as JsonObject | null)?.metadata as JsonObject | undefined)?.labels as JsonObject | undefined

/** Adds a label, or raises its number. */
function count(name: string): Behaviour {
  return request => {
    const labels = labelsOf(request) ?? {}
    const value = String(Number(labels[name] ?? 0) + 1)
    return patch([{ op: 'add', path: '/metadata/labels', value: { ...labels, [name]: value } }])
  }
}

const behaviours: Readonly<Record<string, Behaviour>> = {
  allow: () => ({ allowed: true }),
  marker: () => ({ allowed: false, status: { message: 'marked' } }),
  deny: () => ({ allowed: false }),
  'deny-message': () => ({ allowed: false, status: { message: 'because I say so' } }),
  'deny-reason': () => ({ allowed: false, status: { reason: 'Forbidden' } }),
  'deny-status': () => ({
    allowed: false,
    status: {
      code: 422,
      message: 'not like this',
      reason: 'Invalid',
      details: { causes: [{ field: 'a.b' }] },
    },
  }),
  'deny-code-200': () => ({ allowed: false, status: { code: 200, status: 'Success', message: 'odd' } }),
  warn: () => ({ allowed: true, warnings: ['first warning', 'second warning'] }),
  'warn-deny': () => ({ allowed: false, warnings: ['a warning all the same'] }),
  'patch-label': () => patch([{ op: 'add', path: '/metadata/labels', value: { patched: 'yes' } }]),
  'patch-data': () => patch([{ op: 'add', path: '/data/more', value: 'yes' }]),
  'patch-unknown': () => patch([{ op: 'add', path: '/nonsense', value: 'yes' }]),
  'patch-empty': () => patch([]),
  'patch-fails': () => patch([{ op: 'remove', path: '/data/not-there' }]),
  'patch-test-fails': () => patch([{ op: 'test', path: '/metadata/name', value: 'other' }]),
  'patch-wrong-type': () => patch([{ op: 'add', path: '/data', value: 'text' }]),
  'patch-no-json': () => ({ ...patch([]), patch: Buffer.from('{{').toString('base64') }),
  'patch-no-type': () => ({ ...patch([{ op: 'add', path: '/data/x', value: 'y' }]), patchType: undefined! }),
  'patch-odd-type': () => ({ ...patch([{ op: 'add', path: '/data/x', value: 'y' }]), patchType: 'Other' }),
  'patch-namespace': () => patch([{ op: 'replace', path: '/metadata/namespace', value: 'elsewhere' }]),
  'patch-name': () => patch([{ op: 'replace', path: '/metadata/name', value: 'renamed' }]),
  'patch-replicas': () => patch([{ op: 'replace', path: '/spec/replicas', value: 7 }]),
  'patch-container': () =>
    patch([{ op: 'add', path: '/spec/containers/-', value: { name: 'added', image: 'x' } }]),
  'count-a': count('a'),
  'count-b': count('b'),
  'type-only': () => ({ allowed: true, patchType: 'JSONPatch' }),
  'wrong-uid': () => ({ uid: 'other', allowed: true }),
  'no-response': () => ({
    status: 200,
    body: { kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1' },
  }),
  'no-kind': request => ({ status: 200, body: { response: { uid: request.uid, allowed: true } } }),
  'other-version': request => ({
    status: 200,
    body: {
      kind: 'AdmissionReview',
      apiVersion: 'admission.k8s.io/v1beta1',
      response: { uid: request.uid, allowed: true },
    },
  }),
  'status-500': () => ({ status: 500, body: 'it broke' }),
  'status-404': () => ({ status: 404, body: 'nothing here' }),
  'status-403': () => ({ status: 403, body: 'go away' }),
  'no-json': () => ({ status: 200, body: 'hello' }),
  empty: () => ({ status: 200, body: '' }),
}

export async function startRecorder(): Promise<Recorder> {
  const asked: Record<SideName, unknown[]> = { ours: [], theirs: [] }
  const hook = await startTestWebhook(async (review, path) => {
    const [, side, name = ''] = /^\/(ours|theirs)\/([^?]*)/.exec(path) ?? []
    if (name !== 'marker') asked[side as SideName].push({ path: path.replace(/^\/\w+/, ''), review })
    if (name === 'slow') await Bun.sleep(3000)
    const request = review.request as JsonObject & { uid: string }
    const answer = (behaviours[name] ?? behaviours.allow!)(request)
    if ('body' in answer) return answer as WebhookAnswer
    const response = { uid: request.uid, ...answer }
    return {
      body: { kind: 'AdmissionReview', apiVersion: String(review.apiVersion), response } as JsonObject,
    }
  })
  return {
    caBundle: hook.caBundle,
    url: (side, behaviour) => `https://localhost:${hook.port}/${side}/${behaviour}`,
    taken: side => asked[side].splice(0),
    close: hook.close,
  }
}
