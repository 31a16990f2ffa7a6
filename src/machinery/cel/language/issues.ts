/** Complaints about an expression, printed as cel-go prints them (common/error.go). */

export interface Complaint {
  /** Offset in code points. */
  readonly at: number
  readonly message: string
}

/** The text is no expression. */
export class CelSyntaxError extends Error {
  override name = 'CelSyntaxError'
  readonly complaints: readonly Complaint[]
  constructor(complaints: readonly Complaint[]) {
    super(complaints[0]?.message ?? 'syntax error')
    this.complaints = complaints
  }
}

/** `ERROR: <input>:1:6: …` with the line and a mark below, one after the other in the order of their places. */
export function formatIssues(text: string, complaints: readonly Complaint[]): string {
  return complaints
    .toSorted((a, b) => a.at - b.at)
    .map(complaint => formatIssue([...text], complaint))
    .join('\n')
}

/** Whether cel-go makes room for two columns below a character: it goes by its bytes. */
function wide(character = ''): boolean {
  return character > '\u007f'
}

function formatIssue(characters: readonly string[], { at, message }: Complaint): string {
  const before = characters.slice(0, at).join('').split('\n')
  const column = [...before.at(-1)!].length
  const line = characters.join('').split('\n')[before.length - 1] ?? ''
  // cel-go places the end of nothing before its first column.
  const shown = characters.length === 0 ? 0 : column + 1
  const head = `ERROR: <input>:${before.length}:${shown}: ${message}`
  const mark = wide([...line][column]) ? '＾' : '^'
  const dots = Array.from(before.at(-1)!, character => (wide(character) ? '．' : '.')).join('')
  return `${head}\n | ${line}\n | ${dots}${mark}`
}
