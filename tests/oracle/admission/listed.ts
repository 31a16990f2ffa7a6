/** Where Hutch differs from a stock server on purpose, or in words that are Go's own. */
interface Listed {
  readonly name: RegExp
  readonly place: RegExp
  readonly why: string
}

const listed: readonly Listed[] = [
  {
    name: /nosuch\.invalid/,
    place: /no such host/,
    why: 'a stock server names the name server of its machine',
  },
  {
    name: /params/,
    place: /./,
    why: 'a stock server sees params as soon as its informer of their kind has started: sometimes later than asked',
  },
  { name: /every operation/, place: /name: "gen-/, why: 'generated names' },
]

export function isListed(name: string, place: string): boolean {
  return listed.some(each => each.name.test(name) && each.place.test(place))
}
