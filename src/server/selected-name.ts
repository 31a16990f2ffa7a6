/**
 * The name that a list or watch is restricted to by its field selector, or ''. A collection request for exactly one
 * name is authorized as a request for that name (apiserver RequestInfoFactory); nodes read their pods' objects so.
 */
export function selectedName(verb: string, fieldSelector: string | null | undefined): string {
  if (!fieldSelector || (verb !== 'list' && verb !== 'watch')) return ''
  const match = /(?:^|,)metadata\.name==?([^,!=]+)(?:,|$)/.exec(fieldSelector)
  const name = match?.[1] ?? ''
  return name === '.' || name === '..' || /[/%]/.test(name) ? '' : name
}
