import type { MatchResources, ParamRef } from '../../../api/types/admissionregistration-v1.gen.ts'
import type { KubeObject } from '../../../machinery/meta/object.ts'
import type { Source } from '../../lister.ts'
import type { Constraints } from '../match/match.ts'
import { constraintsOf, type PolicyFrame } from './frame.ts'

/** What bindings of both sorts have. */
export interface BindingObject extends KubeObject {
  spec?: { policyName?: string; paramRef?: ParamRef; matchResources?: MatchResources }
}

export interface CompiledBinding<B extends BindingObject = BindingObject> {
  readonly binding: B
  readonly name: string
  /** Absent: every request that its policy is about. */
  readonly constraints: Constraints | undefined
}

/** A policy that is bound: without a binding it is not asked. */
export interface PolicyHook<C extends PolicyFrame = PolicyFrame, B extends BindingObject = BindingObject> {
  readonly policy: C
  readonly bindings: readonly CompiledBinding<B>[]
}

export interface PolicySources<P extends KubeObject, B extends BindingObject> {
  readonly policies: Source<P>
  readonly bindings: Source<B>
}

/** Follows policies and bindings; `list` is one array, in the order of names, while nothing changes. */
export function followPolicies<P extends KubeObject, B extends BindingObject, C extends PolicyFrame>(
  { policies, bindings }: PolicySources<P, B>,
  compile: (policy: P) => C,
): { list(): readonly PolicyHook<C, B>[] } {
  const compiled = new Map<string, C>()
  const bound = new Map<string, CompiledBinding<B>>()
  let hooks: readonly PolicyHook<C, B>[] | undefined = []
  policies.onChange(({ old, now }) => {
    const name = (now ?? old)!.metadata.name!
    if (!now) compiled.delete(name)
    else if (!old || old.metadata.generation !== now.metadata.generation) compiled.set(name, compile(now))
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

function compileBinding<B extends BindingObject>(binding: B): CompiledBinding<B> {
  const { matchResources } = binding.spec ?? {}
  const name = binding.metadata.name ?? ''
  return { binding, name, constraints: matchResources ? constraintsOf(matchResources) : undefined }
}

function combine<C extends PolicyFrame, B extends BindingObject>(
  compiled: ReadonlyMap<string, C>,
  bound: ReadonlyMap<string, CompiledBinding<B>>,
): PolicyHook<C, B>[] {
  const byName = <T>(map: ReadonlyMap<string, T>) => [...map.keys()].toSorted().map(name => map.get(name)!)
  const bindings = byName(bound)
  return byName(compiled).flatMap(policy => {
    const own = bindings.filter(({ binding }) => binding.spec?.policyName === policy.name)
    return own.length > 0 ? [{ policy, bindings: own }] : []
  })
}
