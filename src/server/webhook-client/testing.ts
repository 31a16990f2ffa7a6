/** A webhook on loopback with a certificate of its own authority, for tests of everything that calls out. */
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { JsonObject } from '../../machinery/meta/object.ts'
import { simPorts } from '../../std/sim-ports.ts'
import { newEcKey } from '../pki/certificate.ts'
import { issueCa, issueLeaf } from '../pki/issue.ts'

export interface TestWebhook {
  readonly port: number
  /** In base64, as configurations hold it. */
  readonly caBundle: string
  /** The certificate that is shown itself, in base64: whoever holds it needs no authority. */
  readonly ownBundle: string
  /** PEM of the authority. */
  readonly ca: string
  readonly paths: string[]
  close(): void
}

export interface WebhookAnswer {
  readonly status?: number
  readonly body: JsonObject | string
}

/** Serves `answer` at every path, as `127.0.0.1`, `localhost` and each of `names`. */
export async function startTestWebhook(
  answer: (request: JsonObject, path: string) => WebhookAnswer | Promise<WebhookAnswer>,
  names: readonly string[] = [],
): Promise<TestWebhook> {
  const { random } = simPorts()
  // Certificates are checked against the machine's clock, not a simulated one.
  const context = { nowMs: Date.now(), random }
  const ca = await issueCa('test webhooks', context, newEcKey())
  const leaf = await issueLeaf(
    ca,
    {
      commonName: 'webhook',
      organizations: [],
      uses: ['serverAuth'],
      names: ['127.0.0.1', 'localhost', ...names],
    },
    context,
  )
  const paths: string[] = []
  const server = createServer({ key: leaf.key, cert: leaf.certificate }, (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', async () => {
      paths.push(request.url ?? '')
      const text = Buffer.concat(chunks).toString()
      const { status = 200, body } = await answer(JSON.parse(text || '{}') as JsonObject, request.url ?? '')
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(typeof body === 'string' ? body : JSON.stringify(body))
    })
  })
  const { promise, resolve } = Promise.withResolvers<void>()
  server.listen(0, '127.0.0.1', () => resolve())
  await promise
  return {
    port: (server.address() as AddressInfo).port,
    caBundle: Buffer.from(ca.certificate).toString('base64'),
    ownBundle: Buffer.from(leaf.certificate).toString('base64'),
    ca: ca.certificate,
    paths,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}
