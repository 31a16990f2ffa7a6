import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { parseDocument, stringify } from 'yaml'
import { runSteps } from '../../std/turns.ts'
import { readPlainYaml } from './plain-yaml.ts'
import { decodeYaml } from './yaml.ts'

const read = (text: string) => runSteps(readPlainYaml(text))

/** The library alone: a comment is not plain. */
function asLibrary(text: string): unknown {
  return JSON.parse(decodeYaml(`# comment\n${text}`).json)
}

const word = fc.constantFrom(
  ...[
    'a',
    'key',
    'app.io/name',
    'yes',
    'No',
    'null',
    'true',
    '~',
    '1',
    '007',
    '-3',
    '1e3',
    '100m',
    '2Gi',
    '0x1',
  ],
  ...[
    '12:30',
    '2026-01-02',
    '2026-01-02T03:04:05Z',
    'a:b',
    'a: b',
    'x #y',
    "it's",
    "'q'",
    '"q"',
    '{}',
    '[]',
    '',
  ],
  ...[
    '|',
    '|-',
    '>',
    '&a x',
    '*a',
    '!t x',
    '- ',
    '-',
    '? x',
    'a,b',
    '[a]',
    '"a\\nb"',
    "'a''b'",
    'a ',
    '...',
    '---',
  ],
)
const line = fc
  .tuple(
    fc.integer({ min: 0, max: 4 }),
    fc.constantFrom('', '- ', '-  '),
    word,
    fc.constantFrom(': ', ':', '', ': |', ':  '),
    word,
  )
  .map(([indent, dash, key, colon, value]) => `${'  '.repeat(indent)}${dash}${key}${colon}${value}`)
const document = fc.array(
  fc.oneof({ weight: 8, arbitrary: line }, fc.constantFrom('', '  ', '    text', '      more')),
  { maxLength: 8 },
)

const tree = fc.letrec<{ tree: unknown }>(tie => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    fc.oneof(word, fc.boolean(), fc.constant(null), fc.integer(), fc.string({ maxLength: 9 })),
    fc.array(tie('tree'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b-c', 'd/e.f', 'no', '1'), tie('tree'), { maxKeys: 4 }),
  ),
})).tree

const options = fc.record({
  indentSeq: fc.boolean(),
  indent: fc.integer({ min: 2, max: 4 }),
  lineWidth: fc.constantFrom(0, 20),
})
const printed = fc
  .tuple(fc.dictionary(fc.constantFrom('a', 'b', 'c'), tree), options)
  .map(([value, how]) => stringify(value, { ...how, version: '1.1', aliasDuplicateObjects: false }))

/** A printed document with a line changed, moved, or put in. */
const changed = fc
  .tuple(printed, fc.nat(), fc.oneof(line, fc.constantFrom('', '  ', ' ', '    text')), fc.nat({ max: 3 }))
  .map(([text, where, other, how]) => {
    const lines = text.split('\n')
    const at = where % lines.length
    const mine = lines[at]!
    lines.splice(at, 1, ...[[other], [` ${mine}`], [mine, other], [mine.slice(1)]][how]!)
    return lines.join('\n')
  })

test.each([
  ['any lines', document.map(lines => lines.join('\n')), 3],
  ['documents as programs print them, whatever the indentation', printed, 50],
  ['documents with something wrong', changed, 30],
] as const)(
  '%s are read as the library reads them',
  (_name, texts, enough) => {
    let plain = 0
    const property = fc.property(texts, text => {
      const known = read(text)
      if (!known || /^(?:---|\.\.\.)/m.test(text)) return
      plain++
      expect(known.value).toEqual(asLibrary(text))
    })
    fc.assert(property, { numRuns: 1_000 * (enough > 10 ? 1 : 5) })
    expect(plain).toBeGreaterThan(enough)
  },
  60_000,
)

test('what kubectl is given is plain', () => {
  const text = `apiVersion: v1
kind: Pod
metadata:
  name: web
  labels:
    app: web
spec:
  containers:
  - name: web
    image: nginx:1.2
    args: []
    command:
    - sh
    - -c
    resources:
      requests:
        cpu: 100m
        memory: "1Gi"
  restartPolicy: Always

data:
  script: |
    #!/bin/sh
      echo "a: b"

    exit
`
  expect(read(text.replace('    - -c\n', '    - sleep\n'))?.value).toEqual(
    parseDocument(text.replace('    - -c\n', '    - sleep\n')).toJS(),
  )
})

test.each([
  'a: 1\na: 2',
  'a: &x 1',
  'a:\n\tb: 1',
  '# a\na: 1',
  'a: b: c',
  'a: 1.5',
  '__proto__: 1',
  '- - a',
  'a\nb',
  '',
])('%j is left to the library', text => {
  expect(read(text)).toBeUndefined()
})
