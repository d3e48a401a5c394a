// Apollo's persisted-query link, unchanged: the hash alone, the whole document when asked for it, GET with an ETag.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, describe, it } from 'node:test'

import { ApolloClient, HttpLink, InMemoryCache, gql } from '@apollo/client/core'
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries'

import { startTenon } from './tenon.js'

const sha256 = async (text) => createHash('sha256').update(text).digest('hex')
const LIST = gql`
  query List($name: String!) { accounts(filter: { name: { eq: $name } }) { nodes { __typename id name } } }
`

let tenon
let sent

before(async () => {
  tenon = await startTenon()
})
after(() => tenon?.stop())

/** A client that keeps what it sends. */
function client(useGETForHashedQueries) {
  sent = []
  const fetchAndKeep = async (url, options) => {
    sent.push({ url, method: options.method, body: options.body })
    return fetch(url, options)
  }
  const http = new HttpLink({ uri: tenon.endpoint, fetch: fetchAndKeep, headers: { authorization: `Bearer ${tenon.key}` } })
  const link = new PersistedQueryLink({ sha256, useGETForHashedQueries }).concat(http)
  return new ApolloClient({ link, cache: new InMemoryCache(), defaultOptions: { query: { fetchPolicy: 'network-only' } } })
}

describe("Apollo's persisted-query link", () => {
  it('sends the document once, and its hash from then on', async () => {
    const apollo = client(false)
    for (const name of ['a', 'b']) {
      const { data } = await apollo.query({ query: LIST, variables: { name } })
      assert.deepEqual(data.accounts.nodes, [])
    }
    const has = sent.map(({ body }) => 'query' in JSON.parse(body))
    assert.deepEqual(has, [false, true, false], 'the hash, the document, the hash')
  })

  it('asks by GET, and is told when nothing changed', async () => {
    const apollo = client(true)
    await apollo.query({ query: LIST, variables: { name: 'c' } })
    const get = sent.findLast(({ method }) => method === 'GET')
    assert.ok(get && !get.url.includes('query='), 'by its hash alone')
    const headers = { authorization: `Bearer ${tenon.key}` }
    const first = await fetch(get.url, { headers })
    const again = await fetch(get.url, { headers: { ...headers, 'if-none-match': first.headers.get('etag') } })
    assert.equal(again.status, 304)
  })

  it('is answered in its own words', async () => {
    const ask = (body) =>
      fetch(tenon.endpoint, {
        method: 'POST',
        headers: { authorization: `Bearer ${tenon.key}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }).then((answer) => answer.json())
    const unknown = await ask({ extensions: { persistedQuery: { version: 1, sha256Hash: '0'.repeat(64) } } })
    assert.equal(unknown.errors[0].message, 'PersistedQueryNotFound')
    assert.equal(unknown.errors[0].extensions.code, 'PERSISTED_QUERY_NOT_FOUND')
    const wrong = await ask({ query: '{ me { id } }', extensions: { persistedQuery: { version: 1, sha256Hash: '0'.repeat(64) } } })
    assert.equal(wrong.errors[0].extensions.rule, 'persisted_query_hash')
  })

  it('a key may be limited to registered documents', async () => {
    const url = tenon.endpoint.replace(/graphql$/, '')
    const call = (path, key, method, body) =>
      fetch(`${url}${path}`, {
        method,
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: body && JSON.stringify(body),
      })
    const made = await (await call('keys', tenon.key, 'POST', { display: 'frontend', roles: ['administrator'] })).json()
    const { documents } = await (await call('documents', tenon.key, 'POST', { documents: ['{ me { display } }'] })).json()
    assert.equal((await call(`documents/rules/${made.id}`, tenon.key, 'PUT', { documents: 'registered' })).status, 204)
    await new Promise((resolve) => setTimeout(resolve, 1100)) // it holds within a second
    const byName = await (await call('graphql', made.apiKey, 'POST', { documentId: documents[0] })).json()
    assert.equal(byName.data.me.display, 'frontend')
    const byText = await (await call('graphql', made.apiKey, 'POST', { query: '{ me { display } }' })).json()
    assert.equal(byText.data.me.display, 'frontend')
    const other = await (await call('graphql', made.apiKey, 'POST', { query: '{ me { id } }' })).json()
    assert.equal(other.errors[0].extensions.rule, 'unregistered_document')
    const metadata = await (await call('metadata', made.apiKey, 'POST', { query: '{ model { version } }' })).json()
    assert.equal(metadata.errors[0].extensions.code, 'FORBIDDEN')
  })
})
