import type { JsonObject } from '../../machinery/meta/object.ts'
import { type Fetch, fetchThrough } from '../egress/fetch-through.ts'
import { fetchFailure, statusFailure } from '../webhook-client/failure.ts'
import { type PostReview, ReviewError } from './ask-again.ts'
import { authorizationOf, type RemoteService } from './kubeconfig.ts'

/** POSTs reviews to the URL of the service. 5xx, 429 and a lost connection may be tried again. */
export function postReviews(service: RemoteService, fetch: Fetch = fetchThrough(undefined)): PostReview {
  const tls = {
    ...(service.ca && { ca: service.ca }),
    ...(service.cert && { cert: service.cert }),
    ...(service.key && { key: service.key }),
    ...(service.serverName && { serverName: service.serverName }),
    rejectUnauthorized: !service.insecureSkipTlsVerify,
  }
  const url = withTimeout(service.url)
  return async (review, timeoutMs) => {
    let answer: Response
    try {
      answer = await fetch(url, {
        method: 'POST',
        headers: headersOf(service),
        body: JSON.stringify(review),
        signal: AbortSignal.timeout(timeoutMs),
        tls,
      })
    } catch (error) {
      const late = (error as Error).name === 'TimeoutError'
      const reason = late ? 'context deadline exceeded' : fetchFailure(url, error)
      throw new ReviewError(`Post "${url}": ${reason}`, !late, { cause: error })
    }
    return readReview(url, answer)
  }
}

/** Upstream's client says how long it would wait, whatever the question is given. */
function withTimeout(url: string): string {
  return `${url}${url.includes('?') ? '&' : '?'}timeout=30s`
}

function headersOf(service: RemoteService): Record<string, string> {
  const authorization = authorizationOf(service)
  return {
    'content-type': 'application/json',
    accept: 'application/json, */*',
    'user-agent': 'kube-apiserver',
    ...(authorization && { authorization }),
  }
}

async function readReview(url: string, answer: Response): Promise<JsonObject> {
  const text = await answer.text()
  if (!answer.ok) {
    const retriable = answer.status >= 500 || answer.status === 429
    const { message } = statusFailure(answer.status, answer.headers.get('content-type') ?? '', text)
    throw new ReviewError(message, retriable)
  }
  try {
    return JSON.parse(text) as JsonObject
  } catch (error) {
    throw new ReviewError(`Post "${url}": the answer is no JSON: ${(error as Error).message}`, false, {
      cause: error,
    })
  }
}
