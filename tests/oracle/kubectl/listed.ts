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
    place: /: get --raw \/ [^›]*› "\s+\\"\/(?:cacerts|hutch\/|debug\/|\w+z\/kms-providers)/,
    reason:
      'Pages of its own: the CA, what joining nodes ask for, and those that upstream serves without listing them.',
  },
  {
    place: /: get --raw \/debug\/(?:pprof|flags)/,
    reason: 'The profiles are those of a Bun process, and it has no flags of klog.',
  },
  {
    place:
      /: get configmaps -n kube-system [^›]*› absent \| "configmap\/kube-apiserver-legacy-service-account-token/,
    reason: 'When the use of old token Secrets began to be recorded is not kept.',
  },
  {
    place: /: patch configmap c -p [^›]*› .*cannot convert int64 to string/,
    reason:
      'Upstream converts a merged object by another way than it decodes one, with other words for the same fault.',
  },
  {
    place: /: patch configmap c --type=merge [^›]*"kind":"Secret"[^›]*› .*illegal base64/,
    reason: 'Which of two faults of a foreign kind is told: that it is foreign, or what is wrong with it.',
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
