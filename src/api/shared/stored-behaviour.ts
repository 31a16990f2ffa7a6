import type { JsonObject, KubeObject } from '../../machinery/meta/object.ts'
import type { Conversion, Strategy, StrategyContext } from '../define.ts'
import type { Behaviour, Cell } from '../define-resource.ts'

/**
 * The behaviour of an older version whose objects upstream judges in their newest form: what `behaviour` says of stored
 * objects, said of theirs. Complaints name the paths of the newest form, as upstream's do.
 */
export function storedBehaviour<T extends KubeObject>(
  behaviour: Behaviour<T>,
  conversion: Conversion,
): Behaviour<T> {
  const { strategy, subresources = {}, cells = {} } = behaviour
  const through = (own: Strategy<T>) => storedStrategy(own, conversion)
  return {
    ...behaviour,
    conversion,
    ...(strategy && { strategy: through(strategy) }),
    subresources: Object.fromEntries(
      Object.entries(subresources).map(([name, each]) => [
        name,
        { ...each, ...(each.strategy && { strategy: through(each.strategy) }) },
      ]),
    ),
    cells: Object.fromEntries(
      Object.entries(cells).map(([name, cell]): [string, Cell<T>] => [
        name,
        (object, nowMs) => cell(conversion.toStorage(object) as T, nowMs),
      ]),
    ),
  }
}

/** Those hooks of a strategy that look into an object, shown its stored form; what they change there is changed here. */
function storedStrategy<T extends KubeObject>(
  strategy: Strategy<T>,
  { toStorage, fromStorage }: Conversion,
): Strategy<T> {
  const stored = (object: T) => toStorage(structuredClone(object)) as T
  const change = (object: T, by: (stored: T) => void) => {
    const form = stored(object)
    by(form)
    replace(object, fromStorage(form))
  }
  const { setDefaults, prepareForCreate, prepareForUpdate } = strategy
  const { validate, validateUpdate, validateInNamespace } = strategy
  return {
    ...strategy,
    ...(setDefaults && { setDefaults: (object: T) => change(object, setDefaults) }),
    ...(prepareForCreate && {
      prepareForCreate: (object: T, context: StrategyContext) =>
        change(object, form => prepareForCreate(form, context)),
    }),
    ...(prepareForUpdate && {
      prepareForUpdate: (object: T, old: T, context: StrategyContext) =>
        change(object, form => prepareForUpdate(form, stored(old), context)),
    }),
    ...(validate && { validate: (object, errors) => validate(stored(object), errors) }),
    ...(validateUpdate && {
      validateUpdate: (object, old, errors) => validateUpdate(stored(object), stored(old), errors),
    }),
    ...(validateInNamespace && {
      validateInNamespace: (object, old, labels, errors) =>
        validateInNamespace(stored(object), old && stored(old), labels, errors),
    }),
  }
}

function replace(object: KubeObject, by: KubeObject): void {
  const target = object as unknown as JsonObject
  for (const key of Object.keys(target)) if (!Object.hasOwn(by, key)) delete target[key]
  Object.assign(target, by)
}
