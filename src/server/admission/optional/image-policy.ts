import type { Pod } from '../../../api/types/core-v1.gen.ts'
import { formatDuration } from '../../../machinery/codec/duration.ts'
import { DocumentError, readFields } from '../../../machinery/config/document.ts'
import type { Clock } from '../../../std/ports.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../../context.ts'
import { askAgain, createAnswerCache, type PostReview, ReviewError } from '../../remote-review/ask-again.ts'
import { annotate } from '../annotations.ts'
import { isAbout, refusal } from '../refusal.ts'

/** How images are asked about; a time of 0 keeps no answers. */
export interface ImagePolicySettings {
  readonly kubeConfigFile: string
  readonly allowTtlMs: number
  readonly denyTtlMs: number
  readonly retryBackoffMs: number
  /** Whether pods pass when the service does not answer. */
  readonly defaultAllow: boolean
}

interface ImagePolicyDocument {
  readonly imagePolicy?: {
    readonly kubeConfigFile?: string
    readonly allowTTL?: number
    readonly denyTTL?: number
    readonly retryBackoff?: number
    readonly defaultAllow?: boolean
  }
}

const second = 1000
const minute = 60 * second
/** What a number in the document means: -1 is never, 0 the default. */
const ttl = { unitMs: second, minMs: second, maxMs: 30 * minute }
const backoff = { unitMs: 1, minMs: 0, maxMs: 5 * minute }

/** Reads and checks the plugin's configuration (plugin/pkg/admission/imagepolicy/config.go). Throws `DocumentError`. */
export function readImagePolicy(text: string): ImagePolicySettings {
  const { imagePolicy = {} } = readFields<ImagePolicyDocument>(text, {
    imagePolicy: {
      fields: {
        ...{ kubeConfigFile: 'string', defaultAllow: 'boolean' },
        ...{ allowTTL: 'integer', denyTTL: 'integer', retryBackoff: 'integer' },
      },
    },
  })
  return {
    kubeConfigFile: imagePolicy.kubeConfigFile ?? '',
    allowTtlMs: within(imagePolicy.allowTTL, 5 * minute, ttl),
    denyTtlMs: within(imagePolicy.denyTTL, 30 * second, ttl),
    retryBackoffMs: within(imagePolicy.retryBackoff, 500, backoff),
    defaultAllow: imagePolicy.defaultAllow ?? false,
  }
}

function within(value = 0, defaultMs: number, { unitMs, minMs, maxMs }: typeof ttl): number {
  if (value === -1) return 0
  if (value === 0) return defaultMs
  const ms = value * unitMs
  if (ms >= minMs && ms <= maxMs) return ms
  const show = (each: number) => formatDuration(BigInt(each) * 1_000_000n)
  throw new DocumentError(
    `valid value is between ${minMs === 0 ? '1ns' : show(minMs)} and ${show(maxMs)}, got ${show(ms)}`,
  )
}

interface ImageReview {
  readonly status?: {
    readonly allowed?: boolean
    readonly reason?: string
    readonly auditAnnotations?: Readonly<Record<string, string>>
  }
}
type Verdict = NonNullable<ImageReview['status']>

const auditPrefix = 'imagepolicywebhook.image-policy.k8s.io/'
const cachedMax = 1024
const timeoutMs = 30_000

export interface ImagePolicySetup {
  readonly settings: ImagePolicySettings
  readonly post: PostReview
  readonly clock: Pick<Clock, 'setTimer' | 'monotonicMs'>
}

/** Asks another service whether a pod's images may run (plugin/pkg/admission/imagepolicy). */
export function imagePolicyWebhook({ settings, post, clock }: ImagePolicySetup): AdmissionPlugin {
  const ask = askAgain(post, clock, settings.retryBackoffMs)
  const known = createAnswerCache<Verdict>(clock, cachedMax)
  const review = async (spec: object): Promise<Verdict> => {
    const key = JSON.stringify(spec)
    const cached = known.get(key)
    if (cached) return cached
    const asked = { apiVersion: 'imagepolicy.k8s.io/v1alpha1', kind: 'ImageReview', metadata: {}, spec }
    const answer = (await ask({ ...asked, status: { allowed: false } }, timeoutMs)) as ImageReview
    const verdict = answer.status ?? {}
    known.put(key, verdict, verdict.allowed ? settings.allowTtlMs : settings.denyTtlMs)
    return verdict
  }
  return {
    name: 'ImagePolicyWebhook',
    handles: request =>
      (request.operation === 'CREATE' || request.operation === 'UPDATE') &&
      (isAbout(request, '', 'pods') || isAbout(request, '', 'pods', 'ephemeralcontainers')),
    async validate(request) {
      try {
        decide(request, await review(specOf(request)))
      } catch (error) {
        if (!(error instanceof ReviewError)) throw error
        failOpen(request, settings, error)
      }
    },
  }
}

function specOf({ object, info }: AdmissionRequest): object {
  const { spec, metadata } = object as Pod
  const list =
    info.subresource === ''
      ? [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])]
      : (spec?.ephemeralContainers ?? [])
  const annotations = Object.entries(metadata.annotations ?? {})
    .filter(([key]) => key.includes('.image-policy.k8s.io/'))
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return {
    ...(list.length > 0 && { containers: list.map(({ image }) => ({ image })) }),
    ...(annotations.length > 0 && { annotations: Object.fromEntries(annotations) }),
    namespace: info.namespace,
  }
}

function decide(request: AdmissionRequest, { allowed, reason, auditAnnotations = {} }: Verdict): void {
  for (const [key, value] of Object.entries(auditAnnotations)) annotate(request, auditPrefix + key, value)
  if (allowed) return
  throw refusal(
    request,
    reason
      ? `image policy webhook backend denied one or more images: ${reason}`
      : 'one or more images rejected by webhook backend',
  )
}

/** Lets the pod pass, or refuses it. Upstream marks a copy of the pod as well, which nobody sees. */
function failOpen(
  request: AdmissionRequest,
  { defaultAllow }: ImagePolicySettings,
  error: ReviewError,
): void {
  if (!defaultAllow) throw refusal(request, error.message)
  annotate(request, `${auditPrefix}failed-open`, 'true')
}
