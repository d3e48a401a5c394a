// The clients people use, unchanged: urql and Apollo Client list, page, save and meet errors.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'

import { ApolloClient, CombinedGraphQLErrors, HttpLink, InMemoryCache, gql } from '@apollo/client/core'
import { Client, cacheExchange, fetchExchange } from '@urql/core'

import { startTenon } from './tenon.js'

const CREATE = /* GraphQL */ `
  mutation Create($input: CreateAccountInput!) {
    createAccount(input: $input) { __typename id version name industry contacts { nodes { id lastName } } }
  }
`
const LIST = /* GraphQL */ `
  query List($filter: AccountFilter, $first: Int, $after: String) {
    accounts(filter: $filter, orderBy: [{ name: ASC }], first: $first, after: $after) {
      nodes { __typename id name }
      pageInfo { hasNextPage endCursor }
      totalCount { value exact }
    }
  }
`
const RENAME = /* GraphQL */ `
  mutation Rename($id: ID!, $name: String, $expectedVersion: Int) {
    updateAccount(id: $id, input: { name: $name }, expectedVersion: $expectedVersion) { __typename id version name }
  }
`

let tenon

before(async () => {
  tenon = await startTenon()
})
after(() => tenon?.stop())

describe('urql', () => {
  let urql

  before(() => {
    urql = new Client({
      url: tenon.endpoint,
      exchanges: [cacheExchange, fetchExchange],
      preferGetMethod: false,
      fetchOptions: { headers: { authorization: `Bearer ${tenon.key}` } },
    })
  })

  it('saves, lists and pages', async () => {
    for (const name of ['urql a', 'urql b', 'urql c']) {
      const saved = await urql.mutation(CREATE, { input: { name, contacts: { create: [{ lastName: 'Li' }] } } })
      assert.equal(saved.error, undefined)
      assert.equal(saved.data.createAccount.contacts.nodes[0].lastName, 'Li')
    }
    const filter = { name: { startsWith: 'urql' } }
    const first = await urql.query(LIST, { filter, first: 2 })
    assert.deepEqual(first.data.accounts.nodes.map((node) => node.name), ['urql a', 'urql b'])
    const { value, exact } = first.data.accounts.totalCount // urql asks for __typename, too
    assert.deepEqual({ value, exact }, { value: 3, exact: true })
    const second = await urql.query(LIST, { filter, first: 2, after: first.data.accounts.pageInfo.endCursor })
    assert.deepEqual(second.data.accounts.nodes.map((node) => node.name), ['urql c'])
    assert.equal(second.data.accounts.pageInfo.hasNextPage, false)
  })

  it('asks by GET, too', async () => {
    const answer = await urql.query(LIST, { filter: { name: { eq: 'urql a' } } }, { preferGetMethod: 'force' })
    assert.equal(answer.error, undefined)
    assert.equal(answer.data.accounts.nodes.length, 1)
  })

  it('hands errors over with their codes', async () => {
    const refused = await urql.mutation(CREATE, { input: { industry: 'RETAIL' } })
    const [error] = refused.error.graphQLErrors
    assert.equal(error.extensions.code, 'INVALID')
    assert.equal(error.extensions.rule, 'required')
    assert.deepEqual(error.extensions.inputPath, ['input', 'name'])
    assert.deepEqual(error.path, ['createAccount'])
  })
})

describe('Apollo Client', () => {
  let apollo

  before(() => {
    apollo = new ApolloClient({
      link: new HttpLink({ uri: tenon.endpoint, headers: { authorization: `Bearer ${tenon.key}` } }),
      cache: new InMemoryCache(),
    })
  })

  it('saves, and its cache follows by id', async () => {
    const { data } = await apollo.mutate({ mutation: gql(CREATE), variables: { input: { name: 'apollo', industry: 'SOFTWARE' } } })
    assert.equal(data.createAccount.industry, 'SOFTWARE')
    const variables = { filter: { name: { startsWith: 'apollo' } } }
    const before = await apollo.query({ query: gql(LIST), variables })
    assert.deepEqual(before.data.accounts.nodes.map((node) => node.name), ['apollo'])
    await apollo.mutate({ mutation: gql(RENAME), variables: { id: data.createAccount.id, name: 'apollo renamed' } })
    const cached = await apollo.query({ query: gql(LIST), variables, fetchPolicy: 'cache-only' })
    assert.equal(cached.data.accounts.nodes[0].name, 'apollo renamed')
  })

  it('throws what the server refuses', async () => {
    const { data } = await apollo.mutate({ mutation: gql(CREATE), variables: { input: { name: 'apollo conflict' } } })
    const variables = { id: data.createAccount.id, name: 'x', expectedVersion: 9 }
    await assert.rejects(apollo.mutate({ mutation: gql(RENAME), variables }), (error) => {
      assert.ok(CombinedGraphQLErrors.is(error))
      const { code, rule, currentVersion } = error.errors[0].extensions
      assert.deepEqual({ code, rule, currentVersion }, { code: 'CONFLICT', rule: 'version', currentVersion: 1 })
      return true
    })
  })
})
