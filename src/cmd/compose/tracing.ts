import { readTracingConfiguration } from '../../server/tracing/configuration.ts'
import type { Tracing } from '../../server/tracing/tracing.ts'
import type { Ports } from '../../std/ports.ts'
import { UserError } from '../user-error.ts'
import { readConfigured } from './configured-file.ts'
import type { ServerSettings } from './settings.ts'

const flag = 'tracing-config-file'

/** Traces as `--tracing-config-file` says; without it OpenTelemetry is not even loaded. */
export async function openTraces(
  { tracingConfig, nodeName }: ServerSettings,
  { log }: Pick<Ports, 'log'>,
): Promise<Tracing | undefined> {
  if (tracingConfig === undefined) return undefined
  const text = readConfigured(tracingConfig, flag)
  try {
    const configuration = readTracingConfiguration(text)
    const { openTracing } = await import('../../server/tracing/open-tracing.ts')
    return await openTracing(configuration, { service: 'apiserver', instance: nodeName, log })
  } catch (error) {
    throw new UserError(`--${flag}: ${tracingConfig}: ${(error as Error).message}`)
  }
}
