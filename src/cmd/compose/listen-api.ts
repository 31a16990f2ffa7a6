import { chmodSync } from 'node:fs'
import { writeKubeconfig } from '../../server/pki/kubeconfig.ts'
import { joinHostPort } from '../../std/host-port.ts'
import type { Ports } from '../../std/ports.ts'
import { UserError } from '../user-error.ts'
import type { ControlPlane } from './control-plane.ts'
import { followCertificates, withConfigured } from './serving.ts'
import type { ServerSettings } from './settings.ts'

/** Opens the port, writes the administrator's kubeconfig and says how to talk to the cluster. */
export async function listenApi(
  plane: ControlPlane,
  settings: ServerSettings,
  { log }: Ports,
): Promise<void> {
  const { bindAddress, port, kubeconfigPath, advertiseAddress, serving } = settings
  const tls = () => withConfigured(serving, servingTls(plane.trusted()))
  const at = { port, host: bindAddress, tls: tls(), limits: serving.limits }
  const listener = await plane.server.listen(at).catch(error => {
    const { code } = error as { code?: string }
    if (code === 'EADDRINUSE')
      throw new UserError(
        `port ${port} is in use`,
        'Stop what listens there, or choose another with --https-listen-port.',
      )
    if (code === 'EADDRNOTAVAIL')
      throw new UserError(`${bindAddress} is no address of this machine`, 'Check --bind-address.')
    if (code === 'EACCES')
      throw new UserError(
        `port ${port} needs more rights`,
        'Choose a port above 1023 with --https-listen-port.',
      )
    throw error
  })
  plane.onRenewed(() => listener.setTls(tls()))
  plane.onClose(followCertificates(serving, listener, tls, { log }))
  const local = bindAddress === '0.0.0.0' || bindAddress === '127.0.0.1' ? '127.0.0.1' : advertiseAddress
  const url = `https://${joinHostPort(local, port)}`
  try {
    writeKubeconfig(kubeconfigPath, {
      server: url,
      ca: plane.pki.authorities['server-ca'].certificate,
      credential: plane.pki.certificates.get('client-admin')!,
    })
    chmodSync(kubeconfigPath, 0o600)
  } catch (error) {
    throw new UserError(
      `cannot write ${kubeconfigPath}: ${(error as Error).message}`,
      'Choose another place with --write-kubeconfig.',
    )
  }
  log.info('the API is up', { url, kubeconfig: kubeconfigPath })
  process.stderr.write(
    `\nIn another shell:\n  export KUBECONFIG=${kubeconfigPath}\n  kubectl get nodes -o wide\n\n`,
  )
}

function servingTls({ certificates, authorities }: ControlPlane['pki']) {
  const { certificate, key } = certificates.get('serving-kube-apiserver')!
  const clientCa = [authorities['client-ca'].certificate, authorities['request-header-ca'].certificate]
  return { key, cert: certificate, clientCa }
}
