import { constants, generateKeyPair, type KeyObject, sign } from 'node:crypto'
import { promisify } from 'node:util'

/** A key of a pod, and that its maker has it. */
export interface PodKey {
  /** PKCS #8, PEM. */
  readonly privatePem: string
  /** PKIX, DER in base64. */
  readonly publicKey: string
  /** Signature over the pod's UID, base64. */
  readonly proof: string
}

type Pair = { readonly privateKey: KeyObject; readonly publicKey: KeyObject }

const make = promisify(generateKeyPair)
const curve = (namedCurve: string) => (): Promise<Pair> => make('ec', { namedCurve })
const rsa = (modulusLength: number) => (): Promise<Pair> => make('rsa', { modulusLength })

const makers: Readonly<Record<string, () => Promise<Pair>>> = {
  RSA3072: rsa(3072),
  RSA4096: rsa(4096),
  ECDSAP256: curve('P-256'),
  ECDSAP384: curve('P-384'),
  ECDSAP521: curve('P-521'),
  ED25519: (): Promise<Pair> => make('ed25519'),
}

/** Makes a key of a type that `podCertificate.keyType` names, with the proof that a PodCertificateRequest needs (KEP-4317). */
export async function createPodKey(keyType: string, podUid: string): Promise<PodKey> {
  const maker = makers[keyType]
  if (!maker) throw new Error(`while generating keypair: unknown key type ${JSON.stringify(keyType)}`)
  const { privateKey, publicKey } = await maker()
  return {
    privatePem: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
    publicKey: publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
    proof: signed(privateKey, Buffer.from(podUid)).toString('base64'),
  }
}

function signed(key: KeyObject, data: Buffer): Buffer {
  if (key.asymmetricKeyType === 'ed25519') return sign(null, data, key)
  if (key.asymmetricKeyType === 'ec') return sign('sha256', data, key)
  const padding = constants.RSA_PKCS1_PSS_PADDING
  return sign('sha256', data, { key, padding, saltLength: constants.RSA_PSS_SALTLEN_MAX_SIGN })
}
