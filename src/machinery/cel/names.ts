const reserved = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
)
const escapes: Readonly<Record<string, string>> = {
  __: '__underscores__',
  '.': '__dot__',
  '-': '__dash__',
  '/': '__slash__',
}

/** apiserver pkg/cel escaping.go: `a-b` is written `a__dash__b` in a rule. */
export function escapeName(name: string): string {
  if (reserved.has(name)) return `__${name}__`
  return name.replace(/__|[.\-/]/g, part => escapes[part]!)
}

/** What a rule may call a field: a reserved word as it is, too, for `namespace` is a word of Kubernetes' own. */
export function fieldNames(name: string): readonly string[] {
  return reserved.has(name) ? [escapeName(name), name] : [escapeName(name)]
}
