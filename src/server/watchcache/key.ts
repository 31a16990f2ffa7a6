import type { StorageLocation } from '../../api/define.ts'

type Location = Pick<StorageLocation, 'group' | 'plural'>

/** The folder of a resource, or of a resource in one namespace; ends with a slash. */
export function collectionPrefix({ group, plural }: Location, namespace = ''): string {
  const folder = `/registry/${group === '' ? 'core' : group}/${plural}/`
  return namespace === '' ? folder : `${folder}${namespace}/`
}

/** The folder of the kind that a key is of: `/registry/core/pods/` of `/registry/core/pods/default/web`. */
export function kindFolder(key: string): string {
  const group = key.indexOf('/', 1) + 1
  const plural = key.indexOf('/', group) + 1
  return key.slice(0, key.indexOf('/', plural) + 1)
}

/** Where one object lies. Cluster-scoped objects have no namespace. */
export function objectKey(location: Location, namespace: string | undefined, name: string): string {
  return collectionPrefix(location, namespace) + name
}

/** Whether `prefix`, a folder (ending with `/`, or empty for everything) or one whole key, takes in `key`. */
export function covers(prefix: string, key: string): boolean {
  return prefix === '' || (prefix.endsWith('/') ? key.startsWith(prefix) : key === prefix)
}

/** The watched prefixes that cover `key`, found by its path: the cost does not grow with their number. */
export function* coveringPrefixes(watched: ReadonlyMap<string, unknown>, key: string): Iterable<string> {
  if (watched.has('')) yield ''
  for (let slash = key.indexOf('/'); slash !== -1; slash = key.indexOf('/', slash + 1)) {
    const folder = key.slice(0, slash + 1)
    if (watched.has(folder)) yield folder
  }
  if (!key.endsWith('/') && watched.has(key)) yield key
}
