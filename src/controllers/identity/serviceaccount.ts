import type { Namespace, ServiceAccount } from '../../api/types/core-v1.gen.ts'
import { create } from '../../controller/actions.ts'
import { defineController, watched } from '../../controller/define.ts'
import { namespaces, serviceAccounts } from '../kinds.ts'

const defaultName = 'default'

/** Every namespace has a service account `default` (upstream pkg/controller/serviceaccount). */
export const serviceAccountController = defineController<Namespace>({
  name: 'serviceaccount',
  identity: 'service-account-controller',
  primary: namespaces,
  watches: [
    watched(serviceAccounts, ({ metadata }) => (metadata.name === defaultName ? [metadata.namespace!] : [])),
  ],
  plan({ metadata, status }, view) {
    if (metadata.deletionTimestamp || status?.phase === 'Terminating') return []
    if (view.store(serviceAccounts).get(metadata.name, defaultName)) return []
    const account: ServiceAccount = { metadata: { name: defaultName, namespace: metadata.name } }
    return [create(serviceAccounts, account)]
  },
})
