/** Which plugins run: upstream's names, what is on by default, and what is there at all (pkg/kubeapiserver/options/plugins.go). */
import { createFeatures, type Features } from '../../api/features/features.ts'
import type { SwitchedGate } from '../../api/features/gates.ts'
import type { AdmissionPlugin } from '../context.ts'

const optional: ReadonlySet<string> = new Set([
  'AlwaysAdmit',
  'AlwaysDeny',
  'AlwaysPullImages',
  'DenyServiceExternalIPs',
  'EventRateLimit',
  'ExtendedResourceToleration',
  'ImagePolicyWebhook',
  'LimitPodHardAntiAffinityTopology',
  'NamespaceAutoProvision',
  'NamespaceExists',
  'OwnerReferencesPermissionEnforcement',
  'PodNodeSelector',
  'PodTolerationRestriction',
])

/**
 * On unless `--disable-admission-plugins` names them. NodeDeclaredFeatureValidator judges nothing until the gate
 * NodeDeclaredFeatures is on, which cannot be turned on here.
 */
const usual: readonly string[] = [
  'NamespaceLifecycle',
  'LimitRanger',
  'ServiceAccount',
  'NodeRestriction',
  'TaintNodesByCondition',
  'PodSecurity',
  'Priority',
  'DefaultTolerationSeconds',
  'DefaultStorageClass',
  'StorageObjectInUseProtection',
  'PersistentVolumeClaimResize',
  'RuntimeClass',
  'CertificateApproval',
  'CertificateSigning',
  'CertificateSubjectRestriction',
  'ClusterTrustBundleAttest',
  'DefaultIngressClass',
  'NodeDeclaredFeatureValidator',
  'PodTopologyLabels',
  'MutatingAdmissionPolicy',
  'MutatingAdmissionWebhook',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionWebhook',
  'ResourceQuota',
]

/** What an administrator asked for beside the defaults. */
export interface AdmissionChoice {
  readonly enabled: readonly string[]
  readonly disabled: readonly string[]
  /** Default: as upstream has them. */
  readonly features?: Features
}

/** Why a plugin cannot be chosen by this name; undefined when it can. */
export function pluginNameFault(name: string): string | undefined {
  if (optional.has(name) || usual.includes(name)) return undefined
  return `admission plugin "${name}" is unknown`
}

/** Plugins that are there only while a feature gate is on. */
const gated: Readonly<Record<string, SwitchedGate>> = {
  ClusterTrustBundleAttest: 'ClusterTrustBundle',
  MutatingAdmissionPolicy: 'MutatingAdmissionPolicy',
  PodTopologyLabels: 'PodTopologyLabelsAdmission',
}

/** The chosen ones, in the order in which they stand. */
export function choosePlugins(
  plugins: readonly AdmissionPlugin[],
  { enabled, disabled, features = createFeatures() }: AdmissionChoice,
): readonly AdmissionPlugin[] {
  return plugins.filter(({ name }) => {
    if (disabled.includes(name)) return false
    if (Object.hasOwn(gated, name) && !features.enabled(gated[name]!)) return false
    return !optional.has(name) || enabled.includes(name)
  })
}
