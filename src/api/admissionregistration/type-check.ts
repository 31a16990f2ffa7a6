/** What is wrong with a policy's expressions for the kinds that it is about (policy/validating/typechecking.go). */
import type { DeclaredType } from '../../machinery/cel/declared-types.ts'
import type { Environment } from '../../machinery/cel/language/environment.ts'
import { extend } from '../../machinery/cel/language/environment.ts'
import { dynType, type Type } from '../../machinery/cel/language/type.ts'
import { fromApiVersion } from '../../machinery/meta/group.ts'
import type {
  ExpressionWarning,
  NamedRuleWithOperations,
  ValidatingAdmissionPolicy,
} from '../types/admissionregistration-v1.gen.ts'
import { compileExpression, expressionEnvironment } from './expressions.ts'

/** Upstream's maxTypesToCheck. */
const typesMax = 10

export interface KindName {
  readonly group: string
  readonly version: string
  readonly kind: string
}

/** What is served just now. */
export interface TypeSource {
  /** The kinds that a resource may mean by its plural or its singular, in small letters; without a group: in any. */
  kindsOf(group: string, version: string, name: string): readonly KindName[]
  /** Undefined where nothing is known about a kind. */
  typeOf(kind: KindName): DeclaredType | undefined
}

/** One warning for each expression that cannot be right for one of the kinds. */
export function typeCheckWarnings(
  policy: ValidatingAdmissionPolicy,
  source: TypeSource,
): readonly ExpressionWarning[] {
  const kinds = kindsOf(policy.spec?.matchConstraints?.resourceRules ?? [], source)
  const typed = kinds.flatMap(kind => {
    const type = source.typeOf(kind)
    return type ? [{ kind, type }] : []
  })
  const params = paramsType(policy, source)
  const environments = typed.map(({ kind, type }) => ({
    kind,
    environment: environmentOf(policy, type, params),
  }))
  const check = (expression: string | undefined, fieldRef: string): ExpressionWarning[] => {
    if (!expression) return []
    const warnings = environments.flatMap(({ kind, environment }) => {
      const compiled = compileExpression(expression, environment)
      return 'fault' in compiled ? [`${kindText(kind)}: ${bare(compiled.fault)}\n`] : []
    })
    return warnings.length > 0 ? [{ fieldRef, warning: warnings.join('\n') }] : []
  }
  return (policy.spec?.validations ?? []).flatMap(({ expression, messageExpression }, index) => [
    ...check(expression, `spec.validations[${index}].expression`),
    ...check(messageExpression, `spec.validations[${index}].messageExpression`),
  ])
}

function bare(fault: string): string {
  return fault.replace(/^compilation failed: /, '')
}

function kindText({ group, version, kind }: KindName): string {
  return `${group}/${version}, Kind=${kind}`
}

/** Rules with wildcards say nothing about types. */
function kindsOf(rules: readonly NamedRuleWithOperations[], source: TypeSource): KindName[] {
  const found = new Map<string, KindName>()
  for (const { apiGroups = [], apiVersions = [], resources = [] } of rules) {
    if ([...apiGroups, ...apiVersions].some(each => each.includes('*'))) continue
    const plain = resources.filter(each => !/[*/]/.test(each)).toSorted()
    const kinds = apiGroups
      .toSorted()
      .flatMap(group => apiVersions.toSorted().flatMap(version => ofNames(plain, group, version, source)))
    for (const kind of kinds.slice(0, typesMax)) found.set(kindText(kind), kind)
    // Upstream counts each rule for itself, and looks at no further one where one has too many.
    if (kinds.length >= typesMax) break
  }
  return [...found.keys()].toSorted().map(key => found.get(key)!)
}

function ofNames(names: readonly string[], group: string, version: string, source: TypeSource) {
  return names.flatMap(name => source.kindsOf(group, version, name.toLowerCase()))
}

function paramsType({ spec = {} }: ValidatingAdmissionPolicy, source: TypeSource): DeclaredType | undefined {
  const { apiVersion = '', kind = '' } = spec.paramKind ?? {}
  const named = fromApiVersion(apiVersion)
  return named && kind ? source.typeOf({ ...named, kind }) : undefined
}

function environmentOf(
  { spec = {} }: ValidatingAdmissionPolicy,
  object: DeclaredType,
  params: DeclaredType | undefined,
): Environment {
  const hasParams = params !== undefined
  const objects = {
    object: object.type,
    oldObject: object.type,
    ...(params && { params: params.type }),
  }
  const types: Record<string, Type> = {}
  const make = () => {
    // What upstream checks with has no check of what is asked for.
    const knows = { hasParams, hasAuthorizer: true, hasRequestResource: false }
    const scope = { ...knows, objects, variables: { ...types } }
    const findStructure = (name: string) => object.find(name) ?? params?.find(name)
    return extend(expressionEnvironment(scope), { findStructure })
  }
  for (const { name, expression } of spec.variables ?? []) {
    const compiled = compileExpression(expression, make())
    types[name] = 'fault' in compiled ? dynType : compiled.type
  }
  return make()
}
