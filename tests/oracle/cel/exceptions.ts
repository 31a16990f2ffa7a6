import type { CelCase } from './run-case.ts'

/** Files about what Kubernetes' environment does not have. */
export const otherFiles: Readonly<Record<string, string>> = {
  bindings_ext: 'cel.bind is not in the environment',
  block_ext: 'cel.block is not in the environment',
  encoders_ext: 'base64 is not in the environment',
  math_ext: 'math is not in the environment',
  dynamic: 'no protobuf messages',
  enums: 'no protobuf messages',
  namespace: 'no containers of names',
  proto2: 'no protobuf messages',
  proto2_ext: 'no protobuf messages',
  proto3: 'no protobuf messages',
  unknowns: 'no partial evaluation',
  wrappers: 'no protobuf messages',
}

const messages = /TestAllTypes|protobuf\s*\.\s*\w*(?:Value|Any|Struct)\b|cel\s*(?:\/\/.*)?\s*\.\s*expr/

/** Kubernetes wants the items of a literal to be of one type, which the language itself does not. */
export function isMixedLiteral(failure: string): boolean {
  const complaints = Array.from(failure.matchAll(/ERROR: <input>:\d+:\d+: (.*)/g), match => match[1]!)
  return complaints.some(text => /^expected type '.*' but found '.*'$/.test(text))
}

/** Why a case of another file is left out; undefined: it has to pass. */
export function exceptionOf(one: CelCase): string | undefined {
  if (messages.test(one.expr) || messages.test(JSON.stringify([one.typeEnv, one.container, one.value])))
    return 'no protobuf messages'
  if (one.typeEnv?.some(({ ident }) => !ident)) return 'functions that the case declares'
  if (one.disableCheck) return 'every expression is checked'
  return Object.hasOwn(byName, one.name) ? byName[one.name] : undefined
}

const wholeOnly = 'strings of version 2 take whole numbers alone for %d, and say so at compile time'
const language =
  "format of version 2 prints numbers as golang.org/x/text does: powers of ten, ∞, padded by %e's precision"
const literals = 'format of version 2 prints what lies in lists and maps as literals'
const oneType = 'literals are of one type (HomogeneousAggregateLiterals)'

const byName: Readonly<Record<string, string>> = {
  unbound_is_runtime_error: 'every expression is checked',
  map_value_repeat_key: 'cel-go takes the last one',
  indexof_out_of_range: 'cel-go says -1',
  lastindexof_out_of_range: 'cel-go says -1',
  not_eq_list_length: oneType,
  get_milliseconds: 'cel-go counts those of whole seconds too',
  'NaN support for decimal': wholeOnly,
  'positive infinity support for decimal': wholeOnly,
  'negative infinity support for decimal': wholeOnly,
  'scientific notation formatting clause': language,
  'default precision for scientific notation': language,
  'NaN support for scientific notation': language,
  'positive infinity support for scientific notation': language,
  'negative infinity support for scientific notation': language,
  'positive infinity support for fixed-point': language,
  'negative infinity support for fixed-point': language,
  'dyntype support for scientific notation': language,
  'scientific notation formatting clause in a string variable': language,
  'list support for string': literals,
  'map support for string': literals,
  'map support (all key types)': literals,
  'dyntype NaN/infinity support': literals,
  'dyntype support for lists': literals,
  'dyntype support for maps': literals,
}
