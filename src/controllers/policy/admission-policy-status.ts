import {
  type KindName,
  type TypeSource,
  typeCheckWarnings,
} from '../../api/admissionregistration/type-check.ts'
import { facts } from '../../api/schema/index.ts'
import { metaSchema } from '../../api/schema/meta-schema.ts'
import type { ValidatingAdmissionPolicy } from '../../api/types/admissionregistration-v1.gen.ts'
import type { CustomResourceDefinition } from '../../api/types/apiextensions-v1.gen.ts'
import type { Catalog, ServedResource } from '../../client/catalog.ts'
import { applyFields, type Plan } from '../../controller/actions.ts'
import { defineController, watched } from '../../controller/define.ts'
import type { View } from '../../controller/view.ts'
import {
  type DeclaredType,
  type OpenApiSchema,
  typeOfOpenApi,
  typeOfSchema,
} from '../../machinery/cel/declared-types.ts'
import { customResourceDefinitions, validatingAdmissionPolicies } from '../kinds.ts'

/** Checks the expressions of policies against the types of what they are about (upstream pkg/controller/validatingadmissionpolicystatus). */
export const admissionPolicyStatus = (catalog: Catalog) =>
  defineController<ValidatingAdmissionPolicy>({
    name: 'validatingadmissionpolicy-status',
    identity: 'validatingadmissionpolicy-status-controller',
    primary: validatingAdmissionPolicies,
    watches: [watched(customResourceDefinitions, () => [])],
    plan: (policy, view) => planPolicyStatus(policy, view, catalog),
  })

function planPolicyStatus(policy: ValidatingAdmissionPolicy, view: View, catalog: Catalog): Plan {
  const { generation = 0 } = policy.metadata
  if (generation <= (policy.status?.observedGeneration ?? 0)) return []
  const definitions = view.store(customResourceDefinitions).list()
  const expressionWarnings = typeCheckWarnings(policy, typeSource(catalog, definitions))
  const typeChecking = expressionWarnings.length > 0 ? { expressionWarnings: [...expressionWarnings] } : {}
  const status = { observedGeneration: generation, typeChecking }
  const writer = { fieldManager: 'validatingadmissionpolicy-status', subresource: 'status' }
  return [applyFields(validatingAdmissionPolicies, policy, { status }, writer)]
}

function typeSource(catalog: Catalog, definitions: readonly CustomResourceDefinition[]): TypeSource {
  return {
    kindsOf(group, version, name) {
      const isMeant = (each: ServedResource) =>
        (group === '' || each.group === group) &&
        each.version === version &&
        (each.plural === name || singularOf(definitions, each) === name)
      return catalog.all().filter(isMeant)
    },
    typeOf(kind) {
      const builtin = facts.kindSchema(kind.group, kind.version, kind.kind)
      return builtin ? typeOfSchema(builtin, kind.kind) : customType(definitions, kind)
    },
  }
}

function customType(
  definitions: readonly CustomResourceDefinition[],
  { group, version, kind }: KindName,
): DeclaredType | undefined {
  const definition = definitions.find(({ spec }) => spec.group === group && spec.names.kind === kind)
  const schema = definition?.spec.versions.find(({ name }) => name === version)?.schema?.openAPIV3Schema
  return schema && typeOfOpenApi(schema as OpenApiSchema, kind, true, metaSchema('ObjectMeta'))
}

function singularOf(definitions: readonly CustomResourceDefinition[], { group, kind }: KindName): string {
  const definition = definitions.find(({ spec }) => spec.group === group && spec.names.kind === kind)
  return definition?.spec.names.singular ?? kind.toLowerCase()
}
