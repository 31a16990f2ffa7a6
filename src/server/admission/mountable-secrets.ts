import type { Container, EphemeralContainer, Pod, ServiceAccount } from '../../api/types/core-v1.gen.ts'

const annotation = 'kubernetes.io/enforce-mountable-secrets'
const trueTexts: ReadonlySet<string> = new Set(['1', 't', 'T', 'true', 'TRUE', 'True'])

/**
 * For a service account that asks for it, the first reference of a pod to a secret that the account does not list.
 * When a pod is not created but gets ephemeral containers, only those are looked at.
 */
export function limitSecretReferences(
  account: ServiceAccount,
  pod: Pod,
  creates: boolean,
): string | undefined {
  if (!trueTexts.has(account.metadata.annotations?.[annotation] ?? '')) return undefined
  const allowed = new Set((account.secrets ?? []).map(({ name }) => name))
  const because = `is not allowed because service account ${account.metadata.name} does not reference that`
  const inContainers = (kind: string, containers: readonly (Container | EphemeralContainer)[] = []) =>
    containers.map(container => containerReference(kind, container, allowed)).find(text => text !== undefined)
  const { spec } = pod
  if (!creates) {
    const found = inContainers('ephemeral container', spec?.ephemeralContainers)
    return found && `${found} ${because} secret`
  }
  const volume = spec?.volumes?.find(({ secret }) => secret && !allowed.has(secret.secretName ?? ''))
  if (volume) return `volume with secret.secretName="${volume.secret?.secretName}" ${because} secret`
  const found =
    inContainers('init container', spec?.initContainers) ?? inContainers('container', spec?.containers)
  if (found) return `${found} ${because} secret`
  const pullable = new Set((account.imagePullSecrets ?? []).map(({ name }) => name))
  const index = spec?.imagePullSecrets?.findIndex(({ name }) => !pullable.has(name)) ?? -1
  if (index < 0) return undefined
  return `imagePullSecrets[${index}].name="${spec?.imagePullSecrets?.[index]?.name}" ${because} imagePullSecret`
}

function containerReference(
  kind: string,
  container: Container | EphemeralContainer,
  allowed: ReadonlySet<string | undefined>,
): string | undefined {
  for (const { name, valueFrom } of container.env ?? []) {
    const secret = valueFrom?.secretKeyRef
    if (!secret || allowed.has(secret.name)) continue
    return `${kind} ${container.name} with envVar ${name} referencing secret.secretName="${secret.name}"`
  }
  const from = container.envFrom?.find(({ secretRef }) => secretRef && !allowed.has(secretRef.name))
  return (
    from && `${kind} ${container.name} with envFrom referencing secret.secretName="${from.secretRef?.name}"`
  )
}
