/** What the rules of a definition may cost at most (apiextensions validation.go StaticEstimatedCostLimit, StaticEstimatedCRDCostLimit). */
import type { FieldErrors } from '../../machinery/validation/field-error.ts'

const ruleCostMax = 10_000_000
const definitionCostMax = 100_000_000
/** Cheaper ones are not named when all together are too expensive. */
const namedCostMin = definitionCostMax / 100
const namedMax = 4

/** Adds up what the rules of one schema cost. */
export interface CostAccount {
  /** Complains about an expression that is too expensive by itself. */
  charge(what: 'rule' | 'messageExpression', path: string, cost: number): void
  /** Complains when all of them are too expensive together. */
  close(path: string): void
}

export function openAccount(errors: FieldErrors): CostAccount {
  let total = 0
  const expensive: { path: string; cost: number }[] = []
  return {
    charge(what, path, cost) {
      const name = what === 'rule' ? 'estimated rule cost' : 'estimated messageExpression cost'
      if (cost > ruleCostMax) errors.forbidden(path, excessText(name, cost, ruleCostMax))
      total += cost
      if (cost >= namedCostMin) expensive.push({ path, cost })
    },
    close(path) {
      if (total <= definitionCostMax) return
      const detail =
        'contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema'
      for (const each of expensive.toSorted((a, b) => b.cost - a.cost).slice(0, namedMax))
        errors.forbidden(each.path, detail)
      const name = 'x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema'
      errors.forbidden(path, excessText(name, total, definitionCostMax))
    },
  }
}

function excessText(name: string, cost: number, limit: number): string {
  const hint =
    'try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared'
  return `${name} exceeds budget by factor of ${factorText(cost / limit)} (${hint})`
}

/** Beyond two orders of magnitude the figure says nothing; near the limit one digit would read as 1.0. */
function factorText(factor: number): string {
  if (factor > 100) return 'more than 100x'
  return `${factor.toFixed(factor < 1.5 ? 6 : 1)}x`
}
