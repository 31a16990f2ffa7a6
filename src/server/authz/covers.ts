import type { PolicyRule } from '../../api/types/rbac-v1.gen.ts'
import { quote } from '../../machinery/meta/quote.ts'
import { pathCovers } from './rule.ts'

/**
 * The part of `wanted` that `owned` does not allow, broken into rules of one verb and one resource or path each
 * (component-helpers auth/rbac/validation Covers). Empty: everything is covered.
 */
export function uncoveredRules(
  owned: readonly PolicyRule[],
  wanted: readonly PolicyRule[],
): readonly PolicyRule[] {
  return wanted.flatMap(breakDown).filter(atom => !owned.some(rule => covers(rule, atom)))
}

interface Atom extends PolicyRule {
  readonly apiGroups?: [string]
  readonly resources?: [string]
  readonly nonResourceURLs?: [string]
  readonly resourceNames?: [string]
}

function breakDown(rule: PolicyRule): Atom[] {
  const names = rule.resourceNames?.length ? rule.resourceNames : [undefined]
  const resources = (rule.apiGroups ?? []).flatMap(group =>
    (rule.resources ?? []).flatMap(resource =>
      rule.verbs.flatMap(verb =>
        names.map((name): Atom => {
          const atom: Atom = { verbs: [verb], apiGroups: [group], resources: [resource] }
          return name === undefined ? atom : { ...atom, resourceNames: [name] }
        }),
      ),
    ),
  )
  const paths = (rule.nonResourceURLs ?? []).flatMap(path =>
    rule.verbs.map((verb): Atom => ({ verbs: [verb], nonResourceURLs: [path] })),
  )
  return [...resources, ...paths]
}

function covers(rule: PolicyRule, atom: Atom): boolean {
  if (!includes(rule.verbs, atom.verbs[0]!)) return false
  if (atom.nonResourceURLs) {
    const [path] = atom.nonResourceURLs
    return (rule.nonResourceURLs ?? []).some(pattern => pathCovers(pattern, path))
  }
  const [name] = atom.resourceNames ?? []
  const named = !rule.resourceNames?.length || (name !== undefined && rule.resourceNames.includes(name))
  return named && includes(rule.apiGroups, atom.apiGroups![0]) && resourceCovered(rule, atom.resources![0])
}

function resourceCovered(rule: PolicyRule, resource: string): boolean {
  if (includes(rule.resources, resource)) return true
  const slash = resource.indexOf('/')
  return slash >= 0 && (rule.resources ?? []).includes(`*${resource.slice(slash)}`)
}

function includes(list: readonly string[] | undefined, wanted: string): boolean {
  return list !== undefined && (list.includes('*') || list.includes(wanted))
}

/** One sorted line per resource with all its verbs, as upstream's refusals list them. */
export function describeRules(rules: readonly PolicyRule[]): string {
  const merged = new Map<string, PolicyRule>()
  for (const rule of rules) {
    const key = rule.nonResourceURLs
      ? JSON.stringify([rule.nonResourceURLs, rule.verbs])
      : JSON.stringify([rule.apiGroups, rule.resources, rule.resourceNames])
    const seen = merged.get(key)
    merged.set(key, seen ? { ...seen, verbs: [...seen.verbs, ...rule.verbs] } : rule)
  }
  const lines = [...merged.values()].map(describeRule)
  return [...new Set(lines)].sort().join('\n')
}

function describeRule(rule: PolicyRule): string {
  const parts: [string, readonly string[] | undefined][] = [
    ['APIGroups', rule.apiGroups],
    ['Resources', rule.resources],
    ['NonResourceURLs', rule.nonResourceURLs],
    ['ResourceNames', rule.resourceNames],
    ['Verbs', rule.verbs],
  ]
  const told = parts
    .filter(([, list]) => list?.length)
    .map(([title, list]) => `${title}:${quoteList(list ?? [])}`)
  return `{${told.join(', ')}}`
}

/** `["a" "b"]`: Go's `%q` of a list. */
export function quoteList(list: readonly string[]): string {
  return `[${list.map(quote).join(' ')}]`
}
