import type { AuditMode, BatchOptions } from '../../server/audit/batch.ts'
import { type AuditBackend, type AuditLogOptions, createAuditLog } from '../../server/audit/log-file.ts'
import { type AuditPolicy, parseAuditPolicy } from '../../server/audit/policy.ts'
import { truncateEvents } from '../../server/audit/truncate.ts'
import { type AuditWebhookOptions, createAuditWebhook } from '../../server/audit/webhook-batch.ts'
import type { Dial } from '../../server/egress/dial.ts'
import type { Auditing } from '../../server/filters/audit.ts'
import type { Ports } from '../../std/ports.ts'
import { durationMs } from '../flag-makers.ts'
import type { FlagReader } from '../server-flags.ts'
import { UserError } from '../user-error.ts'
import { openConfiguredFile } from './configured-file.ts'
import { connectReviews } from './remote-reviews.ts'

/** What the audit flags say. */
export interface AuditSource {
  readonly policyFile: string | undefined
  readonly log: AuditLogOptions | undefined
  readonly webhook: (Omit<AuditWebhookOptions, 'post'> & { readonly configFile: string }) | undefined
  /** Largest events of each; undefined: as large as they come. */
  readonly eventBytesMax: { readonly log: number | undefined; readonly webhook: number | undefined }
}

/** Auditing as it runs; `close` writes what waits. */
export interface OpenAuditing {
  readonly auditing: Auditing
  close(): Promise<void>
}

const megabyte = 1 << 20

export function auditSource(flags: FlagReader): AuditSource {
  const path = flags.optional('audit-log-path')
  const configFile = flags.optional('audit-webhook-config-file')
  return {
    policyFile: flags.optional('audit-policy-file'),
    log:
      path === undefined
        ? undefined
        : {
            path,
            format: flags.text('audit-log-format') === 'legacy' ? 'legacy' : 'json',
            bytesMax: (flags.integer('audit-log-maxsize') || 100) * megabyte,
            backupsMax: flags.integer('audit-log-maxbackup'),
            ageMaxDays: flags.integer('audit-log-maxage'),
            compresses: flags.yes('audit-log-compress'),
            ...waysTo(flags, 'log'),
          },
    webhook:
      configFile === undefined
        ? undefined
        : {
            configFile,
            ...waysTo(flags, 'webhook'),
            backoffMs: durationMs(flags.text('audit-webhook-initial-backoff')),
          },
    eventBytesMax: { log: eventBytesMax(flags, 'log'), webhook: eventBytesMax(flags, 'webhook') },
  }
}

type Backend = 'log' | 'webhook'

function eventBytesMax(flags: FlagReader, backend: Backend): number | undefined {
  if (!flags.yes(`audit-${backend}-truncate-enabled`)) return undefined
  const bytesMax = flags.integer(`audit-${backend}-truncate-max-event-size`)
  const batchBytesMax = flags.integer(`audit-${backend}-truncate-max-batch-size`)
  if (batchBytesMax < bytesMax)
    throw new UserError(
      `invalid audit truncate ${backend} max batch size ${batchBytesMax}, must be greater than max event size (${bytesMax})`,
    )
  return bytesMax
}

/** How events get to a backend: by which mode, and in which batches. */
function waysTo(
  flags: FlagReader,
  backend: Backend,
): { readonly mode: AuditMode; readonly batch: BatchOptions } {
  const name = (rest: string) => `audit-${backend}-${rest}`
  const mode = flags.text(name('mode')) as AuditMode
  const isLimited = flags.yes(name('batch-throttle-enable'))
  const throttle = {
    perSecond: Number(flags.text(name('batch-throttle-qps'))),
    burst: flags.integer(name('batch-throttle-burst')),
  }
  if (mode === 'batch' && isLimited) requireThrottle(backend, throttle)
  return {
    mode,
    batch: {
      bufferMax: flags.integer(name('batch-buffer-size')),
      batchMax: flags.integer(name('batch-max-size')),
      waitMaxMs: durationMs(flags.text(name('batch-max-wait'))),
      ...(isLimited && { throttle }),
      ...(flags.yes(name('truncate-enabled')) && {
        bytesMax: flags.integer(name('truncate-max-batch-size')),
      }),
    },
  }
}

function requireThrottle(
  backend: Backend,
  { perSecond, burst }: NonNullable<BatchOptions['throttle']>,
): void {
  for (const [what, value] of [
    ['QPS', perSecond],
    ['burst', burst],
  ] as const)
    if (value <= 0)
      throw new UserError(
        `invalid audit batch ${backend} throttle ${what} ${value}, must be a positive number`,
        `See --audit-${backend}-batch-throttle-enable.`,
        2,
      )
}

/** Undefined without a policy or without anywhere to write: nothing is audited then, as upstream. A webhook is sent to over `dial`. */
export async function openAuditing(
  source: AuditSource,
  { ports, dial }: { readonly ports: Ports; readonly dial: Dial | undefined },
  signal: AbortSignal,
): Promise<OpenAuditing | undefined> {
  const { policyFile, log, webhook } = source
  if (policyFile === undefined || !(log || webhook)) {
    if (policyFile !== undefined || log || webhook)
      ports.log.warn('nothing is audited: a policy and a backend are both needed')
    return undefined
  }
  let policy: AuditPolicy = { rules: [] }
  const apply = (text: string) => {
    policy = parseAuditPolicy(text)
  }
  await openConfiguredFile({ path: policyFile, flag: 'audit-policy-file', apply }, ports, signal)
  const shortened = (backend: AuditBackend, bytesMax: number | undefined) =>
    bytesMax === undefined ? backend : truncateEvents(backend, bytesMax, ports)
  const backends = [
    ...(log ? [shortened(openLog(log, ports), source.eventBytesMax.log)] : []),
    ...(webhook ? [shortened(openWebhook(webhook, ports, dial), source.eventBytesMax.webhook)] : []),
  ]
  const sink: Auditing['sink'] = event => {
    const waits = backends.map(backend => backend.sink(event)).filter(wait => wait !== undefined)
    if (waits.length === 0) return undefined
    return Promise.all(waits).then(stored => stored.every(Boolean))
  }
  return {
    auditing: { policy: () => policy, sink },
    async close() {
      for (const backend of backends) await backend.close()
    },
  }
}

function openLog(options: AuditLogOptions, ports: Ports): AuditBackend {
  try {
    return createAuditLog(options, ports)
  } catch (error) {
    throw new UserError(
      `cannot write ${options.path}: ${(error as Error).message}`,
      'Check --audit-log-path.',
    )
  }
}

function openWebhook(
  { configFile, ...options }: NonNullable<AuditSource['webhook']>,
  ports: Ports,
  dial: Dial | undefined,
): AuditBackend {
  const post = connectReviews(configFile, 'audit-webhook-config-file', dial)
  return createAuditWebhook({ ...options, post }, ports)
}
