// Serves the page, and passes `/t/…` on to Tenon, so that page and API share an origin and no CORS setting is needed.

import { readFile } from 'node:fs/promises'
import { createServer, request as ask, type IncomingMessage, type ServerResponse } from 'node:http'
import { fileURLToPath } from 'node:url'

const tenon = new URL(process.env['TENON_URL'] ?? 'http://127.0.0.1:8080')
const port = Number(process.env['PORT'] ?? 3000)

/** The files there are: nothing else is ever read. */
const FILES: Record<string, [file: string, type: string]> = {
  '/': ['../index.html', 'text/html; charset=utf-8'],
  '/page.js': ['page.js', 'text/javascript'],
  '/opportunities.js': ['opportunities.js', 'text/javascript'],
  '/graphql.js': ['graphql.js', 'text/javascript'],
}

function passOn(incoming: IncomingMessage, outgoing: ServerResponse): void {
  const headers = { ...incoming.headers, host: tenon.host }
  const onward = ask({ hostname: tenon.hostname, port: tenon.port, path: incoming.url, method: incoming.method, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
    answer.pipe(outgoing)
  })
  onward.on('error', () => outgoing.writeHead(502).end(`nobody answers at ${tenon.href}`))
  incoming.pipe(onward)
}

createServer((incoming, outgoing) => {
  const path = new URL(incoming.url ?? '/', 'http://localhost').pathname
  if (path.startsWith('/t/')) return passOn(incoming, outgoing)
  const known = FILES[path]
  if (!known) return void outgoing.writeHead(404).end()
  const [file, type] = known
  readFile(fileURLToPath(new URL(file, import.meta.url)))
    .then((text) => outgoing.writeHead(200, { 'content-type': type }).end(text))
    .catch(() => outgoing.writeHead(500).end())
}).listen(port, '127.0.0.1', () => console.log(`the page: http://127.0.0.1:${port}/`))
