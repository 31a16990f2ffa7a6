import { addressWarnings } from '../../machinery/validation/address-warnings.ts'

interface Balanced {
  readonly status?: { readonly loadBalancer?: { readonly ingress?: readonly { readonly ip?: string }[] } }
}

/** Of the addresses at which a load balancer is reached (WarningsOnUpdate of the status of Services and Ingresses). */
export function balancerWarnings({ status }: Balanced): string[] {
  const ingress = status?.loadBalancer?.ingress ?? []
  return ingress.flatMap(({ ip = '' }, i) => addressWarnings(ip, `status.loadBalancer.ingress[${i}]`))
}
