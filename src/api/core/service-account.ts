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
  },
})
