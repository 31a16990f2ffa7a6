import type {
  MutatingWebhook,
  MutatingWebhookConfiguration,
} from '../../../api/types/admissionregistration-v1.gen.ts'
import { semanticEqual } from '../../../machinery/meta/value.ts'
import { timeout } from '../../../machinery/status/errors.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../../context.ts'
import type { Source } from '../../lister.ts'
import { annotate } from '../annotations.ts'
import { isExempt } from '../match/exempt.ts'
import { finishMutation } from '../match/mutation.ts'
import { endRound, type RoundMemory, rememberedRound, requireAgain } from '../match/reinvocation.ts'
import type { MatchServices } from '../match/services.ts'
import { type Admitted, asAdmitted, convertAdmitted } from '../match/versions.ts'
import { callHook, failedClosed, HookFailure, type HookPorts } from './call-hook.ts'
import { followHooks, type Hook } from './hooks.ts'
import { type Invocation, invocationOf } from './invocation.ts'
import { patchedBy } from './patch.ts'

/** One round of the mutating webhooks over one request. */
interface Round {
  readonly ports: HookPorts
  readonly request: AdmissionRequest
  readonly memory: RoundMemory
  admitted: Admitted
  isDirty: boolean
}

/** Mutating webhooks, one after the other, and once more those that asked for it (admission/plugin/webhook/mutating). */
export function mutatingWebhooks(
  source: Source<MutatingWebhookConfiguration>,
  ports: HookPorts,
  services: MatchServices,
  name = 'MutatingAdmissionWebhook',
): AdmissionPlugin {
  const hooks = followHooks(source)
  return {
    name,
    handles: request => hooks.list().length > 0 && !isExempt(request),
    async admit(request) {
      const memory = rememberedRound(request, name)
      const round: Round = { ports, request, memory, admitted: asAdmitted(request), isDirty: false }
      const list = hooks.list()
      for (let index = 0; index < list.length; index++) await visit(services, round, list[index]!, index)
      if (round.isDirty) await finishMutation(request, round.admitted)
      endRound(memory, request)
    },
  }
}

async function visit(
  services: MatchServices,
  round: Round,
  hook: Hook<MutatingWebhook>,
  index: number,
): Promise<void> {
  const { request, memory } = round
  const { reinvocation } = request
  const invocation = await invocationOf(services, hook, round.admitted)
  if (!invocation) return
  // A webhook that the first round skipped is not called in the second, whatever the object looks like now.
  if (reinvocation.isReinvoke && !memory.again.has(hook.uid)) return
  round.admitted = await convertAdmitted(round.admitted, invocation.match.kind)
  const key = `round_${reinvocation.isReinvoke ? 1 : 0}_index_${index}`
  const failure = await mutate(round, invocation, key)
  if (hook.webhook.reinvocationPolicy === 'IfNeeded') memory.invoked.add(hook.uid)
  if (failure) failOpen(round, hook, failure, key)
}

/** Calls a webhook and takes over its patch; answers why it failed when it did. */
async function mutate(
  round: Round,
  invocation: Invocation<Hook<MutatingWebhook>>,
  key: string,
): Promise<HookFailure | undefined> {
  const { request, ports, memory } = round
  const { hook } = invocation
  let changed = false
  try {
    const answer = await callHook(ports, invocation, round.admitted, true)
    const patched = patchedBy(hook.webhook.name, answer, round.admitted)
    if (patched) {
      changed = !semanticEqual(round.admitted.object, patched.object)
      const about = { configuration: hook.configuration, webhook: hook.webhook.name }
      const note = { ...about, patch: patched.patch, patchType: 'JSONPatch' }
      annotate(request, `patch.webhook.admission.k8s.io/${key}`, JSON.stringify(note))
      round.admitted = { ...round.admitted, object: patched.object }
      round.isDirty = true
    }
    return undefined
  } catch (error) {
    if (!(error instanceof HookFailure)) throw error
    return error
  } finally {
    const note = { configuration: hook.configuration, webhook: hook.webhook.name, mutated: changed }
    annotate(request, `mutation.webhook.admission.k8s.io/${key}`, JSON.stringify(note))
    if (changed) {
      requireAgain(memory)
      request.reinvocation.isWanted = true
    }
  }
}

function failOpen({ request }: Round, { webhook }: Hook, failure: HookFailure, key: string): void {
  if (webhook.failurePolicy !== 'Ignore') throw failedClosed(failure)
  annotate(request, `failed-open.mutation.webhook.admission.k8s.io/${key}`, webhook.name)
  if (request.context.signal.aborted) throw timeout('request did not complete within requested timeout')
}
