import { isMap } from '../../machinery/meta/json.ts'

type Step = (value: unknown) => unknown

/** A reader of kubectl's simple JSONPath: `.spec.a`, `['a.b']`, `[0]`, `[*]`, `[?(@.type=="Ready")].status`. First match. */
export function jsonPath(text: string): (object: unknown) => unknown {
  const steps = parse(text)
  return object =>
    steps.reduce<unknown>((value, step) => (value === undefined ? undefined : step(value)), object)
}

const tokens =
  /\.((?:\\.|[^.[\]\\])+)|\[\s*(?:'((?:[^'])*)'|"([^"]*)"|(-?\d+|\*)|\?\(\s*@\.([\w.]+)\s*==\s*["']([^"']*)["']\s*\))\s*\]/g

function parse(text: string): Step[] {
  const steps: Step[] = []
  for (const [, name, quoted, quoted2, index, field, wanted] of text.matchAll(tokens)) {
    const key = name?.replace(/\\(.)/g, '$1') ?? quoted ?? quoted2
    if (key !== undefined) steps.push(value => (isMap(value) ? value[key] : undefined))
    else if (index !== undefined) steps.push(value => at(value, index))
    else if (field !== undefined) steps.push(value => firstWith(value, jsonPath(`.${field}`), wanted))
  }
  return steps
}

function at(value: unknown, index: string): unknown {
  if (!Array.isArray(value)) return undefined
  return index === '*' ? value[0] : value.at(Number(index))
}

function firstWith(value: unknown, read: (item: unknown) => unknown, wanted: string | undefined): unknown {
  return Array.isArray(value) ? value.find(item => String(read(item)) === wanted) : undefined
}
