// Starts the `tenon` program on a folder of its own and creates a tenant by the command line, as a person would.
// TENON_TEST_PROGRAM (or TENON_BIN) names the program; otherwise the debug build of this repository is taken.

import { execFile, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const READY_MAX_MS = 30_000
const STOP_MAX_MS = 10_000
const repository = join(dirname(fileURLToPath(import.meta.url)), '..', '..')

/** Where the program is. */
export function program() {
  const { TENON_TEST_PROGRAM, TENON_BIN, CARGO_TARGET_DIR } = process.env
  return TENON_TEST_PROGRAM || TENON_BIN || join(CARGO_TARGET_DIR || join(repository, 'target'), 'debug', 'tenon')
}

/** A server with one tenant: `{ url, endpoint, key, stop }`; `serve` are further words of its command line. */
export async function startTenon({ locale = 'en', currency = 'CNY', name = 'acme', serve = [] } = {}) {
  const data = await mkdtemp(join(tmpdir(), 'tenon-node-'))
  const server = spawn(program(), ['serve', '--data', data, '--listen', '127.0.0.1:0', ...serve], { stdio: ['ignore', 'pipe', 'pipe'] })
  const stop = async () => {
    if (server.exitCode === null && server.signalCode === null) {
      const ended = new Promise((resolve) => server.once('exit', resolve))
      server.kill('SIGTERM')
      const impatient = setTimeout(() => server.kill('SIGKILL'), STOP_MAX_MS)
      await ended
      clearTimeout(impatient)
    }
    await rm(data, { recursive: true, force: true })
  }
  try {
    const url = await listening(server)
    const words = ['tenant', 'create', name, '--data', data, '--locale', locale, '--currency', currency, '--json']
    const { stdout } = await promisify(execFile)(program(), words)
    const created = JSON.parse(stdout)
    return { url, endpoint: `${url}/t/${created.tenant}/graphql`, metadata: `${url}/t/${created.tenant}/metadata`, key: created.apiKey, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** The address the server prints when it is ready. */
function listening(server) {
  return new Promise((resolve, reject) => {
    let said = ''
    const late = setTimeout(() => reject(new Error(`not ready within ${READY_MAX_MS} ms: ${said}`)), READY_MAX_MS)
    const hear = (line) => {
      said += `${line}\n`
      const found = /listening on (http:\/\/\S+)/.exec(line)
      if (found) {
        clearTimeout(late)
        resolve(found[1])
      }
    }
    createInterface({ input: server.stdout }).on('line', hear)
    createInterface({ input: server.stderr }).on('line', hear)
    server.once('error', reject)
    server.once('exit', (code) => reject(new Error(`the server ended with ${code}: ${said}`)))
  })
}

/** `fetch` with the tenant's key, for tools that know nothing of keys. */
export function fetchWithKey(key) {
  return (url, options = {}) => {
    const headers = new Headers(options.headers)
    headers.set('authorization', `Bearer ${key}`)
    return fetch(url, { ...options, headers })
  }
}

/** The data of one request; errors are thrown. */
export async function ask(tenon, query, variables = {}, endpoint = tenon.endpoint) {
  const answer = await fetchWithKey(tenon.key)(endpoint, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json' },
    body: JSON.stringify({ query, variables }),
  })
  const { data, errors } = await answer.json()
  if (errors) throw new Error(JSON.stringify(errors))
  return data
}
