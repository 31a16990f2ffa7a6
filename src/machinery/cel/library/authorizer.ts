/** Questions to the authorizer (apiserver pkg/cel/library/authz.go). */
import { CelError } from '../language/errors.ts'
import { boolType, stringType, structType, type Type } from '../language/type.ts'
import type { StructValue } from '../language/value.ts'
import { type Functions, member } from './declare.ts'

const prefix = 'kubernetes.authorization.'

export const authorizerType: Type = structType(`${prefix}Authorizer`)
export const resourceCheckType: Type = structType(`${prefix}ResourceCheck`)
const pathCheckType = structType(`${prefix}PathCheck`)
const groupCheckType = structType(`${prefix}GroupCheck`)
const decisionType = structType(`${prefix}Decision`)

export interface AccessUser {
  readonly username: string
  readonly groups: readonly string[]
  readonly uid?: string
  readonly extra?: Readonly<Record<string, readonly string[]>>
}

/** What may be asked about: a path, or a resource. */
export interface AccessQuestion {
  readonly user: AccessUser
  readonly verb: string
  readonly path?: string
  readonly group: string
  readonly resource: string
  readonly subresource: string
  readonly namespace: string
  readonly name: string
  readonly fieldSelector?: string
  readonly labelSelector?: string
}

export interface AccessAnswer {
  readonly allowed: boolean
  readonly reason: string
  readonly error?: string
}

/** Answers at once; throws what its caller waits for otherwise. */
export type AskAccess = (question: AccessQuestion) => AccessAnswer

class Access implements StructValue {
  readonly typeName: string
  readonly ask: AskAccess
  readonly question: AccessQuestion
  constructor(kind: string, ask: AskAccess, question: AccessQuestion) {
    this.typeName = prefix + kind
    this.ask = ask
    this.question = question
  }
  equals(other: StructValue): boolean {
    return JSON.stringify((other as Access).question) === JSON.stringify(this.question)
  }
  with(kind: string, more: Partial<AccessQuestion>): Access {
    return new Access(kind, this.ask, { ...this.question, ...more })
  }
}

class Decision implements StructValue {
  readonly typeName = `${prefix}Decision`
  readonly answer: AccessAnswer
  constructor(answer: AccessAnswer) {
    this.answer = answer
  }
  equals(other: StructValue): boolean {
    return other === this
  }
}

const nothing = { verb: '', group: '', resource: '', subresource: '', namespace: '', name: '' }

/** The variable `authorizer`. */
export function authorizerValue(user: AccessUser, ask: AskAccess): StructValue {
  return new Access('Authorizer', ask, { user, ...nothing })
}

/** The variable `authorizer.requestResource`. */
export function resourceCheckValue(
  user: AccessUser,
  ask: AskAccess,
  about: Omit<AccessQuestion, 'user' | 'verb'>,
): StructValue {
  return new Access('ResourceCheck', ask, { ...about, user, verb: '' })
}

const label = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/

function asServiceAccount(access: Access, namespace: string, name: string): Access {
  if (!name.split('.').every(part => label.test(part))) throw new CelError('Invalid service account name')
  if (!label.test(namespace)) throw new CelError('Invalid service account namespace')
  const groups = ['system:serviceaccounts', `system:serviceaccounts:${namespace}`]
  return access.with('Authorizer', {
    user: { username: `system:serviceaccount:${namespace}:${name}`, groups },
  })
}

function narrow(field: 'subresource' | 'namespace' | 'name' | 'fieldSelector' | 'labelSelector') {
  return (access: Access, value: string) => access.with('ResourceCheck', { [field]: value })
}

function check(access: Access, verb: string): Decision {
  return new Decision(access.ask({ ...access.question, verb }))
}

const text = stringType
const refine = (id: string, field: Parameters<typeof narrow>[0]) => [
  member(id, [resourceCheckType, text], resourceCheckType, narrow(field)),
]

export const authorization: Functions = {
  path: [
    member('authorizer_path', [authorizerType, text], pathCheckType, (access: Access, path: string) => {
      if (path === '') throw new CelError('path must not be empty')
      return access.with('PathCheck', { path })
    }),
  ],
  group: [
    member('authorizer_group', [authorizerType, text], groupCheckType, (access: Access, group: string) =>
      access.with('GroupCheck', { group }),
    ),
  ],
  serviceAccount: [
    member('authorizer_serviceaccount', [authorizerType, text, text], authorizerType, asServiceAccount),
  ],
  resource: [
    member(
      'groupcheck_resource',
      [groupCheckType, text],
      resourceCheckType,
      (access: Access, resource: string) => {
        if (resource === '') throw new CelError('resource must not be empty')
        return access.with('ResourceCheck', { resource })
      },
    ),
  ],
  subresource: refine('resourcecheck_subresource', 'subresource'),
  namespace: refine('resourcecheck_namespace', 'namespace'),
  name: refine('resourcecheck_name', 'name'),
  fieldSelector: refine('authorizer_fieldselector', 'fieldSelector'),
  labelSelector: refine('authorizer_labelselector', 'labelSelector'),
  check: [
    member('pathcheck_check', [pathCheckType, text], decisionType, check),
    member('resourcecheck_check', [resourceCheckType, text], decisionType, check),
  ],
  allowed: [member('decision_allowed', [decisionType], boolType, ({ answer }: Decision) => answer.allowed)],
  reason: [member('decision_reason', [decisionType], text, ({ answer }: Decision) => answer.reason)],
  errored: [
    member(
      'decision_errored',
      [decisionType],
      boolType,
      ({ answer }: Decision) => answer.error !== undefined,
    ),
  ],
  error: [member('decision_error', [decisionType], text, ({ answer }: Decision) => answer.error ?? '')],
}
