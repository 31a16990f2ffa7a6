/** CEL as Kubernetes speaks it: the standard language and the function libraries of apiserver pkg/cel/library. */
import { Environment } from '@marcbachmann/cel-js'
import { registerLists } from './lists.ts'
import { registerNetwork } from './network.ts'
import { registerQuantities } from './quantities.ts'
import { registerTexts } from './texts.ts'

const known = new Map<string, Environment>()

/** Kubernetes' CEL with these variables, each of which may hold anything; every other name must be known. */
export function environmentWith(...variables: readonly string[]): Environment {
  const key = variables.join()
  const found = known.get(key)
  if (found) return found
  const made = new Environment({ enableOptionalTypes: true, homogeneousAggregateLiterals: false })
  for (const name of variables) made.registerVariable(name, 'dyn')
  for (const register of [registerTexts, registerLists, registerQuantities, registerNetwork]) register(made)
  known.set(key, made)
  return made
}

/** The environment of validation rules: `self` and `oldSelf`. */
export function rulesEnvironment(): Environment {
  return environmentWith('self', 'oldSelf')
}
