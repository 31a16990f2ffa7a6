import { get, type OracleCase, send, type Track } from './case.ts'
import { opening } from './general-cases.ts'

const maps = '/api/v1/namespaces/oracle/configmaps'
const page = `${maps}?labelSelector=page%3Dyes&limit=1`
/** Enough text that Hutch forgets what was before it; a stock server forgets by the clock. */
const fat = 'x'.repeat(900_000)
const writes = 24

const map = (name: string, data = {}) => ({ metadata: { name, labels: { page: 'yes' } }, data })

/** What is told to a client that comes back with a token or a revision that nobody remembers. */
export function expiryTracks(): Track[] {
  const cases: OracleCase[] = [
    ...['a', 'b', 'c'].map(name => send('POST', `expiry: make ${name}`, maps, map(name))),
    {
      ...get('expiry: first page', page),
      keep: { token: 'metadata.continue', rv: 'metadata.resourceVersion' },
    },
    send('POST', 'expiry: make fat', maps, { metadata: { name: 'fat' } }),
    ...Array.from({ length: writes }, (_, index) =>
      send('PUT', `expiry: write ${index}`, `${maps}/fat`, {
        metadata: { name: 'fat' },
        data: { fat, index: String(index) },
      }),
    ),
    { name: 'expiry: remove b', method: 'DELETE', path: `${maps}/b` },
    {
      ...get('expiry: second page', `${page}&continue={{token}}`),
      until: 410,
      keep: { fresh: 'metadata.continue' },
    },
    {
      ...get('expiry: second page as it is now', `${page}&continue={{fresh}}`),
      keep: { next: 'metadata.continue' },
    },
    get('expiry: third page', `${page}&continue={{next}}`),
    {
      ...get('expiry: list as it was', `${maps}?resourceVersion={{rv}}&resourceVersionMatch=Exact`),
      until: 410,
    },
    get('expiry: page as it was', `${page}&resourceVersion={{rv}}`),
    get('expiry: list not older', `${page}&resourceVersion={{rv}}&resourceVersionMatch=NotOlderThan`),
    get('expiry: get not older', `${maps}/a?resourceVersion={{rv}}`),
    get(
      'expiry: watch from then',
      `${maps}?watch=1&resourceVersion={{rv}}&timeoutSeconds=1&fieldSelector=metadata.name%3Da`,
    ),
  ]
  return [
    { name: 'opening', cases: opening },
    { name: 'expiry', cases },
  ]
}
