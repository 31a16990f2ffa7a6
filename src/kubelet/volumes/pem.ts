const block = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/g

/** What stands in each certificate of a PEM text, in base64 on one line. */
export function certificateBodies(pem: string): string[] {
  return [...pem.matchAll(block)].map(([, body = '']) => body.replaceAll(/\s+/g, ''))
}

/** PEM of certificates, without anything between them. */
export function certificatesPem(bodies: readonly string[]): string {
  return bodies
    .map(body => {
      const lines = body.match(/.{1,64}/g) ?? []
      return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
    })
    .join('')
}
