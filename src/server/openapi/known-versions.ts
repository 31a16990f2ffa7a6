/** A version of a group. */
export interface GroupVersion {
  readonly group: string
  readonly version: string
}

const ofClients = `
  /v1
  admissionregistration.k8s.io/v1,v1alpha1,v1beta1
  apps/v1,v1beta1,v1beta2
  authentication.k8s.io/v1,v1alpha1,v1beta1
  authorization.k8s.io/v1,v1beta1
  autoscaling/v1,v2,v2beta1,v2beta2
  batch/v1,v1beta1
  certificates.k8s.io/v1,v1alpha1,v1beta1
  coordination.k8s.io/v1,v1alpha2,v1beta1
  discovery.k8s.io/v1,v1beta1
  events.k8s.io/v1,v1beta1
  extensions/v1beta1
  flowcontrol.apiserver.k8s.io/v1,v1beta1,v1beta2,v1beta3
  internal.apiserver.k8s.io/v1alpha1
  networking.k8s.io/v1,v1beta1
  node.k8s.io/v1,v1alpha1,v1beta1
  policy/v1,v1beta1
  rbac.authorization.k8s.io/v1,v1alpha1,v1beta1
  resource.k8s.io/v1,v1alpha3,v1beta1,v1beta2
  scheduling.k8s.io/v1,v1alpha1,v1beta1
  storage.k8s.io/v1,v1alpha1,v1beta1
  storagemigration.k8s.io/v1beta1
`
const ofServers = `
  admission.k8s.io/v1,v1beta1
  apiextensions.k8s.io/v1,v1beta1
  apiregistration.k8s.io/v1,v1beta1
  imagepolicy.k8s.io/v1alpha1
`

function read(text: string): readonly GroupVersion[] {
  return text
    .trim()
    .split(/\s+/)
    .flatMap(line => {
      const [group = '', versions = ''] = line.split('/')
      return versions.split(',').map(version => ({ group, version }))
    })
}

/** Versions that upstream's clients know, served or not: documents of custom kinds name them all (client-go kubernetes/scheme). */
export const clientVersions = read(ofClients)

/** Those that its servers know: documents of built-in kinds name them. */
export const serverVersions = [...clientVersions, ...read(ofServers)]
