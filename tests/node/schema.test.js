// What graphql-js makes of a tenant: its introspection is a schema, its SDL is the same one, documents validate against it.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'

import { buildClientSchema, buildSchema, getIntrospectionQuery, parse, validate, validateSchema } from 'graphql'

import { ask, fetchWithKey, startTenon } from './tenon.js'

const OPTIONS = { descriptions: true, specifiedByUrl: true, directiveIsRepeatable: true, schemaDescription: true, inputValueDeprecation: true, oneOf: true }

const DOCUMENT = /* GraphQL */ `
  query Page($filter: OpportunityFilter, $order: [OpportunityOrder!], $after: String) {
    opportunities(filter: $filter, orderBy: $order, first: 20, after: $after) {
      edges { cursor node { ...deal contacts { edges { node { lastName } link { role isPrimary } } } } }
      pageInfo { hasNextPage endCursor }
    }
    opportunitiesAggregate(groupBy: [{ stage: true }, { closeDate: { by: QUARTER } }]) { key { stage closeDate { label } } count sum { amount { amount } } }
  }
  fragment deal on Opportunity { id version name stage amount { amount currency base } account { id name parent { name } } history { nodes { changes { field old new } } } }
`

let tenon
let schema

before(async () => {
  tenon = await startTenon()
  schema = buildClientSchema(await ask(tenon, getIntrospectionQuery(OPTIONS)))
})
after(() => tenon?.stop())

describe('a tenant, seen by graphql-js', () => {
  it('is a valid schema', () => {
    assert.deepEqual(validateSchema(schema).map(String), [])
  })

  it('has the objects of the base CRM with their families of types', () => {
    const types = schema.getTypeMap()
    for (const object of ['Account', 'Contact', 'Opportunity', 'Activity', 'Product', 'Campaign', 'Tag']) {
      for (const name of [object, `${object}Filter`, `${object}Order`, `${object}Connection`, `Create${object}Input`, `Update${object}Input`]) {
        assert.ok(types[name], `${name} is missing`)
      }
      assert.deepEqual(types[object].getInterfaces().map(String), ['Record'])
    }
    assert.ok(types.OpportunityOrder.isOneOf)
    assert.equal(String(types.ActivityRegarding ?? 'nothing'), 'ActivityRegarding')
  })

  it('takes everyday documents, and they can be run', async () => {
    assert.deepEqual(validate(schema, parse(DOCUMENT)).map(String), [])
    const data = await ask(tenon, DOCUMENT, { filter: { stage: { in: ['WON', 'LOST'] } }, order: [{ closeDate: 'DESC' }] })
    assert.deepEqual(data.opportunities.edges, [])
  })

  it('has no non-null output but system fields, booleans and lists', () => {
    const system = new Set(['id', 'version', 'display', 'createdAt', 'updatedAt', 'can', 'history', 'externalIds', 'depth'])
    const opportunity = schema.getType('Opportunity').getFields()
    for (const field of Object.values(opportunity)) {
      const type = String(field.type)
      const free = !type.endsWith('!') || type === 'Boolean!' || type.startsWith('[') || type.endsWith('Connection!')
      assert.ok(free || system.has(field.name), `Opportunity.${field.name}: ${type}`)
    }
  })

  it('gives the same schema as SDL', async () => {
    const answer = await fetchWithKey(tenon.key)(tenon.endpoint.replace(/graphql$/, 'schema.graphql'))
    assert.equal(answer.status, 200)
    const fromText = buildSchema(await answer.text())
    const names = (one) => Object.keys(one.getTypeMap()).filter((name) => !name.startsWith('__')).sort()
    assert.deepEqual(names(fromText), names(schema))
  })

  it('answers members in the order they were asked for', async () => {
    const answer = await fetchWithKey(tenon.key)(tenon.endpoint, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: '{ b: __typename tags { totalCount { exact value } nodes { id } } a: __typename }' }),
    })
    const text = await answer.text()
    assert.ok(text.startsWith('{"data":{"b":"Query","tags":{"totalCount":{"exact":true,"value":0},"nodes":[]},"a":"Query"}'), text)
  })

  it('describes itself at the metadata API, too', async () => {
    const metadata = buildClientSchema(await ask(tenon, getIntrospectionQuery(OPTIONS), {}, tenon.metadata))
    assert.deepEqual(validateSchema(metadata).map(String), [])
  })
})
