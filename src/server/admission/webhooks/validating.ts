import type { ValidatingWebhookConfiguration } from '../../../api/types/admissionregistration-v1.gen.ts'
import { StatusError } from '../../../machinery/status/status.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../../context.ts'
import type { Source } from '../../lister.ts'
import { annotate } from '../annotations.ts'
import { isExempt } from '../match/exempt.ts'
import type { MatchServices } from '../match/services.ts'
import { asAdmitted } from '../match/versions.ts'
import { callHook, failedClosed, HookFailure, type HookPorts } from './call-hook.ts'
import { followHooks } from './hooks.ts'
import { type Invocation, invocationOf } from './invocation.ts'

/** Validating webhooks, all asked at once (admission/plugin/webhook/validating). */
export function validatingWebhooks(
  source: Source<ValidatingWebhookConfiguration>,
  ports: HookPorts,
  services: MatchServices,
  name = 'ValidatingAdmissionWebhook',
): AdmissionPlugin {
  const hooks = followHooks(source)
  return {
    name,
    handles: request => hooks.list().length > 0 && !isExempt(request),
    async validate(request) {
      const admitted = asAdmitted(request)
      const wanted: Invocation[] = []
      for (const hook of hooks.list()) {
        const invocation = await invocationOf(services, hook, admitted)
        if (invocation) wanted.push(invocation)
      }
      if (wanted.length === 0) return
      const failures = await Promise.all(
        wanted.map((invocation, index) => ask(ports, invocation, request, index)),
      )
      const first = failures.find(failure => failure !== undefined)
      if (first) throw first
    },
  }
}

/** Why this webhook refuses, if it does. */
async function ask(
  ports: HookPorts,
  invocation: Invocation,
  request: AdmissionRequest,
  index: number,
): Promise<StatusError | undefined> {
  const { webhook } = invocation.hook
  try {
    await callHook(ports, invocation, asAdmitted(request), false)
    return undefined
  } catch (error) {
    if (error instanceof StatusError) return error
    if (!(error instanceof HookFailure)) throw error
    if (webhook.failurePolicy !== 'Ignore') return failedClosed(error)
    annotate(request, `failed-open.validating.webhook.admission.k8s.io/round_0_index_${index}`, webhook.name)
    return undefined
  }
}
