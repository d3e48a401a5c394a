// Everything the page asks of a tenant: list, filter, page, save. The types are those of the tenant's schema
// (`GET /t/{tenant}/schema.graphql`), written out for the fields this page shows.

import { Refused, operation, type Tenant } from './graphql.js'

export const STAGES = ['PROSPECTING', 'NEEDS_CONFIRMED', 'PROPOSAL', 'NEGOTIATION', 'WON', 'LOST'] as const
export type Stage = (typeof STAGES)[number]

/** Amounts are decimal texts: a number of JavaScript cannot hold every cent. */
export interface Money {
  amount: string
  currency: string
}

export interface Opportunity {
  id: string
  version: number
  name: string | null
  stage: Stage | null
  amount: Money | null
  closeDate: string | null
  account: { id: string; display: string } | null
}

interface Page {
  nodes: Opportunity[]
  pageInfo: { hasNextPage: boolean; endCursor: string | null }
  totalCount: { value: number; exact: boolean }
}

/** What the list can be narrowed to. An absent member narrows nothing. */
export interface Wanted {
  text?: string
  stages?: Stage[]
  closingFrom?: string
  closingTo?: string
}

/** A new or changed opportunity. Absent leaves alone, `null` clears. */
export interface OpportunityInput {
  name?: string | null
  stage?: Stage | null
  amount?: { amount: string; currency?: string } | null
  closeDate?: string | null
  account?: { connect: { id: string } } | { disconnect: true }
}

type Filter = { [field: string]: unknown }

const FIELDS = /* GraphQL */ `
  fragment fields on Opportunity { id version name stage amount { amount currency } closeDate account { id display } }
`

const LIST = operation<{ opportunities: Page }, { filter: Filter; first: number; after: string | null }>(/* GraphQL */ `
  query List($filter: OpportunityFilter, $first: Int, $after: String) {
    opportunities(filter: $filter, orderBy: [{ closeDate: ASC }, { name: ASC }], first: $first, after: $after) {
      nodes { ...fields }
      pageInfo { hasNextPage endCursor }
      totalCount { value exact }
    }
  }
  ${FIELDS}
`)

const CREATE = operation<{ createOpportunity: Opportunity }, { input: OpportunityInput }>(/* GraphQL */ `
  mutation Create($input: CreateOpportunityInput!) { createOpportunity(input: $input) { ...fields } }
  ${FIELDS}
`)

const UPDATE = operation<{ updateOpportunity: Opportunity }, { id: string; version: number; input: OpportunityInput }>(/* GraphQL */ `
  mutation Update($id: ID!, $version: Int, $input: UpdateOpportunityInput!) {
    updateOpportunity(id: $id, expectedVersion: $version, input: $input) { ...fields }
  }
  ${FIELDS}
`)

/** A page of the list. `after` is the `endCursor` of the page before. */
export async function list(tenant: Tenant, wanted: Wanted, first = 20, after: string | null = null): Promise<Page> {
  const { opportunities } = await tenant.run(LIST, { filter: filterOf(wanted), first, after })
  return opportunities
}

/** A new opportunity. */
export async function create(tenant: Tenant, input: OpportunityInput): Promise<Opportunity> {
  return (await tenant.run(CREATE, { input })).createOpportunity
}

/** Saves changes to what was seen at `opportunity.version`; if somebody else was faster, this is refused (rule `version`). */
export async function save(tenant: Tenant, opportunity: Opportunity, input: OpportunityInput): Promise<Opportunity> {
  const { id, version } = opportunity
  return (await tenant.run(UPDATE, { id, version, input })).updateOpportunity
}

/** What happened to one opportunity; `node` is there unless it left or is gone. */
export interface Change {
  kind: 'CREATED' | 'UPDATED' | 'DELETED' | 'RESTORED' | 'DESTROYED' | 'ENTERED' | 'LEFT'
  id: string
  node: Opportunity | null
}

const CHANGED = operation<{ opportunityChanged: Change }, { filter: Filter; after: string | null }>(/* GraphQL */ `
  subscription Changed($filter: OpportunityFilter, $after: String) {
    opportunityChanged(filter: $filter, after: $after) { kind id node { ...fields } }
  }
  ${FIELDS}
`)

/** Changes of what is wanted, as they happen. If the connection breaks, it goes on after the last change: nothing is missed. */
export async function* changes(tenant: Tenant, wanted: Wanted, signal: AbortSignal): AsyncGenerator<Change> {
  let after: string | null = null
  while (!signal.aborted) {
    try {
      for await (const { data, cursor } of tenant.listen(CHANGED, { filter: filterOf(wanted), after }, signal)) {
        after = cursor
        yield data.opportunityChanged
      }
    } catch (error) {
      if (signal.aborted) return
      if (error instanceof Refused) throw error
      await new Promise((resolve) => setTimeout(resolve, 1_000))
    }
  }
}

/** The filter for what is wanted: members that are absent must not appear at all, since `null` in a filter is refused. */
export function filterOf(wanted: Wanted): Filter {
  const filter: Filter = {}
  const text = wanted.text?.trim()
  if (text) filter['or'] = [{ name: { iContains: text } }, { account: { is: { name: { iContains: text } } } }]
  if (wanted.stages?.length) filter['stage'] = { in: wanted.stages }
  if (wanted.closingFrom || wanted.closingTo) {
    filter['closeDate'] = { between: { ...(wanted.closingFrom && { from: wanted.closingFrom }), ...(wanted.closingTo && { to: wanted.closingTo }) } }
  }
  return filter
}
