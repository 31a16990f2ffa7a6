import type {
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
} from '../../../api/types/admissionregistration-v1.gen.ts'
import type { Source } from '../../lister.ts'
import type { Constraints } from '../match/match.ts'
import { type CompiledPolicy, compilePolicy, constraintsOf } from './compile.ts'

export interface CompiledBinding {
  readonly binding: ValidatingAdmissionPolicyBinding
  readonly name: string
  /** Absent: every request that its policy is about. */
  readonly constraints: Constraints | undefined
}

/** A policy that is bound: without a binding it is not asked. */
export interface PolicyHook {
  readonly policy: CompiledPolicy
  readonly bindings: readonly CompiledBinding[]
}

export interface PolicySources {
  readonly policies: Source<ValidatingAdmissionPolicy>
  readonly bindings: Source<ValidatingAdmissionPolicyBinding>
}

/** Follows policies and bindings; `list` is one array, in the order of names, while nothing changes. */
export function followPolicies({ policies, bindings }: PolicySources): { list(): readonly PolicyHook[] } {
  const compiled = new Map<string, CompiledPolicy>()
  const bound = new Map<string, CompiledBinding>()
  let hooks: readonly PolicyHook[] | undefined = []
  policies.onChange(({ old, now }) => {
    const name = (now ?? old)!.metadata.name!
    if (!now) compiled.delete(name)
    else if (!old || old.metadata.generation !== now.metadata.generation)
      compiled.set(name, compilePolicy(now))
    hooks = undefined
  })
  bindings.onChange(({ old, now }) => {
    const name = (now ?? old)!.metadata.name!
    if (now) bound.set(name, compileBinding(now))
    else bound.delete(name)
    hooks = undefined
  })
  return {
    list() {
      hooks ??= combine(compiled, bound)
      return hooks
    },
  }
}

function compileBinding(binding: ValidatingAdmissionPolicyBinding): CompiledBinding {
  const { matchResources } = binding.spec ?? {}
  const name = binding.metadata.name ?? ''
  return { binding, name, constraints: matchResources ? constraintsOf(matchResources) : undefined }
}

function combine(
  compiled: ReadonlyMap<string, CompiledPolicy>,
  bound: ReadonlyMap<string, CompiledBinding>,
): PolicyHook[] {
  const byName = <T>(map: ReadonlyMap<string, T>) => [...map.keys()].toSorted().map(name => map.get(name)!)
  const bindings = byName(bound)
  return byName(compiled).flatMap(policy => {
    const own = bindings.filter(({ binding }) => binding.spec?.policyName === policy.name)
    return own.length > 0 ? [{ policy, bindings: own }] : []
  })
}
