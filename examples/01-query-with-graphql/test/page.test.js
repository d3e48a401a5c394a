// The page's own code against a real server: it lists, filters, pages, saves, and nobody overwrites anybody.

import assert from 'node:assert/strict'
import { after, before, it } from 'node:test'

import { Refused, Tenant } from '../dist/graphql.js'
import { changes, create, filterOf, list, save } from '../dist/opportunities.js'
import { startTenon } from '../../../tests/node/tenon.js'

let tenon
let tenant
const names = (page) => page.nodes.map((node) => node.name)

before(async () => {
  tenon = await startTenon()
  tenant = new Tenant(tenon.endpoint, tenon.key)
  await create(tenant, { name: 'Anvils', stage: 'PROPOSAL', amount: { amount: '1200.50' }, closeDate: '2026-03-01' })
  await create(tenant, { name: 'Ropes', stage: 'WON', closeDate: '2026-02-01' })
  await create(tenant, { name: 'Nets' })
})
after(() => tenon?.stop())

it('lists by close date, what has none last', async () => {
  const page = await list(tenant, {})
  assert.deepEqual(names(page), ['Ropes', 'Anvils', 'Nets'])
  assert.deepEqual(page.totalCount, { value: 3, exact: true })
  assert.deepEqual(page.nodes[1].amount, { amount: '1200.50', currency: 'CNY' })
})

it('filters by text, stage and days', async () => {
  assert.deepEqual(names(await list(tenant, { text: ' ANV ' })), ['Anvils'])
  assert.deepEqual(names(await list(tenant, { stages: ['WON', 'PROSPECTING'] })), ['Ropes', 'Nets'])
  assert.deepEqual(names(await list(tenant, { closingFrom: '2026-02-02' })), ['Anvils'])
  assert.deepEqual(names(await list(tenant, { closingTo: '2026-02-01', text: 'o' })), ['Ropes'])
})

it('leaves out what is not asked for', () => {
  assert.deepEqual(filterOf({ text: '  ', stages: [] }), {})
})

it('pages', async () => {
  const first = await list(tenant, {}, 2)
  assert.equal(first.pageInfo.hasNextPage, true)
  const second = await list(tenant, {}, 2, first.pageInfo.endCursor)
  assert.deepEqual(names(second), ['Nets'])
})

it('saves, and clears what is null', async () => {
  const { nodes: [deal] } = await list(tenant, { text: 'Anvils' })
  const saved = await save(tenant, deal, { stage: 'WON', amount: null })
  assert.deepEqual({ stage: saved.stage, amount: saved.amount, version: saved.version }, { stage: 'WON', amount: null, version: deal.version + 1 })
})

it('does not overwrite what somebody else has saved meanwhile', async () => {
  const { nodes: [seen] } = await list(tenant, { text: 'Nets' })
  await save(tenant, seen, { name: 'Nets, large' })
  await assert.rejects(save(tenant, seen, { name: 'Nets, small' }), (error) => {
    assert.ok(error instanceof Refused)
    assert.deepEqual(error.of('version').extensions.changedFields, ['name'])
    return true
  })
})

it('says what is wrong with a form, field by field', async () => {
  await assert.rejects(create(tenant, { amount: { amount: '-1' }, closeDate: '2026-02-30' }), (error) => {
    const places = error.problems.map((problem) => problem.extensions.inputPath.slice(0, 2).join('.'))
    assert.deepEqual(places.sort(), ['input.amount', 'input.closeDate', 'input.name'])
    return true
  })
})

it('is told what others do to what is listed', async () => {
  const end = new AbortController()
  const told = []
  const listening = (async () => {
    for await (const { kind, node } of changes(tenant, { stages: ['WON'] }, end.signal)) {
      told.push([kind, node?.name ?? null])
      if (told.length === 2) end.abort()
    }
  })()
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  const deal = await create(tenant, { name: 'Sails', stage: 'WON' })
  await save(tenant, deal, { stage: 'LOST' })
  await listening
  assert.deepEqual(told, [['CREATED', 'Sails'], ['LEFT', null]])
})
