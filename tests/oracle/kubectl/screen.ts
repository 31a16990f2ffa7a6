import type { Words } from '../scenarios/words.ts'
import type { Printed } from './terminal.ts'

/** What a screen shows once everything is replaced that differs between any two runs. */
export function plainScreen({ exitCode, stdout, stderr }: Printed, words: Words): string[] {
  const lines = (text: string, mark: string) =>
    words
      .rename(patterns(text))
      .split('\n')
      .map(line => mark + line.trimEnd())
  const ended = exitCode === 0 ? [] : [`exit ${exitCode}`]
  const all = [...lines(stdout, ''), ...lines(withoutChanges(stderr), '! '), ...ended]
  return all.filter(line => !/^(?:! )?$/.test(line))
}

/**
 * What changed of a pod that may hardly change: upstream shows a diff of its internal structs in a layout that its
 * library changes from run to run so that nobody relies on it, Hutch the paths.
 */
function withoutChanges(text: string): string {
  return text.replaceAll(changes, '$1\n<changes>\n')
}

const changes =
  /^(.* pod updates may not change fields other than .*)\n(?:(?:[ \t\u00a0@+}{-]|spec\.).*\n+)+/gm

function patterns(text: string): string {
  return (
    text
      .replaceAll(/eyJ[\w-]+\.[\w-]+\.[\w-]+/g, '<token>')
      .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, '<time>')
      .replaceAll(/\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}/g, '<time>')
      .replaceAll(/^[IWEF]\d{4} [\d:.]+ +\d+ ([\w.]+):\d+\]/gm, '<log> $1]')
      .replaceAll(/"?resourceVersion"?: "\d+"/g, 'resourceVersion: <version>')
      .replaceAll(/https:\/\/[\d.]+:\d+/g, '<server>')
      .replaceAll(/("serverAddress":")[\d.]+:\d+/g, '$1<server>')
      .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)? \+0000(?: UTC)?/g, '<time>')
      .replaceAll(/\bResource Version: +\d+/g, 'Resource Version: <version>')
      .replaceAll(/(?<=debugger(?:-node-[123])?-)[a-z0-9]{5}\b/g, '<suffix>')
      .replaceAll(/\b0x[0-9a-f]{2,}\??/g, '<pointer>')
      .replaceAll(/Key: [^,]*,/g, 'Key: <key>,')
      // Both print the object that they could not use, each with its own versions and times.
      .replaceAll(/(Invalid value: )"\{(?:[^"\\]|\\.)*\}"/g, '$1<object>')
      .replaceAll(/(?<=request(?:":|\\":)\\?")LS0t[\w+/=]+/g, '<request>')
      .replaceAll(/\/tmp\/(LIVE|MERGED)-\d+/g, '/tmp/$1')
      .replaceAll(/\/tmp\/(?:hutch-kubectl-)\w+\/(?:ours|theirs)\/[\w-]+/g, '<home>')
      // How often an event was counted before the screen was made depends on the moment.
      .replaceAll(/ \(x\d+ over [^)]*\)/g, '')
      .replaceAll(/\+hutch\d*/g, '')
      .replaceAll(/\b(IPv4 +)\d+/g, '$1<port>')
      // From the range of node ports.
      .replaceAll(/\b3[0-2]\d{3}\b/g, '<port>')
      .replaceAll(/(?<![\w.-])(?:\d+(?:d|h|ms|m|s|µs)){1,2}(?![\w.-])/g, '<age>')
      // How wide a column is depends on what has been replaced.
      .replaceAll(/(?<=\S) {2,}/g, '  ')
  )
}

/** Where two screens differ, as `ours | theirs`: lines that only one of them shows, pairwise. */
export function compareScreens(
  ours: readonly string[],
  theirs: readonly string[],
  unordered = false,
): string[] {
  const [mine, other] = [without(ours, theirs), without(theirs, ours)]
  if (mine.length + other.length === 0)
    return unordered || ours.join('\n') === theirs.join('\n') ? [] : ['the order of lines']
  return Array.from(
    { length: Math.max(mine.length, other.length) },
    (_, i) => `${show(mine[i])} | ${show(other[i])}`,
  )
}

function show(line: string | undefined): string {
  return line === undefined ? 'absent' : JSON.stringify(line)
}

/** The lines of `a` that `b` does not have, as often as it lacks them. */
function without(a: readonly string[], b: readonly string[]): string[] {
  const left = new Map<string, number>()
  for (const line of b) left.set(line, (left.get(line) ?? 0) + 1)
  return a.filter(line => {
    const count = left.get(line) ?? 0
    left.set(line, count - 1)
    return count <= 0
  })
}
