/** One admission case on both servers: configurations, requests, and what the webhooks were asked. */
import type { Answer } from '../case.ts'
import { differences } from '../normalize.ts'
import type { Session, Side } from '../side.ts'
import type { Recorder, SideName } from './recorder.ts'

const group = '/apis/admissionregistration.k8s.io/v1'

export interface AdmissionCase {
  readonly name: string
  /** Webhooks, with `behaviour` in place of a clientConfig. */
  readonly mutating?: readonly WebhookPlan[]
  readonly validating?: readonly WebhookPlan[]
  /** Policies (their spec) and one binding of each. */
  readonly policies?: readonly PolicyPlan[]
  /** Objects that are there before and gone after: path of the collection and object. */
  readonly objects?: readonly (readonly [string, Record<string, unknown>])[]
  readonly requests: readonly AdmissionRequestCase[]
}

export interface PolicyPlan {
  readonly spec: Readonly<Record<string, unknown>>
  readonly binding?: Readonly<Record<string, unknown>>
}

export interface WebhookPlan {
  readonly behaviour: string
  readonly [field: string]: unknown
}

/** Method, path and body; a body without more is sent as JSON. */
export type AdmissionRequestCase = readonly [
  method: string,
  path: string,
  body?: object | undefined,
  headers?: Readonly<Record<string, string>>,
]

export interface Sides {
  readonly ours: Side
  readonly theirs: Side
}

const paramsPatienceMs = 1500

/** Every place where the two servers differ; empty when they do not. */
export async function compareCase(recorder: Recorder, sides: Sides, one: AdmissionCase): Promise<string[]> {
  const [ours, theirs] = await Promise.all([
    play(recorder, sides, 'ours', one),
    play(recorder, sides, 'theirs', one),
  ])
  return comparePlayed(ours, theirs)
}

/** Where two sides differ, as `place: ours | theirs`. */
export function comparePlayed(ours: Played, theirs: Played): string[] {
  const shown = (played: Played) =>
    JSON.parse(JSON.stringify(played).replaceAll(/(localhost:\d+)\/(?:ours|theirs)/g, '$1')) as Answer
  return differences(shown(ours), shown(theirs))
}

/** What one side answered, and what it asked its webhooks. */
interface Played {
  readonly answers: readonly Answer[]
  readonly asked: readonly unknown[]
}

async function play(recorder: Recorder, sides: Sides, name: SideName, one: AdmissionCase): Promise<Played> {
  const side = sides[name].session()
  const send = sender(side)
  const made: string[] = []
  const refused: Answer[] = []
  const make = async (collection: string, object: object) => {
    const { metadata } = object as { metadata: { name: string } }
    const answer = await send('POST', collection, object)
    if (answer.status !== 201) return void refused.push(answer)
    made.push(`${collection}/${metadata.name}`)
  }
  try {
    for (const [collection, object] of one.objects ?? []) await make(collection, object)
    for (const kind of ['mutating', 'validating'] as const) {
      const plans = one[kind]
      if (!plans) continue
      const configuration = configurationOf(recorder, name, kind, plans)
      await make(`${group}/${kind}webhookconfigurations`, configuration)
      await untilMarked(send, kind, true)
    }
    for (const [index, plan] of (one.policies ?? []).entries()) {
      const marker = markerPolicy(`marker-${index}`)
      const policies = [policyOf(`policy-${index}`, plan), ...(index === 0 ? [marker] : [])]
      for (const { policy, binding } of policies) {
        await make(`${group}/validatingadmissionpolicies`, policy)
        await make(`${group}/validatingadmissionpolicybindings`, binding)
      }
    }
    if (one.policies) await untilMarked(send, 'policy', true)
    // A stock server begins to watch the kind of a policy's params when it meets the policy.
    if (one.policies && one.objects) await Bun.sleep(paramsPatienceMs)
    recorder.taken(name)
    const answers: Answer[] = [...refused]
    for (const request of one.requests) answers.push(await send(...request))
    return { answers, asked: recorder.taken(name).map(tidy) }
  } finally {
    for (const path of made.reverse()) {
      await send('DELETE', path, { gracePeriodSeconds: 0 })
      const kind = /(mutating|validating)webhookconfigurations/.exec(path)?.[1]
      if (kind) await untilMarked(send, kind, false)
      if (path.endsWith('policies/marker-0')) await untilMarked(send, 'policy', false)
    }
  }
}

type Send = (...request: AdmissionRequestCase) => Promise<Answer>

function sender(side: Session): Send {
  return (method, path, body, headers = {}) =>
    side.ask({
      name: `${method} ${path}`,
      method,
      path,
      headers: { ...(body && { 'content-type': 'application/json' }), ...headers },
      ...(body && { body: JSON.stringify(body) }),
    })
}

function configurationOf(recorder: Recorder, side: SideName, kind: string, plans: readonly WebhookPlan[]) {
  const webhook = ({ behaviour, ...plan }: WebhookPlan, index: number) => ({
    name: `hook-${index}.hutch.test`,
    sideEffects: 'None',
    admissionReviewVersions: ['v1'],
    timeoutSeconds: 5,
    clientConfig: { url: recorder.url(side, behaviour), caBundle: recorder.caBundle },
    rules: [{ operations: ['*'], apiGroups: [''], apiVersions: ['*'], resources: ['configmaps'] }],
    objectSelector: { matchExpressions: [{ key: 'marker', operator: 'DoesNotExist' }] },
    ...plan,
  })
  const marker = {
    ...webhook({ behaviour: 'marker' }, 0),
    name: 'marker.hutch.test',
    objectSelector: { matchLabels: { marker: kind } },
  }
  return {
    kind: kind === 'mutating' ? 'MutatingWebhookConfiguration' : 'ValidatingWebhookConfiguration',
    apiVersion: 'admissionregistration.k8s.io/v1',
    metadata: { name: `${kind}-case` },
    webhooks: [marker, ...plans.map(webhook)],
  }
}

const configMaps = {
  resourceRules: [{ operations: ['*'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] }],
  objectSelector: { matchExpressions: [{ key: 'marker', operator: 'DoesNotExist' }] },
}

function policyOf(name: string, { spec, binding = {} }: PolicyPlan) {
  return {
    policy: { metadata: { name }, spec: { matchConstraints: configMaps, ...spec } },
    binding: {
      metadata: { name: `${name}-binding` },
      spec: { policyName: name, validationActions: ['Deny'], ...binding },
    },
  }
}

function markerPolicy(name: string) {
  const objectSelector = { matchLabels: { marker: 'policy' } }
  return policyOf(name, {
    spec: { validations: [{ expression: 'false' }], matchConstraints: { ...configMaps, objectSelector } },
  })
}

/** Configurations take a moment until they count. */
async function untilMarked(send: Send, kind: string, wanted: boolean): Promise<void> {
  const object = { metadata: { name: `marker-${kind}`, labels: { marker: kind } } }
  for (;;) {
    const { status } = await send('POST', '/api/v1/namespaces/default/configmaps?dryRun=All', object)
    if ((status === 400 || status === 422) === wanted) return
    await Bun.sleep(50)
  }
}

/** What each server chooses itself in a review: uids, times, the name of its administrator. */
function tidy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(tidy)
  if (typeof value !== 'object' || value === null) return value
  const volatile = ['uid', 'resourceVersion', 'creationTimestamp', 'deletionTimestamp', 'time', 'userInfo']
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, volatile.includes(key) && inner ? '…' : tidy(inner)]),
  )
}
