import { numError } from '../../machinery/meta/strconv.ts'
import type { Routes } from '../http/routes.ts'

const page = `<html>
<head>
<title>/debug/flags/</title>
</head>
<body>
/debug/flags/<br>
<br>
flags:<br>
<table>
<tr>v<br>
</table>
<br>
full flags configurable<br>
</body>
</html>
`

/** `/debug/flags/v`: how much is logged, to be changed while the server runs (apiserver pkg/server/routes/flags.go). */
export function mountFlags(routes: Routes, setVerbosity: (level: number) => void): void {
  routes.all('/debug/flags/v', c => {
    if (c.req.method !== 'PUT') return c.text('unsupported http method', 406, plain)
    const { body } = c.env.context
    const text = body.kind === 'bytes' ? Buffer.from(body.bytes).toString() : ''
    if (!/^\d{1,9}$/.test(text)) return c.text(fault(text), 400, plain)
    setVerbosity(Number(text))
    return c.text(`successfully set klog.logging.verbosity to ${text}`, 200, plain)
  })
  for (const path of ['/debug/flags', '/debug/flags/', '/debug/flags/*'])
    routes.all(path, c => c.body(page, 200, html))
}

const html = { 'content-type': 'text/html; charset=utf-8' }
const plain = { 'content-type': 'text/plain', 'x-content-type-options': 'nosniff' }

function fault(text: string): string {
  const why = /^\d+$/.test(text) ? 'value out of range' : 'invalid syntax'
  return numError('ParseUint', text, why)
}
