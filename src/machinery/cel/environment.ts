/** CEL as Kubernetes 1.35 speaks it: the language and the libraries of apiserver pkg/cel/environment/base.go. */
import {
  closedStructure,
  type Declarations,
  type Environment,
  emptyEnvironment,
  extend,
  type Overload,
  typeNamed,
} from './language/environment.ts'
import {
  boolType,
  bytesType,
  doubleType,
  durationType,
  dynType,
  intType,
  listOf,
  mapOf,
  nullType,
  optionalOf,
  stringType,
  type Type,
  timestampType,
  uintType,
} from './language/type.ts'
import { authorization } from './library/authorizer.ts'
import { standard } from './library/conversions.ts'
import type { Functions } from './library/declare.ts'
import { namedFormats } from './library/formats.ts'
import { lists } from './library/lists.ts'
import { network } from './library/network.ts'
import { operators } from './library/operators.ts'
import { optionals } from './library/optionals.ts'
import { quantities } from './library/quantities.ts'
import { regex } from './library/regex.ts'
import { strings } from './library/texts.ts'
import { urls } from './library/urls.ts'
import { versions } from './library/versions.ts'

const libraries: readonly Functions[] = [
  operators,
  standard,
  strings,
  regex,
  lists,
  optionals,
  network,
  urls,
  quantities,
  versions,
  namedFormats,
  authorization,
]

const typeNames: Readonly<Record<string, Type>> = {
  bool: boolType,
  bytes: bytesType,
  double: doubleType,
  'google.protobuf.Duration': durationType,
  'google.protobuf.Timestamp': timestampType,
  int: intType,
  list: listOf(dynType),
  map: mapOf(dynType, dynType),
  null_type: nullType,
  optional_type: optionalOf(dynType),
  string: stringType,
  type: { kind: 'type', name: 'type', params: [] },
  uint: uintType,
}

const structures = [
  'kubernetes.URL',
  'kubernetes.Quantity',
  'kubernetes.Semver',
  'kubernetes.NamedFormat',
  ...['Authorizer', 'PathCheck', 'GroupCheck', 'ResourceCheck', 'Decision'].map(
    name => `kubernetes.authorization.${name}`,
  ),
]

let base: Environment | undefined

/** The environment without variables. Made when it is first asked for. */
export function baseEnvironment(): Environment {
  base ??= extend(emptyEnvironment, {
    variables: Object.fromEntries(Object.entries(typeNames).map(([name, type]) => [name, typeNamed(type)])),
    structures: structures.map(closedStructure),
    functions: allFunctions(),
  })
  return base
}

function allFunctions(): Functions {
  const all: Record<string, Overload[]> = {}
  for (const library of libraries)
    for (const [name, overloads] of Object.entries(library)) all[name] = [...(all[name] ?? []), ...overloads]
  return all
}

const known = new Map<string, Environment>()

/** Kubernetes' CEL with these variables, each of which may hold anything; every other name must be known. */
export function environmentWith(...names: readonly string[]): Environment {
  const key = names.join()
  const found = known.get(key)
  if (found) return found
  const variables = Object.fromEntries(names.map(name => [name, dynType]))
  const made = declare({ variables })
  known.set(key, made)
  return made
}

/** Kubernetes' CEL with more declarations. */
export function declare(declarations: Declarations): Environment {
  return extend(baseEnvironment(), declarations)
}
