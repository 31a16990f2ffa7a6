import { stringify } from 'yaml'
import type { KeyPair } from './certificate.ts'
import { readIfPresent, writePrivate } from './files.ts'

/** How a client reaches and convinces a server. */
export interface KubeconfigSpec {
  /** `https://127.0.0.1:6443` */
  readonly server: string
  /** PEM of the CA that signed the server's certificate. */
  readonly ca: string
  /** A client certificate, or a bearer token. */
  readonly credential: KeyPair | { readonly token: string }
  /** Names the cluster, user and context; `default`. */
  readonly name?: string
}

/** The text of a kubeconfig with everything inside. */
export function kubeconfig({ server, ca, credential, name = 'default' }: KubeconfigSpec): string {
  const user =
    'token' in credential
      ? { token: credential.token }
      : {
          'client-certificate-data': base64(credential.certificate),
          'client-key-data': base64(credential.key),
        }
  return stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ cluster: { 'certificate-authority-data': base64(ca), server }, name }],
      contexts: [{ context: { cluster: name, user: name }, name }],
      'current-context': name,
      preferences: {},
      users: [{ name, user }],
    },
    { lineWidth: 0 },
  )
}

/** Writes a kubeconfig (mode 0600) unless the file says the same already; true when it wrote. */
export function writeKubeconfig(path: string, spec: KubeconfigSpec): boolean {
  const text = kubeconfig(spec)
  if (readIfPresent(path) === text) return false
  writePrivate(path, text)
  return true
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}
