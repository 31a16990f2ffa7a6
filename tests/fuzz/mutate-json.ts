import type { Dice } from './dice.ts'
import { hostileTexts, hostileValues } from './hostile.ts'

type Container = Record<string, unknown> | unknown[]

/** A copy of a JSON value with one to four changes of its structure. */
export function mutateJson(dice: Dice, value: unknown): unknown {
  const holder = { root: structuredClone(value) }
  const changes = 1 + dice.number(4)
  for (let i = 0; i < changes; i++) {
    const found = places(holder)
    if (found.length > 0) change(dice, ...dice.pick(found))
  }
  // Nothing at all is no body.
  return holder.root ?? null
}

/** Every value inside, as its container and key. */
function places(container: Container): [Container, string | number][] {
  const found: [Container, string | number][] = []
  const visit = (at: Container) => {
    for (const key of Array.isArray(at) ? at.keys() : Object.keys(at)) {
      found.push([at, key])
      const inner = (at as Record<string | number, unknown>)[key]
      if (typeof inner === 'object' && inner !== null) visit(inner as Container)
    }
  }
  visit(container)
  return found
}

type Change = (dice: Dice, parent: Record<string | number, unknown>, key: string | number) => void

const changes: readonly Change[] = [
  (dice, parent, key) => {
    parent[key] = structuredClone(dice.pick(hostileValues))
  },
  (dice, parent, key) => {
    parent[key] = dice.pick(hostileTexts)
  },
  (_dice, parent, key) => {
    if (Array.isArray(parent)) parent.splice(Number(key), 1)
    else delete parent[key]
  },
  (dice, parent, key) => {
    const inner = parent[key]
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return
    define(inner, dice.pick(hostileTexts), structuredClone(dice.pick(hostileValues)))
  },
  (_dice, parent, key) => {
    parent[key] = [parent[key], structuredClone(parent[key])]
  },
  (_dice, parent, key) => {
    parent[key] = { [key]: parent[key] }
  },
  (dice, parent, key) => {
    let nested: unknown = parent[key]
    for (let depth = dice.number(200); depth > 0; depth--)
      nested = dice.chance(0.5) ? [nested] : { a: nested }
    parent[key] = nested
  },
  (dice, parent, key) => {
    if (typeof parent[key] === 'string') parent[key] = `${parent[key]}${dice.pick(hostileTexts)}`
  },
  (dice, parent, key) => {
    if (typeof parent[key] === 'number') parent[key] = dice.pick([-1, 0, 2 ** 31, 2 ** 53 + 2, 1e300, 0.1])
  },
]

function change(dice: Dice, parent: Container, key: string | number): void {
  dice.pick(changes)(dice, parent as Record<string | number, unknown>, key)
}

/** `__proto__` becomes a key like any other. */
function define(target: object, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true })
}
