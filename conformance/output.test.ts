import { describe, expect, test } from 'bun:test'
import { causeLine, createOutputReader, type Ended } from './output.ts'

const first = '[sig-node] Pods should be submitted and removed [NodeConformance] [Conformance]'
const second = '[sig-apps] Job should stop [Conformance]'
const ruler = '-'.repeat(30)

function read(...lines: string[]): Ended[] {
  const told: Ended[] = []
  const reader = createOutputReader([first, second], ended => told.push(ended))
  for (const line of lines) reader.line(line)
  reader.end()
  return told
}

const results = (...lines: string[]) => read(...lines).map(({ name, result }) => ({ name, result }))

describe('the suite’s output', () => {
  test('tells tests that passed, with or without labels after their names, and how long they took', () => {
    const said = read(
      ...[
        ruler,
        '• [12.500 seconds]',
        `${first} [sig-node, NodeConformance, Conformance]`,
        '/pods.go:1',
        ruler,
      ],
      ...['• [0.001 seconds]', second, '/job.go:1', ruler],
    )
    expect(said.map(({ name, result, seconds }) => ({ name, result, seconds }))).toEqual([
      { name: first, result: 'passed', seconds: 12.5 },
      { name: second, result: 'passed', seconds: 0.001 },
    ])
  })

  test('tells failures whichever node failed, and panics and timeouts', () => {
    const marked = second.replace('Job ', 'Job [It] ')
    for (const mark of ['FAILED', 'PANICKED', 'TIMEDOUT'])
      expect(results(ruler, `• [${mark}] [5.000 seconds]`, marked, ruler)).toEqual([
        { name: second, result: 'failed' },
      ])
    const before = second.replace('Job ', 'Job [BeforeEach] ')
    expect(results(ruler, '• [FAILED] [5.000 seconds]', before, ruler)[0]?.result).toBe('failed')
  })

  test('tells nothing of what was interrupted, skipped, or is no test', () => {
    expect(results(ruler, '• [INTERRUPTED] [5.000 seconds]', first, ruler)).toEqual([])
    expect(results(ruler, 'S [SKIPPED] [0.100 seconds]', first, ruler)).toEqual([])
    expect(results(ruler, '• [1.000 seconds]', '[sig-node] something else', ruler)).toEqual([])
    expect(results(ruler, '[SynchronizedBeforeSuite] PASSED [1.3 seconds]', first, ruler)).toEqual([])
  })

  test('is understood when one process streams: the name before the result', () => {
    expect(results(ruler, first, '/pods.go:1', '  STEP: one', '• [3.000 seconds]', ruler)).toEqual([
      { name: first, result: 'passed' },
    ])
  })
})

test('the cause is the final failure, without places', () => {
  const text = [
    '  [FAILED] in [It] - /x.go:1 @ 11/21/26',
    '  << Timeline',
    '',
    '  [FAILED] expected 1',
    '  to equal 2',
    '  In [It] at: /x.go:1 @ 11/21/26',
  ].join('\n')
  expect(causeLine(text)).toBe('expected 1 to equal 2')
  expect(causeLine('nothing')).toBe('')
})
