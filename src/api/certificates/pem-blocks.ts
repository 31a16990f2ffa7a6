/** PEM as Go's encoding/pem reads it: what stands between blocks is passed over. */
export interface PemBlock {
  readonly type: string
  readonly hasHeaders: boolean
  readonly bytes: Buffer
}

const block =
  /(?:^|\n)-----BEGIN ([^\n]*?)-----[ \t\r]*\n([\s\S]*?)(?:^|\n)?-----END \1-----[ \t\r]*(?=\n|$)/g
const header = /^[^\n:]+:[^\n]*\n/

/** The blocks of a text in order; a text without any has none. */
export function pemBlocks(text: string): readonly PemBlock[] {
  return [...text.matchAll(block)].map(([, type = '', body = '']) => {
    const hasHeaders = header.test(body)
    const encoded = hasHeaders ? body.slice(body.indexOf('\n\n') + 2) : body
    return { type, hasHeaders, bytes: Buffer.from(encoded, 'base64') }
  })
}
