/** What the suite said of one test. */
export interface Ended {
  readonly name: string
  readonly result: 'passed' | 'failed'
  readonly seconds: number
  /** All that was printed of it. */
  readonly text: string
}

const ruler = /^-{30}$/
const head = /^(?:•|S|P)\s*(?:\[([A-Z ]+)\]\s*)?\[([\d.]+) seconds?\]/

/**
 * Reads Ginkgo's output (`-v --no-color`) line by line and tells each test of `names` that passed or failed.
 * Skipped and interrupted ones are not told: they have no result.
 */
export function createOutputReader(names: readonly string[], told: (ended: Ended) => void) {
  const known = new Set(names)
  let block: string[] = []
  const endBlock = () => {
    const ended = readBlock(block, known)
    block = []
    if (ended) told(ended)
  }
  return {
    line(text: string) {
      if (ruler.test(text)) endBlock()
      else block.push(text)
    },
    end: endBlock,
  }
}

function readBlock(block: readonly string[], known: ReadonlySet<string>): Ended | undefined {
  const start = block.findIndex(line => head.test(line))
  if (start === -1) return
  const [, mark, seconds] = head.exec(block[start]!)!
  // The name comes after the head, or before it when one process streams. Ginkgo marks the node that failed.
  const name = block
    .map(line =>
      line.replace(/ ?\[(?:It|BeforeEach|AfterEach|JustBeforeEach|DeferCleanup \([^)]*\))\]/g, '').trim(),
    )
    // Labels follow the name.
    .flatMap(line => [line, line.replace(/ \[[^[\]]*\]$/, '')])
    .find(line => known.has(line))
  if (name === undefined || (mark !== undefined && !failing.has(mark))) return
  return {
    name,
    result: mark === undefined ? 'passed' : 'failed',
    seconds: Number(seconds),
    text: block.join('\n').trim(),
  }
}

const failing = new Set(['FAILED', 'PANICKED', 'TIMEDOUT'])

const causeMax = 300

/** The line that says why a test failed, shortened. */
export function causeLine(text: string): string {
  const lines = text.split('\n').map(line => line.trim())
  const at = lines.findLastIndex(line => /^\[(?:FAILED|PANICKED|TIMEDOUT)\] (?!in \[)/.test(line))
  if (at === -1) return ''
  const cause = lines
    .slice(at, at + 6)
    .map(line => line.replace(/^\[[A-Z]+\]\s*/, ''))
    .filter(line => line !== '' && !/^(?:In \[|\/)/.test(line))
    .join(' ')
  return cause.slice(0, causeMax)
}
