import { defineResource } from '../define-resource.ts'
import type { ServiceAccount } from '../types/core-v1.gen.ts'

/** Of a secret that an account refers to only the name counts (registry serviceaccount cleanSecretReferences). */
function keepSecretNames(account: ServiceAccount): void {
  account.secrets = account.secrets?.map(({ name }) => (name === undefined ? {} : { name }))
  if (!account.secrets) delete account.secrets
}

export const serviceAccounts = defineResource<ServiceAccount>('v1', 'ServiceAccount', {
  strategy: {
    returnsDeletedObject: true,
    prepareForCreate: keepSecretNames,
    prepareForUpdate: keepSecretNames,
    warnings: accountWarnings,
  },
})

const mountable = 'kubernetes.io/enforce-mountable-secrets'

/** Of an annotation that has had its day, when it is new. */
function accountWarnings({ metadata }: ServiceAccount, old: ServiceAccount | undefined): readonly string[] {
  const isNew =
    metadata.annotations?.[mountable] !== undefined && old?.metadata.annotations?.[mountable] === undefined
  const advice = 'deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets'
  return isNew ? [`metadata.annotations[${mountable}]: ${advice}`] : []
}
