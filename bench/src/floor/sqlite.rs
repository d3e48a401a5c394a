//! The floor on SQLite: rusqlite, readers of their own, one writer.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;
use rusqlite::{Connection, params};
use serde_json::Value;

use super::{text, texts};

const READERS: usize = 2;

const W1: &str = "select json_object('id', id, 'version', version, 'name', name, 'stage', stage, 'amount', amount, 'currency', currency, 'probability', \
    probability, 'closeDate', close_date, 'forecast', forecast, 'type', type, 'isKey', is_key, 'nextStep', next_step) from opportunities where id = ?1";
const W2: &str = "select json_group_array(json_object('id', o.id, 'name', o.name, 'amount', o.amount, 'stage', o.stage, 'closeDate', o.close_date, \
    'account', json_object('id', a.id, 'name', a.name, 'industry', a.industry), 'owner', json_object('id', u.id, 'name', u.name))) \
    from (select * from opportunities where stage = ?1 and amount >= cast(?2 as integer) order by close_date desc, id limit 50) o \
    left join accounts a on a.id = o.account_id left join users u on u.id = o.owner_id";
const W3: &str = "select json_group_array(json_object('id', a.id, 'name', a.name, 'opportunities', json((select json_group_array(json_object('id', o.id, \
    'name', o.name, 'amount', o.amount)) from (select id, name, amount from opportunities where account_id = a.id order by amount desc, id limit 5) o)))) \
    from accounts a where a.id in (select value from json_each(?1))";
const W4: &str = "select json_group_array(json_object('stage', stage, 'count', n, 'sum', s)) from \
    (select stage, count(*) n, sum(amount) s from opportunities where close_date between ?1 and ?2 group by stage)";
const W5: &str = "insert into opportunities (id, name, stage, amount, currency, close_date, account_id) \
    values (lower(hex(randomblob(16))), ?1, 'PROSPECTING', cast(?2 as integer), 'CNY', '2026-06-30', ?3) returning json_object('id', id, 'version', version)";
const W6: &str = "update opportunities set next_step = ?2, version = version + 1, updated_at = datetime() where id = ?1 \
    returning json_object('id', id, 'version', version)";

/// The tables, filled by the same arithmetic as on PostgreSQL; amounts in hundredths.
pub(crate) fn fill(file: &Path, accounts: usize, contacts: usize, opportunities: usize) -> anyhow::Result<()> {
    let id = |table: u8, number: &str| format!("printf('{table:08}-0000-7000-8000-%012x', {number})");
    let series = |count: usize| format!("with recursive n(i) as (select 0 union all select i + 1 from n where i + 1 < {count})");
    let connection = open(file)?;
    connection.execute_batch(&format!(
        "begin;
         create table users (id text primary key, name text) without rowid;
         create table accounts (id text primary key, name text, industry text, employee_count int) without rowid;
         create table contacts (id text primary key, account_id text, last_name text, first_name text, email text) without rowid;
         create table opportunities (id text primary key, version int not null default 1, name text, stage text, amount int, currency text, \
             probability int, close_date text, forecast text, type text, is_key int default 0, next_step text, account_id text, owner_id text, \
             created_at text, updated_at text) without rowid;
         {hundred} insert into users select {user}, 'Seller ' || i from n;
         {of_accounts} insert into accounts select {account}, 'Account ' || i, \
             case i % 4 when 0 then 'RETAIL' when 1 then 'ENERGY' when 2 then 'FINANCE' else 'SOFTWARE' end, i % 5000 from n;
         {of_contacts} insert into contacts select {contact}, {account_of_contact}, 'Last ' || i, 'First ' || i, 'c' || i || '@x.example' from n;
         {of_deals} insert into opportunities (id, name, stage, amount, currency, probability, close_date, forecast, type, next_step, account_id, owner_id) \
             select {deal}, 'Deal ' || i, case i % 6 when 0 then 'PROSPECTING' when 1 then 'NEEDS_CONFIRMED' when 2 then 'PROPOSAL' \
             when 3 then 'NEGOTIATION' when 4 then 'WON' else 'LOST' end, (i * 7919 % 100000) * 100 + 50, 'CNY', i % 101, \
             date('2025-01-01', '+' || (i * 31 % 730) || ' days'), 'PIPELINE', 'NEW_BUSINESS', 'Call again', {account_of_deal}, {owner_of_deal} from n;
         create index contacts_account on contacts (account_id);
         create index deals_account on opportunities (account_id, amount desc, id);
         create index deals_stage on opportunities (stage, close_date desc, id);
         create index deals_close on opportunities (close_date, stage, amount);
         commit; analyze;",
        hundred = series(100),
        of_accounts = series(accounts),
        of_contacts = series(contacts),
        of_deals = series(opportunities),
        user = id(1, "i"),
        account = id(2, "i"),
        contact = id(3, "i"),
        deal = id(4, "i"),
        account_of_contact = id(2, &format!("i % {accounts}")),
        account_of_deal = id(2, &format!("i * 13 % {accounts}")),
        owner_of_deal = id(1, "i % 100"),
    ))?;
    Ok(())
}

/// Connections by purpose.
pub(crate) struct Floor {
    readers: Vec<Arc<Mutex<Connection>>>,
    writer: Arc<Mutex<Connection>>,
    turn: AtomicUsize,
}

impl Floor {
    /// Opens the file.
    pub(super) fn open(file: &Path) -> anyhow::Result<Self> {
        let readers = (0..READERS).map(|_| Ok(Arc::new(Mutex::new(open(file)?)))).collect::<anyhow::Result<_>>()?;
        Ok(Self { readers, writer: Arc::new(Mutex::new(open(file)?)), turn: AtomicUsize::new(0) })
    }

    /// Runs one load on a thread that may block.
    pub(super) async fn answer(&self, load: &str, parameters: Value) -> anyhow::Result<String> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let is_write = matches!(load, "w5" | "w6");
        let reader = self.readers.get(turn % READERS);
        let line = if is_write { Some(&self.writer) } else { reader };
        let line = Arc::clone(line.context("no connection")?);
        let name = load.to_owned();
        tokio::task::spawn_blocking(move || run(&line.lock().unwrap_or_else(PoisonError::into_inner), &name, &parameters)).await?
    }
}

fn run(connection: &Connection, load: &str, parameters: &Value) -> anyhow::Result<String> {
    let get = |name| text(parameters, name);
    let first = |sql: &str, given: &[&dyn rusqlite::ToSql]| -> anyhow::Result<String> {
        Ok(connection.prepare_cached(sql)?.query_row(given, |row| row.get(0))?)
    };
    match load {
        "w1" => first(W1, params![get("id")?]),
        "w2" => first(W2, params![get("stage")?, hundredths(get("amount")?)]),
        "w3" => first(W3, params![serde_json::to_string(&texts(parameters, "ids"))?]),
        "w4" => first(W4, params![get("from")?, get("to")?]),
        "w5" => first(W5, params![get("name")?, hundredths(get("amount")?), get("account")?]),
        "w6" => first(W6, params![get("id")?, get("text")?]),
        _ => anyhow::bail!("no load `{load}`"),
    }
}

/// The amounts of the loads have two places: `12.50` is 1250.
fn hundredths(amount: &str) -> String {
    amount.replace('.', "")
}

/// A commit is on disk when it is answered, as the platform promises it.
fn open(file: &Path) -> anyhow::Result<Connection> {
    let connection = Connection::open(file)?;
    connection
        .execute_batch("pragma journal_mode = wal; pragma synchronous = full; pragma busy_timeout = 5000; pragma mmap_size = 268435456;")?;
    Ok(connection)
}
