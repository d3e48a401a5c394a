//! The floor on PostgreSQL: tokio-postgres, prepared once per connection.
//!
//! Few connections for reads (more was slower on two cores), more for writes, and aggregates planned with their
//! values, since a generic plan once made them slower than any peer.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, NoTls, Statement};

use super::{text, texts};

const READ_CONNECTIONS: usize = 4;
const WRITE_CONNECTIONS: usize = 20;
const AGGREGATE_CONNECTIONS: usize = 4;

/// Every load's statement; parameters are text, cast once and outside the row loop.
pub(crate) const STATEMENTS: [(&str, &str); 6] = [
    (
        "w1",
        "select json_build_object('id', id, 'version', version, 'name', name, 'stage', stage, 'amount', amount::text, 'currency', currency, \
         'probability', probability::text, 'closeDate', close_date, 'forecast', forecast, 'type', type, 'isKey', is_key, 'nextStep', next_step)::text \
         from floor.opportunities where id = $1::text::uuid",
    ),
    (
        "w2",
        "select coalesce(json_agg(json_build_object('id', o.id, 'name', o.name, 'amount', o.amount::text, 'stage', o.stage, 'closeDate', o.close_date, \
         'account', json_build_object('id', a.id, 'name', a.name, 'industry', a.industry), 'owner', json_build_object('id', u.id, 'name', u.name))), '[]')::text \
         from (select * from floor.opportunities where stage = $1::text and amount >= (select $2::text::numeric) \
         order by close_date desc, id limit 50) o \
         left join floor.accounts a on a.id = o.account_id left join floor.users u on u.id = o.owner_id",
    ),
    (
        "w3",
        "select coalesce(json_agg(json_build_object('id', a.id, 'name', a.name, 'opportunities', c.list)), '[]')::text from floor.accounts a \
         left join lateral (select json_agg(json_build_object('id', o.id, 'name', o.name, 'amount', o.amount::text)) as list \
         from (select id, name, amount from floor.opportunities where account_id = a.id order by amount desc, id limit 5) o) c on true \
         where a.id = any ($1::text[]::uuid[])",
    ),
    (
        "w4",
        "select coalesce(json_agg(json_build_object('stage', stage, 'count', n, 'sum', s::text)), '[]')::text from \
         (select stage, count(*) n, sum(amount) s from floor.opportunities where close_date between $1::text::date and $2::text::date group by stage) g",
    ),
    (
        "w5",
        "insert into floor.opportunities (id, name, stage, amount, currency, close_date, account_id) \
         values (gen_random_uuid(), $1::text, 'PROSPECTING', $2::text::numeric, 'CNY', date '2026-06-30', $3::text::uuid) \
         returning json_build_object('id', id, 'version', version)::text",
    ),
    (
        "w6",
        "update floor.opportunities set next_step = $2::text, version = version + 1, updated_at = now() where id = $1::text::uuid \
         returning json_build_object('id', id, 'version', version)::text",
    ),
];

/// The tables, filled by arithmetic on the row's number: the same as `measure::fill` gives the platform.
pub(crate) fn fill(accounts: usize, contacts: usize, opportunities: usize) -> String {
    let id = |table: u8, number: &str| format!("('{table:08}-0000-7000-8000-' || lpad(to_hex({number}), 12, '0'))::uuid");
    format!(
        "drop schema if exists floor cascade; create schema floor;
         create table floor.users (id uuid primary key, name text);
         create table floor.accounts (id uuid primary key, name text, industry text, employee_count int, updated_at timestamptz default now());
         create table floor.contacts (id uuid primary key, account_id uuid, last_name text, first_name text, email text);
         create table floor.opportunities (id uuid primary key, version int not null default 1, name text, stage text, amount numeric(20, 2), \
             currency text, probability numeric, close_date date, forecast text, type text, is_key boolean default false, next_step text, \
             account_id uuid, owner_id uuid, created_at timestamptz default now(), updated_at timestamptz default now());
         insert into floor.users select {user}, 'Seller ' || i from generate_series(0, 99) i;
         insert into floor.accounts select {account}, 'Account ' || i, (array['RETAIL', 'ENERGY', 'FINANCE', 'SOFTWARE'])[1 + i % 4], i % 5000 \
             from generate_series(0, {accounts} - 1) i;
         insert into floor.contacts select {contact}, {account_of_contact}, 'Last ' || i, 'First ' || i, 'c' || i || '@x.example' \
             from generate_series(0, {contacts} - 1) i;
         insert into floor.opportunities (id, name, stage, amount, currency, probability, close_date, forecast, type, next_step, account_id, owner_id) \
             select {opportunity}, 'Deal ' || i, \
             (array['PROSPECTING', 'NEEDS_CONFIRMED', 'PROPOSAL', 'NEGOTIATION', 'WON', 'LOST'])[1 + i % 6], (i::bigint * 7919 % 100000) + 0.50, 'CNY', \
             i % 101, date '2025-01-01' + (i::bigint * 31 % 730)::int, 'PIPELINE', 'NEW_BUSINESS', 'Call again', {account_of_deal}, {owner_of_deal} \
             from generate_series(0, {opportunities} - 1) i;
         create index on floor.contacts (account_id);
         create index on floor.opportunities (account_id, amount desc, id);
         create index on floor.opportunities (stage, close_date desc, id);
         create index on floor.opportunities (close_date) include (stage, amount);
         analyze floor.users, floor.accounts, floor.contacts, floor.opportunities;",
        user = id(1, "i"),
        account = id(2, "i"),
        contact = id(3, "i"),
        opportunity = id(4, "i"),
        account_of_contact = id(2, &format!("i % {accounts}")),
        account_of_deal = id(2, &format!("(i::bigint * 13 % {accounts})")),
        owner_of_deal = id(1, "i % 100"),
    )
}

/// Connections by purpose.
pub(crate) struct Floor {
    reads: Vec<Line>,
    writes: Vec<Line>,
    aggregates: Vec<Line>,
    turn: AtomicUsize,
}

struct Line {
    client: Client,
    statements: Vec<Statement>,
}

impl Floor {
    /// Opens every connection and prepares every statement.
    pub(super) async fn open(url: &str) -> anyhow::Result<Self> {
        let (mut reads, mut writes, mut aggregates) = (Vec::new(), Vec::new(), Vec::new());
        for (list, count, setting) in [
            (&mut reads, READ_CONNECTIONS, "set plan_cache_mode = auto"),
            (&mut writes, WRITE_CONNECTIONS, "set plan_cache_mode = auto"),
            (&mut aggregates, AGGREGATE_CONNECTIONS, "set plan_cache_mode = force_custom_plan"),
        ] {
            for _ in 0..count {
                list.push(Line::open(url, setting).await?);
            }
        }
        Ok(Self { reads, writes, aggregates, turn: AtomicUsize::new(0) })
    }

    /// Runs one load.
    pub(super) async fn answer(&self, load: &str, parameters: &Value) -> anyhow::Result<String> {
        let get = |name| text(parameters, name);
        match load {
            "w1" => self.run(&self.reads, 0, &[&get("id")?]).await,
            "w2" => self.run(&self.reads, 1, &[&get("stage")?, &get("amount")?]).await,
            "w3" => self.run(&self.reads, 2, &[&texts(parameters, "ids")]).await,
            "w4" => self.run(&self.aggregates, 3, &[&get("from")?, &get("to")?]).await,
            "w5" => self.run(&self.writes, 4, &[&get("name")?, &get("amount")?, &get("account")?]).await,
            "w6" => self.run(&self.writes, 5, &[&get("id")?, &get("text")?]).await,
            _ => anyhow::bail!("no load `{load}`"),
        }
    }

    async fn run(&self, lines: &[Line], statement: usize, parameters: &[&(dyn ToSql + Sync)]) -> anyhow::Result<String> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let line = lines.get(turn % lines.len().max(1)).ok_or_else(|| anyhow::anyhow!("no connection"))?;
        let prepared = line.statements.get(statement).ok_or_else(|| anyhow::anyhow!("no statement"))?;
        let row = line.client.query_opt(prepared, parameters).await?;
        row.map_or_else(|| Ok("null".to_owned()), |row| Ok(row.try_get(0)?))
    }
}

impl Line {
    async fn open(url: &str, setting: &str) -> anyhow::Result<Self> {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
        tokio::spawn(connection);
        client.batch_execute(setting).await?;
        let mut statements = Vec::new();
        for (_, sql) in STATEMENTS {
            statements.push(client.prepare(sql).await?);
        }
        Ok(Self { client, statements })
    }
}
