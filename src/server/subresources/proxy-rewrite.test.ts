import { expect, test } from 'bun:test'
import { rewriteAddress, rewriteAnswer } from './proxy-rewrite.ts'

const page = { prefix: '/api/v1/namespaces/a/pods/b/proxy', hosts: ['10.42.0.7:80', 'localhost:8001'] }

test('paths of the backend lead through the proxy, everything else stays', () => {
  const cases: Record<string, string> = {
    '/x/?q=1#here': `${page.prefix}/x/?q=1#here`,
    'http://10.42.0.7:80/x': `${page.prefix}/x`,
    '//localhost:8001/x': `${page.prefix}/x`,
    [`${page.prefix}/x`]: `${page.prefix}/x`,
    'relative/x': 'relative/x',
    '#here': '#here',
    'https://example.com/x': 'https://example.com/x',
    'mailto:someone': 'mailto:someone',
  }
  for (const [from, to] of Object.entries(cases)) expect(rewriteAddress(from, page)).toBe(to)
})

const raw = (contentType: string, body: string, headers: Record<string, string> = {}) =>
  ({ kind: 'raw', status: 200, contentType, headers, body }) as const

test('links of an HTML page and redirects are rewritten, other content is not', async () => {
  const html = '<a href="/rewriteme">test</a><img src="/i.png" alt="/alt"><p title="/t">/text</p>'
  const { body } = rewriteAnswer(raw('text/html; charset=utf-8', html), page)
  expect(await new Response(body as string).text()).toBe(
    `<a href="${page.prefix}/rewriteme">test</a><img src="${page.prefix}/i.png" alt="/alt"><p title="/t">/text</p>`,
  )
  expect(rewriteAnswer(raw('text/plain', html), page).body).toBe(html)
  expect(rewriteAnswer(raw('text/html', html, { 'content-encoding': 'gzip' }), page).body).toBe(html)
  expect(rewriteAnswer(raw('text/html', '', { location: '/there' }), page).headers).toEqual({
    location: `${page.prefix}/there`,
  })
})
