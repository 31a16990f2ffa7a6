import { isWithin, overlap } from '../flag-checks.ts'
import { UserError } from '../user-error.ts'
import type { ServerSettings } from './settings.ts'

/** Refuses (`UserError`) settings of which each is right and which do not fit together. */
export function requireCoherence(settings: ServerSettings): void {
  const { clusterCidrs, serviceCidrs, clusterDns, kubernetesIp, pace } = settings
  for (const pods of clusterCidrs) {
    const services = serviceCidrs.find(each => overlap(pods, each))
    if (services !== undefined)
      throw new UserError(
        `--cluster-cidr ${pods} and --service-cidr ${services} overlap`,
        'Pods and services need ranges of their own.',
        2,
      )
  }
  if (!serviceCidrs.some(range => isWithin(clusterDns, range)))
    throw new UserError(
      `--cluster-dns ${clusterDns} is not in --service-cidr ${serviceCidrs.join(',')}`,
      'It is the address of a Service; leave it out to have the tenth one.',
      2,
    )
  if (clusterDns === kubernetesIp)
    throw new UserError(
      `--cluster-dns ${clusterDns} is the address of the kubernetes Service`,
      'Leave it out to have the tenth one.',
      2,
    )
  if (pace.requestSeats === 0)
    throw new UserError(
      '--max-requests-inflight and --max-mutating-requests-inflight are both 0',
      'They must add up to something positive.',
      2,
    )
}
