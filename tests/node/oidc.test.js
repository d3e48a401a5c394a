// Signing in through identity providers: `oidc-provider` end to end, and one that lies in every way we know.

import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'

import { Browser, CLIENT, newKey, publicHalf, signed, startLiar, startProvider } from './identity-provider.js'
import { fetchWithKey, startTenon } from './tenon.js'

let tenon
const at = (path) => `${tenon.tenantUrl}/${path}`

before(async () => {
  tenon = await startTenon({ serve: ['--private-providers'] })
  tenon.tenantUrl = tenon.endpoint.replace(/\/graphql$/, '')
})
after(() => tenon?.stop())

/** Calls a door with the administrator's key. */
async function call(method, path, body) {
  const headers = body ? { 'content-type': 'application/json' } : {}
  const answer = await fetchWithKey(tenon.key)(at(path), { method, headers, body: body && JSON.stringify(body) })
  const text = await answer.text()
  return { status: answer.status, body: text ? JSON.parse(text) : null }
}

async function setUp(name, settings) {
  const { status, body } = await call('PUT', `providers/${name}`, settings)
  assert.equal(status, 200, JSON.stringify(body))
  return body
}

const isCallback = (name) => (url) => url.startsWith(at(`oidc/${name}/callback`))

/** Who a browser is signed in as; null where it is not. */
async function whoAmI(browser) {
  const answer = await browser.go(at('session'))
  return answer.status === 200 ? await answer.json() : null
}

describe('oidc-provider', () => {
  let provider, settings
  let keys = [newKey('first')]

  before(async () => {
    provider = await startProvider({ keys, redirectUri: at('oidc/corp/callback') })
    settings = {
      label: 'Company account', issuer: provider.issuer, clientId: CLIENT.client_id, clientSecret: CLIENT.client_secret,
      scopes: ['email', 'profile', 'groups'], domains: ['acme.example'], joining: 'create', roles: [],
    }
    const shown = await setUp('corp', settings)
    assert.equal(shown.redirectUri, at('oidc/corp/callback'))
    assert.equal(shown.hasSecret, true)
    assert.equal(JSON.stringify(shown).includes(CLIENT.client_secret), false, 'a secret is never shown')
  })
  after(() => provider?.stop())

  it('is offered to who is not signed in, by name and label only', async () => {
    const answer = await fetch(at('oidc'))
    assert.deepEqual(await answer.json(), {
      providers: [{ name: 'corp', label: 'Company account', start: new URL(at('oidc/corp/start')).pathname }],
    })
  })

  it('sends the browser away with state, nonce and PKCE, and binds it by a cookie', async () => {
    const browser = new Browser()
    const answer = await browser.go(at('oidc/corp/start'))
    assert.equal(answer.status, 303)
    const asked = new URL(answer.headers.get('location'))
    assert.equal(asked.origin, provider.issuer)
    const parameters = Object.fromEntries(asked.searchParams)
    assert.equal(parameters.response_type, 'code')
    assert.equal(parameters.code_challenge_method, 'S256')
    assert.match(parameters.code_challenge, /^[\w-]{43}$/)
    assert.match(parameters.state, /^[\w-]{43}$/)
    assert.match(parameters.nonce, /^[\w-]{43}$/)
    assert.equal(new Set([parameters.code_challenge, parameters.state, parameters.nonce]).size, 3)
    const { line, path } = browser.cookie('tenon_oidc')
    assert.match(line, /HttpOnly/)
    assert.match(line, /SameSite=Lax/)
    assert.match(line, /Max-Age=600/)
    assert.equal(path, new URL(at('oidc/corp')).pathname)
    assert.equal(line.includes(parameters.state), false)
  })

  it('makes a member of who is vouched for, and a session like any other', async () => {
    const browser = new Browser()
    const back = await browser.prove(at('oidc/corp/start?returnTo=/home'), 'li', isCallback('corp'))
    const answer = await browser.go(back)
    assert.equal(answer.status, 303, await answer.text())
    assert.equal(answer.headers.get('location'), '/home')
    assert.equal(browser.cookie('tenon_oidc'), undefined, 'its work is done')
    const me = await whoAmI(browser)
    assert.equal(me.user.display, 'Li Wei')
    const { body } = await call('GET', `members/${me.user.id}`)
    assert.equal(body.login, 'li.wei@acme.example')
    assert.equal(body.state, 'active')
    const again = new Browser()
    await again.go(await again.prove(at('oidc/corp/start'), 'li', isCallback('corp')))
    assert.equal((await whoAmI(again)).user.id, me.user.id, 'the same member the next time')
  })

  it('never goes on with a session from before', async () => {
    const browser = new Browser()
    await browser.go(await browser.prove(at('oidc/corp/start'), 'li', isCallback('corp')))
    const planted = browser.cookie('tenon_session').value
    await browser.go(await browser.prove(at('oidc/corp/start'), 'chen', isCallback('corp')))
    assert.notEqual(browser.cookie('tenon_session').value, planted)
    const thief = await fetch(at('session'), { headers: { cookie: `tenon_session=${planted}` } })
    assert.equal(thief.status, 401, 'the old one has ended')
  })

  it('takes a code once, from the browser that asked, with its own state', async () => {
    const browser = new Browser()
    const back = await browser.prove(at('oidc/corp/start'), 'li', isCallback('corp'))
    const stolen = await new Browser().go(back)
    assert.equal(stolen.status, 401, 'another browser')
    const wrong = new URL(back)
    wrong.searchParams.set('state', 'x'.repeat(43))
    const cookie = `tenon_oidc=${browser.cookie('tenon_oidc').value}`
    assert.equal((await fetch(wrong, { headers: { cookie }, redirect: 'manual' })).status, 401, 'another state')
    assert.equal((await fetch(back, { headers: { cookie }, redirect: 'manual' })).status, 200)
    const replayed = await fetch(back, { headers: { cookie }, redirect: 'manual' })
    assert.equal(replayed.status, 401, 'the same once more')
    assert.equal(replayed.headers.getSetCookie().some((line) => line.startsWith('tenon_session=')), false)
  })

  it('follows the provider when it changes its keys', async () => {
    await provider.stop()
    keys = [newKey('second'), ...keys]
    provider = await startProvider({ keys, redirectUri: at('oidc/corp/callback'), port: provider.port })
    const browser = new Browser()
    const answer = await browser.go(await browser.prove(at('oidc/corp/start'), 'li', isCallback('corp')))
    assert.equal(answer.status, 200, await answer.text())
    await provider.stop()
    keys = [newKey('third')]
    provider = await startProvider({ keys, redirectUri: at('oidc/corp/callback'), port: provider.port })
    const later = new Browser()
    assert.equal((await later.go(await later.prove(at('oidc/corp/start'), 'li', isCallback('corp')))).status, 200)
  })

  it('lets nobody in by an address it does not vouch for, or of another domain', async () => {
    for (const login of ['mallory', 'stranger']) {
      const browser = new Browser()
      const answer = await browser.go(await browser.prove(at('oidc/corp/start'), login, isCallback('corp')))
      assert.equal(answer.status, 401, login)
      assert.equal(await whoAmI(browser), null)
    }
  })

  it('gives and takes the roles that its claim maps to', async () => {
    const mapped = { ...settings, clientSecret: undefined, roleClaim: 'groups', roleMap: { 'crm-sales': 'sales_rep', 'crm-service': 'service_agent' } }
    await setUp('corp', mapped)
    const browser = new Browser()
    await browser.go(await browser.prove(at('oidc/corp/start'), 'li', isCallback('corp')))
    const me = await whoAmI(browser)
    assert.deepEqual(me.roles, ['sales_rep'])
    await call('PATCH', `members/${me.user.id}`, { roles: ['sales_rep', 'service_agent', 'marketer'] })
    const again = new Browser()
    await again.go(await again.prove(at('oidc/corp/start'), 'li', isCallback('corp')))
    assert.deepEqual((await whoAmI(again)).roles.toSorted(), ['marketer', 'sales_rep'], 'what the map does not govern stays')
  })

  it('shuts out a disabled member at the next request', async () => {
    const browser = new Browser()
    await browser.go(await browser.prove(at('oidc/corp/start'), 'chen', isCallback('corp')))
    const me = await whoAmI(browser)
    const disabled = await call('PATCH', `members/${me.user.id}`, { state: 'disabled' })
    assert.equal(disabled.status, 200, JSON.stringify(disabled))
    assert.equal(await whoAmI(browser), null)
    const again = new Browser()
    assert.equal((await again.go(await again.prove(at('oidc/corp/start'), 'chen', isCallback('corp')))).status, 401)
  })

  it('lets in only who is invited, where it is told so', async () => {
    await setUp('corp', { ...settings, clientSecret: undefined, joining: 'invited' })
    const signIn = async () => {
      const browser = new Browser()
      return { browser, answer: await browser.go(await browser.prove(at('oidc/corp/start'), 'wang', isCallback('corp'))) }
    }
    assert.equal((await signIn()).answer.status, 401)
    const invited = await call('POST', 'invitations', { email: 'Wang@acme.example', name: 'Wang Fang' })
    assert.equal(invited.status, 201, JSON.stringify(invited))
    const { browser, answer } = await signIn()
    assert.equal(answer.status, 200, 'invited, and the secret stayed')
    assert.equal((await whoAmI(browser)).user.display, 'Wang Fang')
  })
})

describe('a provider that lies', () => {
  let liar
  const refusal = { code: 'UNAUTHENTICATED', rule: 'oidc' }

  before(async () => {
    liar = await startLiar()
    await setUp('liar', { issuer: liar.issuer, clientId: 'tenon', domains: ['acme.example'], joining: 'create' })
  })
  after(() => liar?.stop())
  beforeEach(() => Object.assign(liar, { make: signed, answer: {}, document: {} }))

  async function signIn() {
    const browser = new Browser()
    const { url } = await browser.follow(at('oidc/liar/start'), isCallback('liar'))
    return { browser, answer: await browser.go(url) }
  }

  async function refused(what) {
    const { browser, answer } = await signIn()
    const body = await answer.json()
    assert.equal(answer.status, 401, what)
    assert.deepEqual({ code: body.code, rule: body.rule }, refusal, what)
    assert.equal(browser.cookie('tenon_session'), undefined, what)
    return body
  }

  it('is believed while it tells the truth', async () => {
    const { answer } = await signIn()
    assert.equal(answer.status, 200, await answer.text())
  })

  const hour = 3600
  const lies = {
    'another issuer': (claims) => ({ ...claims, iss: 'https://accounts.example' }),
    'another audience': (claims) => ({ ...claims, aud: 'another client' }),
    'several audiences without a party': (claims) => ({ ...claims, aud: ['tenon', 'another'] }),
    'another party': (claims) => ({ ...claims, azp: 'another' }),
    'another nonce': (claims) => ({ ...claims, nonce: 'x'.repeat(43) }),
    'no nonce': ({ nonce, ...claims }) => claims,
    'a token that is over': (claims) => ({ ...claims, exp: claims.exp - hour }),
    'a token of tomorrow': (claims) => ({ ...claims, iat: claims.iat + hour, exp: claims.exp + hour }),
    'a token of yesterday': (claims) => ({ ...claims, iat: claims.iat - 24 * hour }),
    'no end': ({ exp, ...claims }) => claims,
    'no subject': ({ sub, ...claims }) => claims,
    'the hash of another access token': (claims) => ({ ...claims, at_hash: 'AAAAAAAAAAAAAAAAAAAAAA' }),
  }
  for (const [what, lie] of Object.entries(lies)) {
    it(`is refused with ${what}`, async () => {
      liar.make = (claims, key) => signed(lie(claims), key)
      await refused(what)
    })
  }

  const forgeries = {
    'no signature': (claims, key) => signed(claims, key, { alg: 'none' }),
    'the public key as a shared secret': (claims, key) => signed(claims, key, { alg: 'HS256', secret: publicHalf(key).pem }),
    'the client secret as a shared secret': (claims, key) => signed(claims, key, { alg: 'HS256', secret: CLIENT.client_secret }),
    'a key that it does not publish': (claims, key) => signed(claims, newKey(key.kid)),
    'changed claims': (claims, key) => {
      const [header, , signature] = signed(claims, key).split('.')
      return [header, Buffer.from(JSON.stringify({ ...claims, sub: 'admin' })).toString('base64url'), signature].join('.')
    },
    'something that is no token': () => 'not.a.token',
  }
  for (const [what, make] of Object.entries(forgeries)) {
    it(`is refused with ${what}`, async () => {
      liar.make = make
      await refused(what)
    })
  }

  it('gives one and the same answer whatever is wrong', async () => {
    liar.make = forgeries['no signature']
    const one = await refused('no signature')
    liar.make = (claims, key) => signed(lies['another nonce'](claims), key)
    const other = await refused('another nonce')
    assert.deepEqual({ ...one, requestId: null }, { ...other, requestId: null })
  })

  it('is refused when it says no, names another issuer, or sends no code', async () => {
    for (const answer of [{ error: 'access_denied', code: undefined }, { iss: 'https://accounts.example' }, { code: undefined }, { code: 'unknown' }]) {
      liar.answer = answer
      await refused(JSON.stringify(answer))
    }
  })

  it('cannot make us ask for its keys again and again', async () => {
    const before = liar.fetched
    liar.make = (claims, key) => signed(claims, key, { kid: `invented ${Math.random()}` })
    for (let time = 0; time < 12; time += 1) await refused('an invented key')
    assert.ok(liar.fetched - before <= 5, `${liar.fetched - before} times`)
  })
})

describe('setting up a provider', () => {
  it('refuses what cannot be', async () => {
    const good = { issuer: 'https://login.example.com', clientId: 'tenon' }
    const wrong = [
      { ...good, issuer: 'http://login.example.com' },
      { ...good, issuer: 'https://user:password@login.example.com' },
      { ...good, issuer: 'file:///etc/passwd' },
      { ...good, joining: 'create' },
      { ...good, roles: ['no_such_role'] },
      { ...good, misspelt: true },
      { issuer: good.issuer },
    ]
    for (const settings of wrong) {
      const { status, body } = await call('PUT', 'providers/wrong', settings)
      assert.equal(status, 400, JSON.stringify({ settings, body }))
    }
    assert.equal((await call('GET', 'providers/wrong')).status, 404)
  })

  it('is for administrators', async () => {
    for (const path of ['providers', 'providers/corp']) assert.equal((await fetch(at(path))).status, 401)
    const answer = await fetch(at('providers/corp'), { method: 'PUT', headers: { 'content-type': 'application/json' }, body: '{}' })
    assert.equal(answer.status, 401)
  })

  it('tells nothing of tenants and providers that are not there', async () => {
    const unknown = await fetch(at('oidc/nobody/start'), { redirect: 'manual' })
    const elsewhere = await fetch(`${tenon.url}/t/nowhere/oidc/corp/start`, { redirect: 'manual' })
    assert.equal(unknown.status, 401)
    assert.equal(elsewhere.status, 401)
    const [one, other] = [await unknown.json(), await elsewhere.json()]
    assert.deepEqual({ ...one, requestId: null }, { ...other, requestId: null })
  })
})

describe('without the operator\'s word', () => {
  it('no provider within is asked', async () => {
    const strict = await startTenon({ name: 'strict' })
    try {
      const url = strict.endpoint.replace(/\/graphql$/, '')
      const put = (issuer) =>
        fetchWithKey(strict.key)(`${url}/providers/inside`, {
          method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ issuer, clientId: 'tenon' }),
        })
      assert.equal((await put('http://127.0.0.1:9')).status, 400)
      for (const issuer of ['https://127.0.0.1:9', 'https://localhost:9', 'https://169.254.169.254', 'https://[::1]:9']) {
        assert.equal((await put(issuer)).status, 200)
        const answer = await fetch(`${url}/oidc/inside/start`, { redirect: 'manual' })
        assert.equal(answer.status, 503, issuer)
      }
    } finally {
      await strict.stop()
    }
  })
})
