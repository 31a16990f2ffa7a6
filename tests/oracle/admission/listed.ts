/** Where Hutch differs from a stock server on purpose, or in words that are Go's own. */
interface Listed {
  readonly name: RegExp
  readonly place: RegExp
  readonly why: string
}

const listed: readonly Listed[] = [
  {
    name: /other-version|no-json|patch-no-json/,
    place: /message/,
    why: "the words of Go's JSON decoder and of its type converter",
  },
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
  {
    name: /^scale$/,
    place: /managedFields/,
    why: 'field managers of the scale subresource are of rest/scale.ts',
  },
  {
    name: /^scale$/,
    place: /object\.(metadata\.(uid|creationTimestamp)|status\.selector)/,
    why: 'a stock server shows a Scale as it was sent, Hutch as it would be stored',
  },
  {
    name: /^tokens and evictions$/,
    place: /managedFields|expirationSeconds|boundObjectRef|expirationTimestamp/,
    why: 'a TokenRequest is defaulted when the token is made, after admission',
  },
  { name: /equivalent version/, place: /currentMetrics/, why: 'null or absent in a status that is empty' },
]

export function isListed(name: string, place: string): boolean {
  return listed.some(each => each.name.test(name) && each.place.test(place))
}
