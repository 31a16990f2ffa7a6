import type { Answer } from '../case.ts'
import type { Side } from '../side.ts'

/** Stock names the faults of a custom object, and the custom kinds of a group, as a Go map gives them: here by their texts. */
export function inAnyOrder(side: Side): Side {
  return {
    ...side,
    session(as) {
      const session = side.session(as)
      return { ...session, ask: async one => sorted(await session.ask(one)) }
    },
  }
}

interface Refusal {
  readonly message?: string
  readonly details?: { readonly causes?: readonly unknown[] }
}

function sorted(answer: Answer): Answer {
  const status = statusOf(answer)
  if (status) return { ...answer, body: { ...(answer.body as object), status } }
  const { resources } = (answer.body ?? {}) as { readonly resources?: readonly { readonly name: string }[] }
  if (Array.isArray(resources))
    return { ...answer, body: { ...(answer.body as object), resources: byName(resources) } }
  const { message, details } = (answer.body ?? {}) as Refusal
  if (answer.status < 400 || typeof message !== 'string') return answer
  const causes = details?.causes?.map(cause => JSON.stringify(cause)).toSorted()
  const body = {
    ...(answer.body as object),
    message: sortedText(message),
    ...(details && { details: { ...details, causes } }),
  }
  return { ...answer, body }
}

/** Each of stock's loops writes its own condition of a definition when it comes to it. */
function statusOf({ body }: Answer): object | undefined {
  const { kind, status } = (body ?? {}) as { kind?: string; status?: { conditions?: readonly Condition[] } }
  if (kind !== 'CustomResourceDefinition' || !status?.conditions) return undefined
  return { ...status, conditions: status.conditions.toSorted((a, b) => (a.type < b.type ? -1 : 1)) }
}

interface Condition {
  readonly type: string
}

function byName(resources: readonly { readonly name: string }[]) {
  return resources.toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

/** `Kind "name" is invalid: [a: Required value, b: Invalid value: …]` */
function sortedText(message: string): string {
  const parts = message.replace(/\]$/, '').split(/(?:: \[|, )(?=[\w.[\]"<>-]+: )/)
  return parts.length > 1 ? `${parts[0]}: ${parts.slice(1).toSorted().join(', ')}` : message
}
