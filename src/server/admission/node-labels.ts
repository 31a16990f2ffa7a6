/** Labels that a kubelet may set on its own node (k8s.io/kubelet/pkg/apis well-known labels). */
const kubeletLabels: ReadonlySet<string> = new Set([
  'kubernetes.io/hostname',
  'topology.kubernetes.io/zone',
  'topology.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region',
  'beta.kubernetes.io/instance-type',
  'node.kubernetes.io/instance-type',
  'kubernetes.io/os',
  'kubernetes.io/arch',
  'beta.kubernetes.io/os',
  'beta.kubernetes.io/arch',
])

const kubeletDomains = ['kubelet.kubernetes.io', 'node.kubernetes.io']
const kubernetesDomains = ['kubernetes.io', 'k8s.io']
const restrictedDomains = ['node-restriction.kubernetes.io']

/** The changed labels that a kubelet may not change: with those it could draw others' work to itself. Sorted. */
export function forbiddenLabels(
  now: Readonly<Record<string, string>>,
  old: Readonly<Record<string, string>>,
): readonly string[] {
  const keys = new Set([...Object.keys(now), ...Object.keys(old)])
  return [...keys].filter(key => now[key] !== old[key] && isForbidden(key)).sort()
}

function isForbidden(label: string): boolean {
  const slash = label.indexOf('/')
  const domain = slash < 0 ? '' : label.slice(0, slash)
  if (isBelow(domain, restrictedDomains)) return true
  const known = kubeletLabels.has(label) || isBelow(domain, kubeletDomains)
  return isBelow(domain, kubernetesDomains) && !known
}

function isBelow(domain: string, parents: readonly string[]): boolean {
  return parents.some(parent => domain === parent || domain.endsWith(`.${parent}`))
}
