/** A failure that the person at the keyboard can mend: printed as one sentence without a stack. */
export class UserError extends Error {
  override name = 'UserError'
  /** What to do next, a sentence of its own. */
  readonly hint: string
  /** 2 for wrong usage, 1 for everything else. */
  readonly exitCode: number
  constructor(message: string, hint = '', exitCode = 1) {
    super(message)
    this.hint = hint
    this.exitCode = exitCode
  }
}
