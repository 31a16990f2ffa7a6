/** What expressions of webhooks and admission policies may name, and what they have to give (admission/plugin/cel/compile.go). */
import { type CelProgram, compileIn } from '../../machinery/cel/compile.ts'
import { declare } from '../../machinery/cel/environment.ts'
import { type Environment, extend, structureOf } from '../../machinery/cel/language/environment.ts'
import {
  boolType,
  dynType,
  intType,
  isDyn,
  isSameType,
  listOf,
  mapOf,
  nullType,
  stringType,
  structType,
  type Type,
  timestampType,
} from '../../machinery/cel/language/type.ts'
import { authorizerType, resourceCheckType } from '../../machinery/cel/library/authorizer.ts'
import { patchDeclarations } from './patch-types.ts'

const texts = listOf(stringType)
const labels = mapOf(stringType, stringType)
const named = (name: string) => structType(`kubernetes.${name}`)

const kindName = named('GroupVersionKind')
const resourceName = named('GroupVersionResource')

const structures = [
  structureOf(kindName.name, { group: stringType, version: stringType, kind: stringType }),
  structureOf(resourceName.name, { group: stringType, version: stringType, resource: stringType }),
  structureOf('kubernetes.UserInfo', {
    username: stringType,
    uid: stringType,
    groups: texts,
    extra: mapOf(stringType, texts),
  }),
  structureOf('kubernetes.AdmissionRequest', {
    kind: kindName,
    resource: resourceName,
    subResource: stringType,
    requestKind: kindName,
    requestResource: resourceName,
    requestSubResource: stringType,
    name: stringType,
    namespace: stringType,
    operation: stringType,
    userInfo: named('UserInfo'),
    dryRun: boolType,
    options: dynType,
  }),
  structureOf('kubernetes.Namespace', {
    metadata: named('NamespaceMetadata'),
    spec: named('NamespaceSpec'),
    status: named('NamespaceStatus'),
  }),
  structureOf('kubernetes.NamespaceSpec', { finalizers: texts }),
  structureOf('kubernetes.NamespaceStatus', {
    conditions: listOf(named('NamespaceCondition')),
    phase: stringType,
  }),
  structureOf('kubernetes.NamespaceCondition', {
    status: stringType,
    type: stringType,
    lastTransitionTime: timestampType,
    message: stringType,
    reason: stringType,
  }),
  structureOf('kubernetes.NamespaceMetadata', {
    name: stringType,
    generateName: stringType,
    namespace: stringType,
    labels,
    annotations: labels,
    UID: stringType,
    creationTimestamp: timestampType,
    deletionGracePeriodSeconds: intType,
    deletionTimestamp: timestampType,
    generation: intType,
    resourceVersion: stringType,
    finalizers: texts,
  }),
]

const variablesName = 'kubernetes.variables'

/** What an expression may name besides the request and its objects. */
export interface ExpressionScope {
  readonly hasParams: boolean
  readonly hasAuthorizer: boolean
  /** Absent: what is asked for is known with the authorizer. */
  readonly hasRequestResource?: boolean
  /** `Object{...}` and `JSONPatch{...}` of mutations. */
  readonly hasPatchTypes?: boolean
  /** Of a policy, with the types of those that are known so far; absent: `variables` is no name. */
  readonly variables?: Readonly<Record<string, Type>>
  /** Types of `object`, `oldObject` and `params` where more is known than `dyn`. */
  readonly objects?: Readonly<Record<string, Type>>
}

const known = new Map<string, Environment>()

/** The environment of one scope. */
export function expressionEnvironment(scope: ExpressionScope): Environment {
  const { hasParams, hasAuthorizer, hasPatchTypes = false, variables, objects } = scope
  const key = `${hasParams} ${hasAuthorizer} ${hasPatchTypes} ${scope.hasRequestResource}`
  let base = known.get(key)
  if (!base) {
    const more = hasPatchTypes ? patchDeclarations : {}
    base = declare({ structures, variables: variablesOf(scope), ...more })
    known.set(key, base)
  }
  if (!variables && !objects) return base
  return extend(base, {
    variables: { ...objects, ...(variables && { variables: structType(variablesName) }) },
    structures: variables ? [{ ...structureOf(variablesName, variables), isLazy: true }] : [],
  })
}

function variablesOf({
  hasParams,
  hasAuthorizer,
  hasRequestResource = hasAuthorizer,
}: ExpressionScope): Readonly<Record<string, Type>> {
  return {
    object: dynType,
    oldObject: dynType,
    namespaceObject: named('Namespace'),
    request: named('AdmissionRequest'),
    ...(hasParams && { params: dynType }),
    ...(hasAuthorizer && { authorizer: authorizerType }),
    ...(hasRequestResource && { 'authorizer.requestResource': resourceCheckType }),
  }
}

export const conditionTypes: readonly Type[] = [boolType]
export const messageTypes: readonly Type[] = [stringType]
export const annotationTypes: readonly Type[] = [stringType, nullType]

export type ExpressionResult = CelProgram | { readonly fault: string }

/** Compiles an expression that has to give one of these types; without any it may give what it likes. */
export function compileExpression(
  text: string,
  environment: Environment,
  types: readonly Type[] = [],
): ExpressionResult {
  const compiled = compileIn(environment, text)
  if ('fault' in compiled || types.length === 0) return compiled
  if (types.some(type => isSameType(type, compiled.type))) return compiled
  const wanted = types.length === 1 ? typeText(types[0]!) : `one of [${types.map(typeText).join(' ')}]`
  return { fault: `must evaluate to ${wanted} but got ${typeText(compiled.type)}` }
}

/** As cel-go's Type.String() prints a type. */
function typeText(type: Type): string {
  const { name, params } = type
  if (isDyn(type)) return 'dyn'
  return params.length === 0 ? name : `${name}(${params.map(typeText).join(', ')})`
}
