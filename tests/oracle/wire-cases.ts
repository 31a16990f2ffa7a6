/** Requests as no client library sends them, byte by byte. Behind each comes one more that asks for the connection's end. */

export interface WireCase {
  readonly name: string
  readonly pieces: readonly string[]
}

const host = 'Host: k8s\r\n'
const closing = `GET /version?behind HTTP/1.1\r\n${host}Connection: close\r\n\r\n`
const pods = '/api/v1/namespaces/default/pods'
const reviews = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews'
const review = '{"spec":{"nonResourceAttributes":{"path":"/","verb":"get"}}}'
const json = 'Content-Type: application/json\r\n'
const sized = (body: string) => `Content-Length: ${body.length}\r\n\r\n${body}`
const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`
const chunks = 'Transfer-Encoding: chunked\r\n'

const one = (name: string, request: string): WireCase => ({ name, pieces: [request + closing] })
/** Headers of a GET of the version. */
const headed = (name: string, headers: string, line = 'GET /version HTTP/1.1'): WireCase =>
  one(name, `${line}\r\n${headers}\r\n`)
const posted = (name: string, headers: string, body: string): WireCase =>
  one(name, `POST ${reviews} HTTP/1.1\r\n${host}${json}${headers}\r\n${body}`)

const lines: readonly (readonly [name: string, line: string])[] = [
  ['HTTP/1.0', 'GET /version HTTP/1.0'],
  ['HTTP/1.2', 'GET /version HTTP/1.2'],
  ['HTTP/2.0', 'GET /version HTTP/2.0'],
  ['HTTP/3.0', 'GET /version HTTP/3.0'],
  ['HTTP/0.9', 'GET /version HTTP/0.9'],
  ['no version', 'GET /version'],
  ['a version of nothing', 'GET /version HTTP/x'],
  ['a version in small letters', 'GET /version http/1.1'],
  ['two spaces', 'GET  /version HTTP/1.1'],
  ['a space behind', 'GET /version HTTP/1.1 '],
  ['a space before', ' GET /version HTTP/1.1'],
  ['a tab', 'GET\t/version\tHTTP/1.1'],
  ['a space in the path', 'GET /ver sion HTTP/1.1'],
  ['an absolute target', 'GET http://elsewhere/version HTTP/1.1'],
  ['an absolute target of HTTPS', 'GET https://elsewhere/version HTTP/1.1'],
  ['a path without its slash', 'GET version HTTP/1.1'],
  ['two slashes', 'GET //version HTTP/1.1'],
  ['a dotted path', 'GET /apis/../version HTTP/1.1'],
  ['a fragment', 'GET /version#part HTTP/1.1'],
  ['a null in the path', 'GET /version%00 HTTP/1.1'],
  ['a raw null in the path', 'GET /version\0 HTTP/1.1'],
  ['raw bytes in the path', 'GET /version\xff HTTP/1.1'],
  ['a control in the path', 'GET /version\x01 HTTP/1.1'],
  ['a broken escape', 'GET /version%zz HTTP/1.1'],
  ['an asterisk', 'GET * HTTP/1.1'],
  ['an authority', 'GET k8s:443 HTTP/1.1'],
  ['OPTIONS of all', 'OPTIONS * HTTP/1.1'],
  ['OPTIONS', 'OPTIONS /version HTTP/1.1'],
  ['TRACE', 'TRACE /version HTTP/1.1'],
  ['CONNECT of a host', 'CONNECT k8s:443 HTTP/1.1'],
  ['CONNECT of a path', 'CONNECT /version HTTP/1.1'],
  ['CONNECT of pods', `CONNECT ${pods} HTTP/1.1`],
  ['PRI', 'PRI * HTTP/2.0'],
  ['HEAD', 'HEAD /version HTTP/1.1'],
  ['HEAD of what is not there', `HEAD ${pods}/none HTTP/1.1`],
  ['HEAD of a list', `HEAD ${pods} HTTP/1.1`],
  ['a method of its own', 'BREW /version HTTP/1.1'],
  ['a method of its own of pods', `BREW ${pods} HTTP/1.1`],
  ['a method in small letters', 'get /version HTTP/1.1'],
  ['a method that is no word', 'G(T /version HTTP/1.1'],
  ['a long method', `${'A'.repeat(300)} /version HTTP/1.1`],
  ['a line of 100 kB', `GET /version?${'a'.repeat(100_000)} HTTP/1.1`],
  ['a line of 900 kB', `GET /version?${'a'.repeat(900_000)} HTTP/1.1`],
  ['a line of 1.2 MB', `GET /version?${'a'.repeat(1_200_000)} HTTP/1.1`],
]

const fields: readonly (readonly [name: string, headers: string])[] = [
  ['no Host', ''],
  ['an empty Host', 'Host: \r\n'],
  ['two Hosts', `${host}${host}`],
  ['two other Hosts', `${host}Host: other\r\n`],
  ['a Host of odd signs', 'Host: a b\r\n'],
  ['a Host with a path', 'Host: a/b\r\n'],
  ['a Host with a user', 'Host: a@b\r\n'],
  ['a Host with quotes', 'Host: "a"\r\n'],
  ['a Host beyond ASCII', 'Host: \xe9\r\n'],
  ['a space before the colon', `${host}X-A : b\r\n`],
  ['a space before the name', `${host} X-A: b\r\n`],
  ['a folded header', `${host}X-A: b\r\n  c\r\n`],
  ['no colon', `${host}X-A\r\n`],
  ['no name', `${host}: b\r\n`],
  ['a name of odd signs', `${host}X(A): b\r\n`],
  ['a name beyond ASCII', `${host}X\xe9: b\r\n`],
  ['a name with a null', `${host}X\0: b\r\n`],
  ['a value with a null', `${host}X-A: b\0c\r\n`],
  ['a value with a control', `${host}X-A: b\x01c\r\n`],
  ['a value with a lone return', `${host}X-A: b\rc\r\n`],
  ['a value beyond ASCII', `${host}X-A: \xe9\r\n`],
  ['an empty value', `${host}X-A:\r\n`],
  ['a tab around the value', `${host}X-A:\tb\t\r\n`],
  ['bare line feeds', 'Host: k8s\nX-A: b\n'],
  ['names like members of objects', `${host}__proto__: a\r\nconstructor: b\r\n`],
  ['200 headers', `${host}${Array.from({ length: 200 }, (_, at) => `X-${at}: ${at}\r\n`).join('')}`],
  ['3,000 headers', `${host}${Array.from({ length: 3_000 }, (_, at) => `X-${at}: ${at}\r\n`).join('')}`],
  ['a header of 10 kB', `${host}X-A: ${'b'.repeat(10_000)}\r\n`],
  ['a header of 100 kB', `${host}X-A: ${'b'.repeat(100_000)}\r\n`],
  ['a header of 900 kB', `${host}X-A: ${'b'.repeat(900_000)}\r\n`],
  ['a header of 1.2 MB', `${host}X-A: ${'b'.repeat(1_200_000)}\r\n`],
  [
    'a wish to upgrade to HTTP/2',
    `${host}Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n`,
  ],
  ['a wish to upgrade to what is not there', `${host}Connection: Upgrade\r\nUpgrade: smoke/1.0\r\n`],
  [
    'a wish to speak WebSocket',
    `${host}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n`,
  ],
  ['a wish to speak SPDY', `${host}Connection: Upgrade\r\nUpgrade: SPDY/3.1\r\n`],
  ['Connection: close', `${host}Connection: close\r\n`],
  ['Connection: keep-alive', `${host}Connection: keep-alive\r\n`],
  ['Connection of odd words', `${host}Connection: ,, ;\r\n`],
  ['Expect without a body', `${host}Expect: 100-continue\r\n`],
  ['an unknown expectation', `${host}Expect: tea\r\n`],
  ['TE', `${host}TE: trailers, deflate\r\n`],
  ['a coding that nobody knows', `${host}Accept-Encoding: br;q=1, *;q=0\r\n`],
  ['two authorizations', `${host}Authorization: Bearer a\r\nAuthorization: Bearer b\r\n`],
]

const bodies: readonly (readonly [name: string, headers: string, body: string])[] = [
  ['a body', `Content-Length: ${review.length}\r\n`, review],
  ['no length', '', ''],
  ['a length of 0', 'Content-Length: 0\r\n', ''],
  ['a length with a plus', `Content-Length: +${review.length}\r\n`, review],
  ['a length below 0', 'Content-Length: -1\r\n', ''],
  ['a length of a word', 'Content-Length: a\r\n', ''],
  ['a length in hexadecimal', 'Content-Length: 0x10\r\n', ''],
  ['an empty length', 'Content-Length: \r\n', ''],
  ['a length beyond numbers', `Content-Length: ${'9'.repeat(30)}\r\n`, ''],
  ['a length with spaces', `Content-Length: ${review.length} \r\n`, review],
  [
    'the same length twice',
    `Content-Length: ${review.length}\r\nContent-Length: ${review.length}\r\n`,
    review,
  ],
  ['two lengths', `Content-Length: ${review.length}\r\nContent-Length: 3\r\n`, review],
  ['lengths in one line', `Content-Length: ${review.length}, ${review.length}\r\n`, review],
  ['chunks', chunks, `${chunk(review.slice(0, 10))}${chunk(review.slice(10))}0\r\n\r\n`],
  ['chunks with trailers', chunks, `${chunk(review)}0\r\nX-Sum: 1\r\n\r\n`],
  ['chunks with a trailer that frames', chunks, `${chunk(review)}0\r\nContent-Length: 7\r\n\r\n`],
  ['chunks with extensions', chunks, `${review.length.toString(16)};a=b;c="d"\r\n${review}\r\n0;x\r\n\r\n`],
  ['chunks with zeroes before', chunks, `0000${review.length.toString(16)}\r\n${review}\r\n000\r\n\r\n`],
  ['chunks in capitals', chunks, `${review.length.toString(16).toUpperCase()}\r\n${review}\r\n0\r\n\r\n`],
  ['a chunk of no number', chunks, `zz\r\n${review}\r\n0\r\n\r\n`],
  ['a chunk below 0', chunks, `-1\r\n${review}\r\n0\r\n\r\n`],
  ['a chunk in 0x', chunks, `0x3c\r\n${review}\r\n0\r\n\r\n`],
  ['a chunk beyond numbers', chunks, `fffffffffffffffff\r\n${review}\r\n0\r\n\r\n`],
  ['a chunk that is longer', chunks, `${(review.length - 2).toString(16)}\r\n${review}\r\n0\r\n\r\n`],
  ['chunks between line feeds', chunks, `${review.length.toString(16)}\n${review}\n0\n\n`],
  ['a chunk without a size', chunks, `\r\n${review}\r\n0\r\n\r\n`],
  ['no end of the chunks', chunks, chunk(review)],
  ['chunks and a length', `Content-Length: 3\r\n${chunks}`, `${chunk(review)}0\r\n\r\n`],
  ['a length and chunks', `${chunks}Content-Length: 3\r\n`, `${chunk(review)}0\r\n\r\n`],
  ['chunks twice', `${chunks}${chunks}`, `${chunk(review)}0\r\n\r\n`],
  ['chunked, chunked', 'Transfer-Encoding: chunked, chunked\r\n', `${chunk(review)}0\r\n\r\n`],
  ['gzip, chunked', 'Transfer-Encoding: gzip, chunked\r\n', `${chunk(review)}0\r\n\r\n`],
  ['a transfer of gzip', 'Transfer-Encoding: gzip\r\n', sized(review)],
  ['a transfer of identity', `Transfer-Encoding: identity\r\nContent-Length: ${review.length}\r\n`, review],
  ['Chunked in capitals', 'Transfer-Encoding: CHUNKED\r\n', `${chunk(review)}0\r\n\r\n`],
  ['chunked behind a control', 'Transfer-Encoding: \x0bchunked\r\n', `${chunk(review)}0\r\n\r\n`],
  ['an empty transfer', 'Transfer-Encoding: \r\n', ''],
  ['an unknown expectation', `Expect: tea\r\nContent-Length: ${review.length}\r\n`, review],
  ['a coding of the content', `Content-Encoding: gzip\r\nContent-Length: ${review.length}\r\n`, review],
]

/** All of them, each by its name. */
export const wireCases: readonly WireCase[] = [
  ...lines.map(([name, line]) => headed(`line: ${name}`, host, line)),
  headed('line: HTTP/1.0 that stays', `${host}Connection: keep-alive\r\n`, 'GET /version HTTP/1.0'),
  headed('line: HTTP/1.0 without Host', '', 'GET /version HTTP/1.0'),
  one('line: line feeds before', `\r\n\r\nGET /version HTTP/1.1\r\n${host}\r\n`),
  one('line: bare line feeds', `GET /version HTTP/1.1\n${host}\r\n`),
  one('line: nothing but line feeds', '\r\n\r\n\r\n\r\n'),
  one('line: bytes of nothing', '\x00\x01\x02\x03\r\n\r\n'),
  one('line: TLS within TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n'),
  ...fields.map(([name, headers]) => headed(`header: ${name}`, headers)),
  one('body: of a GET', `GET /version HTTP/1.1\r\n${host}Content-Length: 5\r\n\r\nhello`),
  ...bodies.map(([name, headers, body]) => posted(`body: ${name}`, headers, body)),
  {
    name: 'body: Expect, and then the body',
    pieces: [
      `POST ${reviews} HTTP/1.1\r\n${host}${json}Expect: 100-continue\r\nContent-Length: ${review.length}\r\n\r\n`,
      review + closing,
    ],
  },
  {
    name: 'body: Expect, and who may not',
    pieces: [
      `POST ${pods}/none/nothing HTTP/1.1\r\n${host}${json}Expect: 100-continue\r\nContent-Length: ${review.length}\r\n\r\n`,
      review + closing,
    ],
  },
  { name: 'body: in pieces', pieces: [`POST ${reviews} HTTP/1.1\r\n${host}${json}`, sized(review), closing] },
  {
    name: 'line: in pieces',
    pieces: ['GE', 'T /vers', `ion HTTP/1.1\r\nHo`, 'st: k8s\r\n\r', `\n${closing}`],
  },
  one(
    'behind each other: reads and writes',
    `GET /version HTTP/1.1\r\n${host}\r\nPOST ${reviews} HTTP/1.1\r\n${host}${json}${sized(review)}GET ${pods}/none HTTP/1.1\r\n${host}\r\n`,
  ),
  one('behind each other: HEAD', `HEAD /version HTTP/1.1\r\n${host}\r\nGET /livez HTTP/1.1\r\n${host}\r\n`),
  { name: 'PRI', pieces: ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', `\0\0\0\x04\0\0\0\0\0${closing}`] },
]
