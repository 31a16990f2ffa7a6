/** An evaluation that failed; `&&`, `||` and the macros made of them may still make good of it. */
export class CelError extends Error {
  override name = 'CelError'
}

/** The evaluation was broken off: nothing in the expression can make good of it. */
export class CelBudgetError extends Error {
  override name = 'CelBudgetError'
  constructor() {
    super('operation cancelled: actual cost limit exceeded')
  }
}

/** The operation does not take values of these types. */
export function noSuchOverload(): CelError {
  return new CelError('no such overload')
}
