/** Upstream's defaultGzipThresholdBytes. */
export const gzipBytesMin = 128 * 1024

export const gzipHeaders = { 'content-encoding': 'gzip', vary: 'Accept-Encoding' } as const

/** Whether an Accept-Encoding header names gzip; as upstream, without a weight. */
export function takesGzip(acceptEncoding: string | undefined): boolean {
  return /(?:^|,)\s*gzip\s*(?:,|$)/.test(acceptEncoding ?? '')
}
