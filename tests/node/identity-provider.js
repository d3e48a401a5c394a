// Two identity providers for tests: `oidc-provider`, as the world runs it, and one that lies as it is told.

import { createHash, createHmac, createPrivateKey, createPublicKey, createSign, generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'

import { Provider } from 'oidc-provider'

export const CLIENT = { client_id: 'tenon', client_secret: 'a secret that only the two of us know' }

/** A new RSA key as a private JWK. */
export function newKey(kid) {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return { ...privateKey.export({ format: 'jwk' }), kid, alg: 'RS256', use: 'sig' }
}

/** People by login: what the provider says of each. */
const PEOPLE = {
  li: { email: 'li.wei@acme.example', email_verified: true, name: 'Li Wei', groups: ['crm-sales'] },
  chen: { email: 'chen@acme.example', email_verified: true, name: 'Chen Jing', groups: [] },
  wang: { email: 'wang@acme.example', email_verified: true, name: 'Wang Fang', groups: [] },
  mallory: { email: 'admin@acme.example', email_verified: false, name: 'Mallory', groups: [] },
  stranger: { email: 'eve@elsewhere.example', email_verified: true, name: 'Eve', groups: [] },
}

function listen(handler, port = 0) {
  return new Promise((resolve, reject) => {
    const server = createServer(handler)
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve(server))
  })
}

function close(server) {
  return new Promise((resolve) => {
    server.closeAllConnections()
    server.close(resolve)
  })
}

/** `oidc-provider` on a port of its own: `{ issuer, port, stop }`. */
export async function startProvider({ keys, redirectUri, port = 0 }) {
  let handle
  const server = await listen((request, response) => handle(request, response), port)
  const address = server.address().port
  const issuer = `http://127.0.0.1:${address}`
  const provider = new Provider(issuer, {
    clients: [{ ...CLIENT, redirect_uris: [redirectUri], response_types: ['code'], grant_types: ['authorization_code'] }],
    jwks: { keys },
    pkce: { required: () => true },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'], groups: ['groups'] },
    scopes: ['openid', 'email', 'profile', 'groups'],
    cookies: { keys: ['signs the cookies of a test'] },
    features: { devInteractions: { enabled: true } },
    findAccount: (_, login) => ({ accountId: login, claims: () => ({ sub: login, ...PEOPLE[login] }) }),
  })
  handle = provider.callback()
  return { issuer, port: address, stop: () => close(server) }
}

const base64url = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

/** Signs claims as told: RS256 with a key, or with what nobody should believe. */
export function signed(claims, key, { alg = 'RS256', kid = key.kid, secret } = {}) {
  const text = `${base64url({ alg, typ: 'JWT', kid })}.${base64url(claims)}`
  if (alg === 'none') return `${text}.`
  if (alg === 'HS256') return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`
  return `${text}.${createSign('RSA-SHA256').update(text).sign(createPrivateKey({ key, format: 'jwk' })).toString('base64url')}`
}

/** The public half of a key, as JWK and as the PEM text that careless libraries take for a secret. */
export function publicHalf(key) {
  const publicKey = createPublicKey({ key, format: 'jwk' })
  const { kid, alg, use } = key
  return { jwk: { ...publicKey.export({ format: 'jwk' }), kid, alg, use }, pem: publicKey.export({ type: 'spki', format: 'pem' }) }
}

/**
 * A provider that lies: `make(claims, key)` makes the ID token of the next sign-in. It lets everybody in at once, and keeps
 * count of how often its keys were fetched.
 */
export async function startLiar() {
  const liar = { keys: [newKey('one')], make: signed, fetched: 0, codes: new Map(), answer: {} }
  const reply = (response, body, status = 200) => {
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(JSON.stringify(body))
  }
  const server = await listen(async (request, response) => {
    const url = new URL(request.url, liar.issuer)
    if (url.pathname === '/.well-known/openid-configuration') {
      const at = (path) => `${liar.issuer}${path}`
      return reply(response, {
        issuer: liar.issuer, authorization_endpoint: at('/auth'), token_endpoint: at('/token'), jwks_uri: at('/keys'), ...liar.document,
      })
    }
    if (url.pathname === '/keys') {
      liar.fetched += 1
      return reply(response, { keys: liar.keys.map((key) => publicHalf(key).jwk) })
    }
    if (url.pathname === '/auth') {
      const code = createHash('sha256').update(url.search).digest('hex')
      liar.codes.set(code, url.searchParams)
      const back = new URL(url.searchParams.get('redirect_uri'))
      const answer = { code, state: url.searchParams.get('state'), ...liar.answer }
      for (const [name, value] of Object.entries(answer)) if (value !== undefined) back.searchParams.set(name, value)
      response.writeHead(303, { location: back.href })
      return response.end()
    }
    if (url.pathname === '/token') {
      let body = ''
      for await (const chunk of request) body += chunk
      const asked = liar.codes.get(new URLSearchParams(body).get('code'))
      if (!asked) return reply(response, { error: 'invalid_grant' }, 400)
      const now = Math.floor(Date.now() / 1000)
      const claims = {
        iss: liar.issuer, aud: asked.get('client_id'), sub: 'li', nonce: asked.get('nonce'), iat: now, exp: now + 300,
        email: 'li.wei@acme.example', email_verified: true, name: 'Li Wei',
      }
      return reply(response, { access_token: 'opaque', token_type: 'Bearer', id_token: liar.make(claims, liar.keys.at(-1)) })
    }
    return reply(response, {}, 404)
  })
  liar.issuer = `http://127.0.0.1:${server.address().port}`
  liar.stop = () => close(server)
  return liar
}

/** A browser as far as signing in needs one: it keeps cookies by host and path, and shows where it is sent. */
export class Browser {
  jar = []

  async go(url, options = {}) {
    const { host, pathname } = new URL(url)
    const fits = (cookie) => cookie.host === host && (pathname === cookie.path || pathname.startsWith(cookie.path.replace(/\/?$/, '/')))
    const cookies = this.jar.filter(fits).map(({ name, value }) => `${name}=${value}`).join('; ')
    const headers = { ...options.headers, ...(cookies && { cookie: cookies }) }
    const answer = await fetch(url, { ...options, headers, redirect: 'manual' })
    for (const line of answer.headers.getSetCookie()) this.keep(host, line)
    return answer
  }

  keep(host, line) {
    const [pair, ...rest] = line.split(';').map((part) => part.trim())
    const [name, value] = [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]
    const attribute = (wanted) => rest.find((one) => one.toLowerCase().startsWith(`${wanted}=`))?.slice(wanted.length + 1)
    const path = attribute('path') ?? '/'
    this.jar = this.jar.filter((cookie) => !(cookie.name === name && cookie.host === host && cookie.path === path))
    const gone = attribute('max-age') === '0' || (attribute('expires') && new Date(attribute('expires')) <= new Date())
    if (!gone) this.jar.push({ host, path, name, value, line })
  }

  cookie(name) {
    return this.jar.find((cookie) => cookie.name === name)
  }

  /** Follows redirects until `until(url)` holds, and shows that URL; or the answer that is no redirect. */
  async follow(url, until = () => false) {
    for (let hop = 0; hop < 20; hop += 1) {
      const answer = await this.go(url)
      const location = answer.headers.get('location')
      if (!location) return { url, answer }
      url = new URL(location, url).href
      if (until(url)) return { url }
    }
    throw new Error('too many redirects')
  }

  /** Signs in at `oidc-provider` with its own pages: login, then consent. Shows where it is sent back to. */
  async prove(url, login, until) {
    let place = await this.follow(url, until)
    for (let form = 0; place.answer && form < 3; form += 1) {
      const page = await place.answer.text()
      const prompt = /name="prompt" value="(\w+)"/.exec(page)?.[1]
      if (!prompt) throw new Error(`no form at ${place.url}: ${place.answer.status} ${page.slice(0, 300)}`)
      const action = new URL(/action="([^"]+)"/.exec(page)[1], place.url).href
      const body = new URLSearchParams({ prompt, ...(prompt === 'login' && { login, password: 'any' }) })
      const answer = await this.go(action, { method: 'POST', body })
      place = await this.follow(new URL(answer.headers.get('location'), action).href, until)
    }
    return place.url
  }
}
