// The clients people use for what stays open, unchanged: graphql-ws over a WebSocket, graphql-sse over event streams.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'

import { createClient as createSse } from 'graphql-sse'
import { createClient as createWs } from 'graphql-ws'
import WebSocket from 'ws'

import { ask, startTenon } from './tenon.js'

const CHANGED = /* GraphQL */ `
  subscription Changed($filter: AccountFilter, $after: String) {
    accountChanged(filter: $filter, after: $after) { kind id version changedFields cursor node { name } }
  }
`
const CREATE = 'mutation ($input: CreateAccountInput!) { createAccount(input: $input) { id } }'
const RENAME = 'mutation ($id: ID!, $name: String) { updateAccount(id: $id, input: { name: $name }) { id } }'
const filter = { name: { startsWith: 'live' } }

let tenon

before(async () => {
  tenon = await startTenon()
})
after(() => tenon?.stop())

/** Takes `count` answers of an iterator, while `work` goes on once it listens. */
async function take(answers, count, work) {
  const taken = []
  const taking = (async () => {
    for await (const answer of answers) {
      assert.equal(answer.errors, undefined)
      taken.push(answer.data.accountChanged)
      if (taken.length === count) break
    }
  })()
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  await work()
  await taking
  return taken
}

/** An account that comes into the filter, changes, and leaves it. */
async function story(name) {
  const { createAccount } = await ask(tenon, CREATE, { input: { name } })
  for (const next of [`live ${name}`, `live ${name} again`, name]) await ask(tenon, RENAME, { id: createAccount.id, name: next })
  return createAccount.id
}

function check(taken, name) {
  assert.deepEqual(taken.map((change) => [change.kind, change.version]), [['ENTERED', 2], ['UPDATED', 3], ['LEFT', 4]])
  // A node is the record of now, which may be newer than what is told.
  for (const { node } of taken.slice(0, 2)) assert.ok(node.name.includes(name))
  assert.equal(taken[2].node, null)
  assert.deepEqual(taken[1].changedFields, ['name'])
}

describe('graphql-ws', () => {
  const client = (key, more = {}) =>
    createWs({
      url: tenon.endpoint.replace('http', 'ws'),
      webSocketImpl: WebSocket,
      connectionParams: { authorization: `Bearer ${key}` },
      retryAttempts: 0,
      ...more,
    })

  it('listens, and goes on after a cursor', async () => {
    const socket = client(tenon.key)
    const taken = await take(socket.iterate({ query: CHANGED, variables: { filter } }), 3, () => story('ws'))
    check(taken, 'ws')
    const again = await take(socket.iterate({ query: CHANGED, variables: { filter, after: taken[0].cursor } }), 2, async () => {})
    assert.deepEqual(again.map((change) => change.version), [3, 4])
    await socket.dispose()
  })

  it('asks and is answered', async () => {
    const socket = client(tenon.key)
    const answers = []
    for await (const answer of socket.iterate({ query: '{ me { kind } }' })) answers.push(answer.data.me.kind)
    assert.deepEqual(answers, ['API_KEY'])
    await socket.dispose()
  })

  it('is told when it is not known', async () => {
    const socket = client('wrong')
    await assert.rejects(
      async () => {
        for await (const _ of socket.iterate({ query: '{ me { kind } }' }));
      },
      (closed) => closed.code === 4403,
    )
    await socket.dispose()
  })
})

describe('graphql-sse', () => {
  const client = () => createSse({ url: tenon.endpoint, headers: { authorization: `Bearer ${tenon.key}` }, retryAttempts: 0 })

  it('listens, and goes on after a cursor', async () => {
    const streams = client()
    const taken = await take(streams.iterate({ query: CHANGED, variables: { filter } }), 3, () => story('sse'))
    check(taken, 'sse')
    const again = await take(streams.iterate({ query: CHANGED, variables: { filter, after: taken[0].cursor } }), 2, async () => {})
    assert.deepEqual(again.map((change) => change.version), [3, 4])
    streams.dispose()
  })

  it('asks and is answered', async () => {
    const streams = client()
    const answers = []
    for await (const answer of streams.iterate({ query: '{ me { kind } }' })) answers.push(answer.data.me.kind)
    assert.deepEqual(answers, ['API_KEY'])
    streams.dispose()
  })
})
