import { type DocumentKind, readDocument } from '../../machinery/config/document.ts'
import { createFieldErrors } from '../../machinery/validation/field-errors.ts'

/** apiserver.config.k8s.io TracingConfiguration. */
export interface TracingConfiguration {
  /** `host:port` of an OTLP collector that speaks gRPC without TLS. Default: `localhost:4317`. */
  readonly endpoint?: string
  /** Default 0: only what callers trace. */
  readonly samplingRatePerMillion?: number
}

const documentKind: DocumentKind = {
  kind: 'TracingConfiguration',
  apiVersions: ['v1', 'v1beta1', 'v1alpha1'].map(version => `apiserver.config.k8s.io/${version}`),
  fields: { endpoint: 'string', samplingRatePerMillion: 'integer' },
}

export const defaultEndpoint = 'localhost:4317'

/** An endpoint as the exporter takes it; a name of gRPC's (`dns://authority/host:port`) is asked of the system. */
export function collectorUrl(endpoint: string): string {
  return endpoint.startsWith('unix:') ? endpoint : `http://${endpoint.replace(/^dns:\/\/[^/]*\//, '')}`
}

const million = 1_000_000
const schemes = ['dns', 'unix', 'unix-abstract']

/** Reads and checks the file of `--tracing-config-file` (component-base tracing/api/v1). Throws `Error`. */
export function readTracingConfiguration(text: string): TracingConfiguration {
  const configuration = readDocument<TracingConfiguration>(text, documentKind)
  const { endpoint, samplingRatePerMillion: rate = 0 } = configuration
  const errors = createFieldErrors()
  if (rate < 0) errors.invalid('tracing.samplingRatePerMillion', rate, 'sampling rate must be positive')
  if (rate > million)
    errors.invalid(
      'tracing.samplingRatePerMillion',
      rate,
      'sampling rate per million must be less than or equal to one million',
    )
  const scheme = endpoint?.includes('//') ? endpoint.slice(0, endpoint.indexOf(':')) : 'dns'
  if (!schemes.includes(scheme))
    errors.invalid(
      'tracing.endpoint',
      endpoint,
      `unsupported scheme: ${scheme}.  Options are none, dns, unix, or unix-abstract.  See https://github.com/grpc/grpc/blob/master/doc/naming.md`,
    )
  if (errors.list.length === 0) return configuration
  throw new Error(errors.list.map(({ field, message }) => `${field}: ${message}`).join(', '))
}
