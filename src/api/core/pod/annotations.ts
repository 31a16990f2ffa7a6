/** Annotations of pods that mean something (pkg/apis/core/validation ValidatePodSpecificAnnotations). */
import { quote } from '../../../machinery/meta/quote.ts'
import type { FieldErrors } from '../../../machinery/validation/field-error.ts'
import type { AppArmorProfile, Container, Pod, PodSpec } from '../../types/core-v1.gen.ts'
import { validateDescendingPath } from './local-path.ts'

type Annotations = Readonly<Record<string, string>>

export const appArmorPrefix = 'container.apparmor.security.beta.kubernetes.io/'
export const seccompPodKey = 'seccomp.security.alpha.kubernetes.io/pod'
export const seccompContainerPrefix = 'container.seccomp.security.alpha.kubernetes.io/'
export const mirrorKey = 'kubernetes.io/config.mirror'
const deletionCostKey = 'controller.kubernetes.io/pod-deletion-cost'
const plainSeccomp = ['runtime/default', 'docker/default', 'unconfined']
const localhost = 'localhost/'

interface Annotated {
  readonly annotations: Annotations | undefined
  readonly spec: PodSpec
  readonly path: string
}

/** A static pod's image in the API, made by its kubelet. */
export function isMirrorPod({ metadata }: Pod): boolean {
  return metadata.annotations?.[mirrorKey] !== undefined
}

/** Of a pod or of a template, new or changed. `path`: of the annotations. */
export function validatePodAnnotations(
  { annotations = {}, spec, path }: Annotated,
  errors: FieldErrors,
): void {
  const mirror = annotations[mirrorKey]
  if (mirror !== undefined && !spec.nodeName)
    errors.invalid(`${path}[${mirrorKey}]`, mirror, 'must set spec.nodeName if mirror pod annotation is set')
  for (const key of Object.keys(annotations).toSorted()) {
    const value = annotations[key]!
    if (key === seccompPodKey || key.startsWith(seccompContainerPrefix))
      validateSeccomp(value, `${path}.${key}`, errors)
    if (key.startsWith(appArmorPrefix)) validateAppArmor(key, value, { spec, path }, errors)
  }
}

/** Which pod goes first when there are too many; a cost that was wrong before may stay so. */
export function validateDeletionCost(
  { annotations, path }: Pick<Annotated, 'annotations' | 'path'>,
  old: Annotations | undefined,
  errors: FieldErrors,
): void {
  const cost = annotations?.[deletionCostKey]
  if (isCost(cost) || !isCost(old?.[deletionCostKey])) return
  errors.invalid(`${path}[${deletionCostKey}]`, cost, 'must be a 32bit integer')
}

function isCost(text: string | undefined): boolean {
  return (
    text === undefined ||
    (/^(?:-\d+|0|[1-9]\d*)$/.test(text) && BigInt.asIntN(32, BigInt(text)) === BigInt(text))
  )
}

function validateSeccomp(profile: string, path: string, errors: FieldErrors): void {
  if (plainSeccomp.includes(profile)) return
  if (profile.startsWith(localhost)) validateDescendingPath(profile.slice(localhost.length), path, errors)
  else errors.invalid(path, profile, 'must be a valid seccomp profile')
}

function validateAppArmor(
  key: string,
  profile: string,
  { spec, path }: Pick<Annotated, 'spec' | 'path'>,
  errors: FieldErrors,
): void {
  const name = key.slice(appArmorPrefix.length)
  if (!containersOf(spec).some(({ container }) => container.name === name))
    errors.invalid(`${path}[${key}]`, name, 'container not found')
  if (
    profile !== '' &&
    !['runtime/default', 'unconfined'].includes(profile) &&
    !profile.startsWith(localhost)
  )
    errors.invalid(`${path}[${key}]`, profile, `invalid AppArmor profile name: ${quote(profile)}`)
}

/** What a change of a pod may not do to them (ValidatePodSpecificAnnotationUpdates). */
export function validatePodAnnotationsUpdate(pod: Pod, old: Pod, errors: FieldErrors): void {
  const [now, before] = [pod.metadata.annotations ?? {}, old.metadata.annotations ?? {}]
  const at = (key: string) => `metadata.annotations[${key}]`
  validateDeletionCost({ annotations: now, path: 'metadata.annotations' }, before, errors)
  const guarded = (key: string) =>
    key === mirrorKey ? 'mirror pod annotation' : key.startsWith(appArmorPrefix) ? 'AppArmor annotations' : ''
  for (const key of Object.keys(before).toSorted()) {
    const what = now[key] === before[key] ? '' : guarded(key)
    if (what) errors.forbidden(at(key), `may not remove or update ${what}`)
  }
  for (const key of Object.keys(now).toSorted()) {
    const what = Object.hasOwn(before, key) ? '' : guarded(key)
    if (what) errors.forbidden(at(key), `may not add ${what}`)
  }
  validatePodAnnotations({ annotations: now, spec: pod.spec!, path: 'metadata.annotations' }, errors)
}

/** Annotations and fields must mean the same (validateAppArmorAnnotationsAndFieldsMatchOnCreate). `path`: of the spec. */
export function validateAppArmorMatch(
  { annotations, spec, path: base }: Annotated,
  errors: FieldErrors,
): void {
  if (!hasAppArmor(annotations) || spec.os?.name === 'windows') return
  for (const { container, path } of containersOf(spec, base)) {
    const field = container.securityContext?.appArmorProfile ?? spec.securityContext?.appArmorProfile
    const annotation = annotations?.[appArmorPrefix + container.name]
    if (!field || annotation === undefined) continue
    const meant = appArmorOf(annotation)
    const at = `${path}.securityContext.appArmorProfile`
    if (meant?.type !== field.type)
      errors.forbidden(`${at}.type`, 'apparmor type in annotation and field must match')
    else if (meant?.localhostProfile !== field.localhostProfile)
      errors.forbidden(`${at}.localhostProfile`, 'apparmor profile in annotation and field must match')
  }
}

const warned = new WeakMap<Pod, readonly string[]>()

/** What `syncAppArmor` had to say of this pod. */
export function appArmorWarnings(pod: Pod): readonly string[] {
  return warned.get(pod) ?? []
}

/** Fields of a new pod take over what annotations of older clients say (pkg/registry/core/pod applyAppArmorVersionSkew). */
export function syncAppArmor(pod: Pod): void {
  const { annotations } = pod.metadata
  if (!hasAppArmor(annotations) || pod.spec?.os?.name === 'windows') return
  const ofPod = pod.spec?.securityContext?.appArmorProfile
  const warnings: string[] = []
  for (const { container } of containersOf(pod.spec!)) {
    const key = appArmorPrefix + container.name
    const annotation = annotations?.[key]
    if (annotation === undefined || container.securityContext?.appArmorProfile) continue
    const meant = appArmorOf(annotation)
    if (meant && isSameProfile(meant, ofPod)) continue
    if (meant) container.securityContext = { ...container.securityContext, appArmorProfile: meant }
    warnings.push(appArmorAdvice('metadata.annotations', key))
  }
  if (warnings.length > 0) warned.set(pod, warnings)
}

export function appArmorAdvice(path: string, key: string): string {
  return `${path}[${key}]: deprecated since v1.30; use the "appArmorProfile" field instead`
}

export function isSameProfile(a: AppArmorProfile, b: AppArmorProfile | undefined): boolean {
  return a.type === b?.type && a.localhostProfile === b.localhostProfile
}

/** Undefined for a text that names no profile. */
export function appArmorOf(annotation: string): AppArmorProfile | undefined {
  if (annotation === 'unconfined') return { type: 'Unconfined' }
  if (annotation === 'runtime/default') return { type: 'RuntimeDefault' }
  const localhostProfile = annotation.startsWith(localhost) ? annotation.slice(localhost.length) : ''
  return localhostProfile === '' ? undefined : { type: 'Localhost', localhostProfile }
}

function hasAppArmor(annotations: Annotations | undefined): boolean {
  return annotations !== undefined && Object.keys(annotations).some(key => key.startsWith(appArmorPrefix))
}

interface Placed {
  readonly container: Container
  readonly path: string
}

/** Containers of all sorts with their places, as upstream visits them. */
export function containersOf(spec: PodSpec, base = 'spec'): readonly Placed[] {
  return (['initContainers', 'containers', 'ephemeralContainers'] as const).flatMap(list =>
    (spec[list] ?? []).map((container, i) => ({
      container: container as Container,
      path: `${base}.${list}[${i}]`,
    })),
  )
}
