// The page: a list that is filtered as one types, and saves a cell when one leaves it.

import { Refused, Tenant } from './graphql.js'
import { STAGES, changes, create, list, save, type Opportunity, type OpportunityInput, type Stage, type Wanted } from './opportunities.js'

const element = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T

const rows = element<HTMLTableSectionElement>('rows')
const total = element('total')
const notice = element('notice')
const more = element<HTMLButtonElement>('more')
const text = element<HTMLInputElement>('text')
const stage = element<HTMLSelectElement>('stage')
const from = element<HTMLInputElement>('from')
const to = element<HTMLInputElement>('to')
const form = element<HTMLFormElement>('new')

let tenant: Tenant | undefined
let after: string | null = null
let asked = 0

/** Connects with what the person typed; it stays in this tab only. */
function connect(): void {
  const name = sessionStorage.getItem('tenant') ?? prompt('Tenant', 'demo') ?? ''
  const key = sessionStorage.getItem('key') ?? prompt('API key') ?? ''
  sessionStorage.setItem('tenant', name)
  sessionStorage.setItem('key', key)
  tenant = new Tenant(`/t/${encodeURIComponent(name)}/graphql`, key, document.documentElement.lang === 'zh' ? 'zh' : 'en')
}

function wanted(): Wanted {
  const chosen = stage.value as Stage | ''
  return {
    ...(text.value && { text: text.value }),
    ...(chosen && { stages: [chosen] }),
    ...(from.value && { closingFrom: from.value }),
    ...(to.value && { closingTo: to.value }),
  }
}

async function show(next = false): Promise<void> {
  if (!tenant) return
  const mine = ++asked
  const page = await list(tenant, wanted(), 20, next ? after : null)
  if (mine !== asked) return // a later question overtook this one
  if (!next) rows.replaceChildren()
  for (const opportunity of page.nodes) rows.append(row(opportunity))
  after = page.pageInfo.endCursor
  more.hidden = !page.pageInfo.hasNextPage
  total.textContent = `${page.totalCount.value}${page.totalCount.exact ? '' : '+'}`
}

/** Shows what others do to what is listed. */
let listening = new AbortController()
async function listen(): Promise<void> {
  listening.abort()
  listening = new AbortController()
  if (!tenant) return
  for await (const { kind, id, node } of changes(tenant, wanted(), listening.signal)) {
    const line = rows.querySelector(`[data-id="${id}"]`)
    if (!node) line?.remove()
    else if (line && !line.contains(document.activeElement)) line.replaceWith(row(node))
    else if (!line && kind !== 'UPDATED') rows.prepend(row(node))
  }
}

function row(opportunity: Opportunity): HTMLTableRowElement {
  let seen = opportunity
  const line = document.createElement('tr')
  line.dataset['id'] = seen.id
  const change = async (input: OpportunityInput): Promise<void> => {
    if (!tenant) return
    seen = await save(tenant, seen, input)
    line.replaceWith(row(seen))
    say('saved')
  }
  line.append(
    cell(inputFor(seen.name ?? '', 'text', (name) => change({ name }))),
    cell(document.createTextNode(seen.account?.display ?? '')),
    cell(selectFor(seen.stage, (chosen) => change({ stage: chosen }))),
    cell(inputFor(seen.amount?.amount ?? '', 'text', (amount) => change({ amount: amount ? { amount, ...(seen.amount && { currency: seen.amount.currency }) } : null }))),
    cell(document.createTextNode(seen.amount?.currency ?? '')),
    cell(inputFor(seen.closeDate ?? '', 'date', (closeDate) => change({ closeDate: closeDate || null }))),
  )
  return line
}

function cell(content: Node): HTMLTableCellElement {
  const made = document.createElement('td')
  made.append(content)
  return made
}

function inputFor(value: string, type: string, changed: (value: string) => Promise<void>): HTMLInputElement {
  const made = document.createElement('input')
  made.type = type
  made.value = value
  made.addEventListener('change', () => void changed(made.value).catch(complain))
  return made
}

function selectFor(value: Stage | null, changed: (value: Stage) => Promise<void>): HTMLSelectElement {
  const made = document.createElement('select')
  for (const one of STAGES) made.append(new Option(one, one, false, one === value))
  made.addEventListener('change', () => void changed(made.value as Stage).catch(complain))
  return made
}

function say(words: string): void {
  notice.textContent = words
}

/** Says what the server said; a conflict shows the newest state, so that nobody's work is overwritten. */
function complain(error: unknown): void {
  say(error instanceof Error ? error.message : String(error))
  if (error instanceof Refused && error.of('version')) void show().catch(complain)
}

for (const one of STAGES) stage.append(new Option(one, one))
for (const control of [text, stage, from, to]) control.addEventListener('input', () => {
  void show().catch(complain)
  void listen().catch(complain)
})
more.addEventListener('click', () => void show(true).catch(complain))
form.addEventListener('submit', (event) => {
  event.preventDefault()
  const name = new FormData(form).get('name')
  if (!tenant || typeof name !== 'string') return
  create(tenant, { name })
    .then(() => (form.reset(), show()))
    .catch(complain)
})
connect()
void show().catch(complain)
void listen().catch(complain)
