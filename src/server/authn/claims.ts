import type { KubeObject } from '../../machinery/meta/object.ts'
import { serviceAccountUsername } from '../authz/binding-index.ts'

/** `name` and `uid` of an object that a token is bound to. */
export interface ClaimReference {
  readonly name?: string
  readonly uid?: string
}

/** The claim `kubernetes.io` of bound tokens (pkg/serviceaccount/claims.go). */
export interface KubernetesClaim {
  readonly namespace?: string
  readonly serviceaccount?: ClaimReference
  readonly pod?: ClaimReference
  readonly secret?: ClaimReference
  readonly node?: ClaimReference
  /** Seconds since the epoch. */
  readonly warnafter?: number
}

/** The private claims of tokens that live in Secrets (pkg/serviceaccount/legacy.go). */
export interface LegacyClaims {
  readonly 'kubernetes.io/serviceaccount/namespace'?: string
  readonly 'kubernetes.io/serviceaccount/secret.name'?: string
  readonly 'kubernetes.io/serviceaccount/service-account.name'?: string
  readonly 'kubernetes.io/serviceaccount/service-account.uid'?: string
}

export const legacyIssuer = 'kubernetes/serviceaccount'

/** What a legacy token of a Secret says. */
export function legacyClaims(serviceAccount: KubeObject, secretName: string): LegacyClaims & { sub: string } {
  const { namespace = '', name = '', uid = '' } = serviceAccount.metadata
  return {
    sub: serviceAccountUsername(namespace, name),
    'kubernetes.io/serviceaccount/namespace': namespace,
    'kubernetes.io/serviceaccount/secret.name': secretName,
    'kubernetes.io/serviceaccount/service-account.name': name,
    'kubernetes.io/serviceaccount/service-account.uid': uid,
  }
}

export function referenceTo({ metadata }: KubeObject): ClaimReference {
  const { name = '', uid } = metadata
  return uid ? { name, uid } : { name }
}
