/** CEL as Kubernetes speaks it: the standard language and the function libraries of apiserver pkg/cel/library. */
import { Environment } from '@marcbachmann/cel-js'
import { registerLists } from './lists.ts'
import { registerNetwork } from './network.ts'
import { registerQuantities } from './quantities.ts'
import { registerTexts } from './texts.ts'

let base: Environment | undefined

/** The environment of validation rules: `self` and `oldSelf` may hold anything, every other name must be known. */
export function rulesEnvironment(): Environment {
  if (base) return base
  const made = new Environment({ enableOptionalTypes: true, homogeneousAggregateLiterals: false })
  made.registerVariable('self', 'dyn').registerVariable('oldSelf', 'dyn')
  for (const register of [registerTexts, registerLists, registerQuantities, registerNetwork]) register(made)
  base = made
  return made
}
