// GraphQL over HTTP, as its own audit suite judges it.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'

import { serverAudits } from 'graphql-http'

import { fetchWithKey, startTenon } from './tenon.js'

let tenon

before(async () => {
  tenon = await startTenon()
})
after(() => tenon?.stop())

describe('the graphql-http audit', () => {
  const audits = serverAudits({ url: () => tenon.endpoint, fetchFn: (url, options) => fetchWithKey(tenon.key)(url, options) })

  for (const audit of audits) {
    it(`${audit.id} ${audit.name}`, async () => {
      const result = await audit.fn()
      assert.equal(result.status, 'ok', result.reason)
    })
  }
})
