import { elementMaps, masqueradeMark, type Ruleset } from './ruleset.ts'

const table = 'ip hutch-services'

/** Replaces whatever the table holds by this state, in one transaction: packets never see a gap. */
export function replaceScript(ruleset: Ruleset): string {
  return `add table ${table}\ndelete table ${table}\n${skeleton}${changeScript(emptyRuleset, ruleset)}`
}

/** Leads from one state to the next; empty when they are the same. Order: what is referred to comes first. */
export function changeScript(before: Ruleset, after: Ruleset): string {
  const lines: string[] = []
  for (const [name, declaration] of after.sets) {
    if (before.sets.get(name) !== declaration) lines.push(`add set ${table} ${name} { ${declaration}; }`)
  }
  const changed = [...after.chains].filter(([name, rules]) => !sameRules(before.chains.get(name), rules))
  for (const [name] of changed) lines.push(`add chain ${table} ${name}`)
  for (const [name, rules] of changed) {
    if (before.chains.has(name)) lines.push(`flush chain ${table} ${name}`)
    for (const rule of rules) lines.push(`add rule ${table} ${name} ${rule}`)
  }
  for (const map of elementMaps) lines.push(...elementChanges(map, before, after))
  const gone = [...before.chains.keys()].filter(name => !after.chains.has(name))
  for (const name of gone) lines.push(`flush chain ${table} ${name}`)
  for (const name of gone) lines.push(`delete chain ${table} ${name}`)
  for (const name of before.sets.keys()) if (!after.sets.has(name)) lines.push(`delete set ${table} ${name}`)
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`
}

export const emptyRuleset: Ruleset = {
  chains: new Map(),
  sets: new Map(),
  elements: new Map(elementMaps.map(name => [name, new Map()])),
}

function elementChanges(
  map: Ruleset['elements'] extends ReadonlyMap<infer K, unknown> ? K : never,
  before: Ruleset,
  after: Ruleset,
): string[] {
  const old = before.elements.get(map)!
  const now = after.elements.get(map)!
  const text = (key: string, value: string) => (value === '' ? key : `${key} : ${value}`)
  const removed = [...old].filter(([key, value]) => now.get(key) !== value)
  const added = [...now].filter(([key, value]) => old.get(key) !== value)
  return [
    ...(removed.length > 0
      ? [`delete element ${table} ${map} { ${removed.map(([key]) => key).join(', ')} }`]
      : []),
    ...(added.length > 0
      ? [`add element ${table} ${map} { ${added.map(([key, value]) => text(key, value)).join(', ')} }`]
      : []),
  ]
}

function sameRules(a: readonly string[] | undefined, b: readonly string[]): boolean {
  return a !== undefined && a.length === b.length && a.every((rule, index) => rule === b[index])
}

const addressPort = 'type ipv4_addr . inet_proto . inet_service : verdict'
const localPort = 'type inet_proto . inet_service : verdict'
const refuseUnserved = `ct state new ip daddr . meta l4proto . th dport vmap @no-endpoint-ips
    ct state new fib daddr type local meta l4proto . th dport vmap @no-endpoint-nodeports`

const skeleton = `table ${table} {
  map service-ips { ${addressPort}; }
  map service-nodeports { ${localPort}; }
  map no-endpoint-ips { ${addressPort}; }
  map no-endpoint-nodeports { ${localPort}; }
  set hairpin { type ipv4_addr . ipv4_addr; }
  chain refuse { reject; }
  chain services {
    ip daddr . meta l4proto . th dport vmap @service-ips
    fib daddr type local ip daddr != 127.0.0.0/8 meta l4proto . th dport vmap @service-nodeports
  }
  chain prerouting { type nat hook prerouting priority dstnat; policy accept; jump services; }
  chain output { type nat hook output priority -100; policy accept; jump services; }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    meta mark and ${masqueradeMark} == ${masqueradeMark} masquerade fully-random
    ip saddr . ip daddr @hairpin masquerade
  }
  chain filter-input { type filter hook input priority -110; policy accept;
    ${refuseUnserved}
  }
  chain filter-forward { type filter hook forward priority -110; policy accept;
    ${refuseUnserved}
  }
  chain filter-output { type filter hook output priority -110; policy accept;
    ${refuseUnserved}
  }
}
`
