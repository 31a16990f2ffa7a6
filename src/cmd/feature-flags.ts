import type { Flag } from './flags.ts'

/** What is on beside Kubernetes' defaults: names and meanings are kube-apiserver's. */
export const featureFlags: readonly Flag[] = [
  {
    name: 'feature-gates',
    type: 'list',
    placeholder: 'NAME=BOOL',
    help: 'turn a feature gate on or off, as in MutatingAdmissionPolicy=true; repeatable',
  },
  {
    name: 'runtime-config',
    type: 'list',
    placeholder: 'API=BOOL',
    help: 'serve a built-in version that is off by default, as in admissionregistration.k8s.io/v1beta1=true or api/beta=true; repeatable',
  },
]
