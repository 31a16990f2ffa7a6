import type {
  MutatingWebhook,
  MutatingWebhookConfiguration,
  ValidatingWebhook,
  ValidatingWebhookConfiguration,
} from '../../../api/types/admissionregistration-v1.gen.ts'
import { type LabelSelector, labelSelectorFrom } from '../../../machinery/selector/index.ts'
import type { Source } from '../../lister.ts'
import { compileMatchConditions, type MatchConditions } from '../match/conditions.ts'

/** One webhook of a configuration, compiled once. */
export interface Hook<T extends ValidatingWebhook = ValidatingWebhook> {
  /** Distinguishes webhooks of one name. */
  readonly uid: string
  readonly configuration: string
  readonly webhook: T
  readonly namespaceSelector: LabelSelector
  readonly objectSelector: LabelSelector
  /** Absent: no conditions. */
  readonly conditions?: MatchConditions
}

type Configuration = ValidatingWebhookConfiguration | MutatingWebhookConfiguration

/** The registered webhooks in the order in which they are called; `list` is one array while nothing changes. */
export interface Hooks<T extends ValidatingWebhook = ValidatingWebhook> {
  list(): readonly Hook<T>[]
}

/** Follows the configurations: theirs is the order of names, within one the order in which they are written. */
export function followHooks(source: Source<ValidatingWebhookConfiguration>): Hooks<ValidatingWebhook>
export function followHooks(source: Source<MutatingWebhookConfiguration>): Hooks<MutatingWebhook>
export function followHooks(source: Source<Configuration>): Hooks {
  const byName = new Map<string, readonly Hook[]>()
  let ordered: readonly Hook[] = []
  source.onChange(({ old, now }) => {
    const name = (now ?? old)!.metadata.name!
    if (now) byName.set(name, hooksOf(now))
    else byName.delete(name)
    ordered = [...byName.keys()].toSorted().flatMap(key => byName.get(key)!)
  })
  return { list: () => ordered }
}

function hooksOf({ metadata, webhooks = [] }: Configuration): Hook[] {
  const seen = new Map<string, number>()
  const configuration = metadata.name!
  return webhooks.map(webhook => {
    const nth = seen.get(webhook.name) ?? 0
    seen.set(webhook.name, nth + 1)
    const { matchConditions = [] } = webhook
    return {
      uid: `${configuration}/${webhook.name}/${nth}`,
      configuration,
      webhook,
      namespaceSelector: labelSelectorFrom(webhook.namespaceSelector ?? {}),
      objectSelector: labelSelectorFrom(webhook.objectSelector ?? {}),
      ...(matchConditions.length > 0 && {
        conditions: compileMatchConditions(matchConditions, webhook.failurePolicy),
      }),
    }
  })
}
