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
    place: /: get --raw \/debug\/(?:pprof|flags)/,
    reason: 'The profiles are those of a Bun process, and it has no flags of klog.',
  },
  {
    place: /: describe node \w+ › absent \| ".*CIDRAssignmentFailed/,
    reason:
      'Upstream says so when its write of a range meets another write of the new node, and tries again.',
  },
  {
    place: /: describe deployment [^›]*› .*\(combined from similar events\)/,
    reason: 'Which of many similar events is the first to be combined with others depends on the moment.',
  },
  {
    place: /: explain [^›]*› absent \| /,
    reason: 'The published descriptions do not tell what the values of an enum mean.',
  },
  {
    place: /: get serviceaccounts -n kube-system -o name \| wc -l › "\d" \| "\d\d"$/,
    reason:
      'Controllers in the process have their identities without a ServiceAccount; upstream makes one for each to get a token.',
  },
  {
    place: /: get secrets -n kube-system -o name › "secret\/bootstrap-token-/,
    reason: 'Nodes join with a token that is made at the first start.',
  },
  {
    place: /: get componentstatuses › /,
    reason: 'The stock programs of this comparison listen on other ports than those that are asked.',
  },
]
