import {
  type Catalog,
  type CatalogChange,
  placeOf,
  type ServedResource,
  servedWith,
} from '../../client/catalog.ts'
import type { Cancel } from '../../std/ports.ts'

type Follow = (resource: ServedResource) => Cancel

/** What one has to be able to do with a kind to clean it up. Events own nothing, are owned by nothing and are too many. */
const verbs = ['delete', 'list', 'watch'] as const
const tooMany: ReadonlySet<string> = new Set(['events'])

interface Followed {
  readonly resource: ServedResource
  readonly stop: Cancel
}

/**
 * Calls `follow` for every wanted kind that can be deleted, also for those that come later, as soon as there is something
 * of it: of a thousand custom kinds most are never used, and their informers would hold more than their definitions. What
 * `follow` answered is called when the kind is served no more, or in another version.
 */
export function followKinds(
  catalog: Catalog,
  isWanted: (resource: ServedResource) => boolean,
  follow: Follow,
): Cancel {
  const followed = new Map<string, Followed>()
  const isOurs = (resource: ServedResource) => !tooMany.has(resource.plural) && isWanted(resource)
  const begin = (place: string, resource: ServedResource) =>
    followed.set(place, { resource, stop: onceUsed(catalog, resource, follow) })
  const update = () => {
    const wanted = new Map(
      servedWith(catalog, ...verbs)
        .filter(isOurs)
        .map(each => [placeOf(each), each]),
    )
    for (const [place, { resource, stop }] of followed) {
      const found = wanted.get(place)
      if (found && isSame(found, resource)) wanted.delete(place)
      else if (followed.delete(place)) stop()
    }
    for (const [place, resource] of wanted) begin(place, resource)
  }
  update()
  return catalog.onChange(change => {
    const added = change && newKind(change, followed)
    if (!added) update()
    else if (verbs.every(verb => added.verbs.includes(verb)) && isOurs(added)) begin(placeOf(added), added)
  })
}

/** A kind that was not there in any version: thousands may come one by one, and to look at all each time takes the square. */
function newKind(
  { type, resource }: CatalogChange,
  followed: ReadonlyMap<string, unknown>,
): ServedResource | undefined {
  return type === 'added' && !followed.has(placeOf(resource)) ? resource : undefined
}

/** The same kind of the same server: another one keeps what it has elsewhere. */
function isSame(a: ServedResource, b: ServedResource): boolean {
  const isNamedAlike = a.group === b.group && a.version === b.version && a.plural === b.plural
  return isNamedAlike && (a.storage === undefined) === (b.storage === undefined)
}

function onceUsed(catalog: Catalog, resource: ServedResource, follow: Follow): Cancel {
  let stop: Cancel | undefined
  const start = () => {
    stop = follow(resource)
  }
  const callOff = catalog.whenUsed?.(resource, start)
  if (!callOff) start()
  return () => {
    callOff?.()
    stop?.()
  }
}
