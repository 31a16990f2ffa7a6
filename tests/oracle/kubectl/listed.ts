import type { ListedDifference } from '../listed.ts'

/** Differences between screens that are meant, each with its reason. */
export const listedScreens: readonly ListedDifference[] = [
  {
    place: /: auth can-i --list [^›]*› ".*\[\/cacerts\]/,
    reason: 'Anybody may fetch the CA with which a joining node checks its token.',
  },
  {
    place: /› "clusterrole(?:binding)?\.rbac\.authorization\.k8s\.io\/system:hutch:[\w-]+" \| absent$/,
    reason: 'Hutch has parts of its own: DNS, certificates of joining nodes.',
  },
  {
    place:
      /: (?:apply -f -|patch pod [^›]*) › .*"! (?: ?[@+ -]|spec\.)|: (?:apply -f -|patch pod [^›]*) › absent \| "!\s+[\\"{}}\]]/,
    reason:
      "Upstream prints a diff of its internal Go structs where a Pod's fixed fields change, Hutch their paths.",
  },
  {
    place: /: get --raw \/(?:healthz|livez|readyz)\?verbose [^›]*› "\[\+\]kms-providers ok"/,
    reason: 'Key management is asked after whether or not there is any.',
  },
  {
    place: /: explain [^›]*› absent \| /,
    reason: 'The published descriptions do not tell what the values of an enum mean.',
  },
  {
    place: /: get serviceaccounts -n kube-system -o name › absent/,
    reason: 'Controllers in the process have their identities without a ServiceAccount.',
  },
  {
    place: /: get secrets -n kube-system -o name › "secret\/bootstrap-token-/,
    reason: 'Nodes join with a token that is made at the first start.',
  },
  {
    place: /: get endpointslices -n default › /,
    reason: 'The stock server of this comparison is told not to write its own endpoints.',
  },
  {
    place: /: get componentstatuses › /,
    reason: 'The stock programs of this comparison listen on other ports than those that are asked.',
  },
]
