import { X509Certificate } from 'node:crypto'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { type PemBlock, pemBlocks } from './pem-blocks.ts'

const bundleMax = 1024 * 1024

/** Certificates of authorities and nothing else, none of them twice (pkg/apis/certificates/validation validateTrustBundle). */
export function validateTrustAnchors(bundle: string, path: string, errors: FieldErrors): void {
  if (Buffer.byteLength(bundle) > bundleMax) return errors.tooLong(path, bundleMax)
  const blocks = pemBlocks(bundle)
  const complain = (text: string) => errors.invalid(path, '<value omitted>', text)
  const faults = blocks.map(faultOf)
  faults.forEach((fault, i) => {
    if (fault !== undefined) complain(`entry ${i} ${fault}`)
  })
  if (faults.some(fault => fault !== undefined)) return
  if (blocks.length === 0) return complain('at least one trust anchor must be provided')
  const places = Map.groupBy(blocks.keys(), i => blocks[i]!.bytes.toString('base64'))
  for (const indices of places.values())
    if (indices.length > 1) complain(`duplicate trust anchor (indices [${indices.join(' ')}])`)
}

function faultOf({ type, hasHeaders, bytes }: PemBlock): string | undefined {
  if (type !== 'CERTIFICATE') return `has bad block type: ${type}`
  if (hasHeaders) return 'has PEM block headers'
  const certificate = parseCertificate(bytes)
  if (!certificate) return 'does not parse as X.509'
  return certificate.ca ? undefined : 'does not have the CA bit set'
}

/** Undefined for what is no certificate. */
export function parseCertificate(bytes: Buffer): X509Certificate | undefined {
  try {
    return new X509Certificate(bytes)
  } catch (error) {
    if (error instanceof Error) return undefined
    throw error
  }
}
