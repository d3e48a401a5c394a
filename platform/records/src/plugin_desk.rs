//! What plugins keep and leave for later: their own texts, and jobs. Part of the transaction like any write.
//!
//! Invariant: a package reaches its own texts and jobs only; names begin with the package, which has no `/` in it.

use serde_json::json;
use tenon_diagnostics::Problem;
use tenon_hooks::{Ask, By, Given, KvAsk, SecretValue, Start};
use tenon_store::{KvLimits, NewJob, StoreError};

use crate::attempt::Attempt;
use crate::desk::short;
use crate::halt::Tried;
use crate::queries::Place;
use crate::reading::Told;

/// The kind of jobs that plugins carry out.
pub const PLUGIN_JOB: &str = "plugin";
/// `kv_value`: bytes of one text.
const VALUE_BYTES: usize = 64 << 10;
/// `kv_keys`, `kv_bytes`: of one package in one tenant.
const KV: KvLimits = KvLimits { keys: 10_000, bytes: 10 << 20 };
/// Keys of one look.
const PAGE_MAX: usize = 200;
/// `job_input`: bytes that a job is left with.
const INPUT_BYTES: usize = 64 << 10;

/// Looks a text up, inside a transaction or outside of any.
pub(crate) async fn look_up(by: By<'_>, ask: &KvAsk, place: Place<'_>) -> Result<Told, StoreError> {
    let given = match (ask, place) {
        (KvAsk::Get(key), Place::Tx(tx)) => Given::Text(tx.kv_get(by.package, key).await?),
        (KvAsk::Get(key), Place::Store(store, cx)) => Given::Text(store.kv_get(cx.model.tenant, by.package, key).await?),
        (KvAsk::List(prefix, after, most), Place::Tx(tx)) => {
            Given::Texts(tx.kv_list(by.package, (prefix, after.as_deref()), (*most).min(PAGE_MAX)).await?)
        }
        (KvAsk::List(prefix, after, most), Place::Store(store, cx)) => {
            let page = (prefix.as_str(), after.as_deref());
            Given::Texts(store.kv_list(cx.model.tenant, by.package, page, (*most).min(PAGE_MAX)).await?)
        }
        _ => Given::Done,
    };
    Ok(Ok(given))
}

/// What an administrator has given the package: a setting, a secret. Nothing where the request is about something else.
pub(crate) async fn given(by: By<'_>, ask: &Ask, place: Place<'_>) -> Result<Told, StoreError> {
    let package = by.package;
    let given = match (ask, place) {
        (Ask::Setting(name), Place::Tx(tx)) => Given::Setting(tx.package_setting(package, name).await?),
        (Ask::Setting(name), Place::Store(store, cx)) => Given::Setting(store.package_setting(cx.model.tenant, package, name).await?),
        (Ask::Secret(name), Place::Tx(tx)) => Given::Secret(tx.package_secret(package, name).await?.map(SecretValue)),
        (Ask::Secret(name), Place::Store(store, cx)) => {
            Given::Secret(store.package_secret(cx.model.tenant, package, name).await?.map(SecretValue))
        }
        _ => Given::Done,
    };
    Ok(Ok(given))
}

impl Attempt<'_> {
    /// Changes a text of the package's own store.
    pub(crate) async fn keep(&mut self, by: By<'_>, ask: KvAsk) -> Tried<Given> {
        let package = by.package;
        match ask {
            KvAsk::Set(key, text) => {
                short(&key)?;
                fits(&text)?;
                self.put_text(package, &key, &text).await?;
                Ok(Given::Done)
            }
            KvAsk::Delete(key) => {
                self.tx.kv_delete(package, &key).await?;
                Ok(Given::Done)
            }
            KvAsk::Add(key, by) => {
                short(&key)?;
                // Who adds to one number waits for the other, so that none is lost.
                self.tx.lock_name(&format!("{package}/kv/{key}")).await?;
                let held = self.tx.kv_get(package, &key).await?;
                let number = held.map_or(Ok(0), |text| text.parse::<i64>());
                let wrong = || Problem::invalid("type", "there is no whole number under this key", "该键的值不是整数");
                let sum = number.ok().and_then(|number| number.checked_add(by)).ok_or_else(wrong)?;
                self.put_text(package, &key, &sum.to_string()).await?;
                Ok(Given::Number(sum))
            }
            KvAsk::Swap(key, expected, text) => {
                short(&key)?;
                text.as_deref().map_or(Ok(()), fits)?;
                self.tx.lock_name(&format!("{package}/kv/{key}")).await?;
                if self.tx.kv_get(package, &key).await? != expected {
                    return Ok(Given::Flag(false));
                }
                match text {
                    Some(text) => self.put_text(package, &key, &text).await?,
                    None => self.tx.kv_delete(package, &key).await?,
                }
                Ok(Given::Flag(true))
            }
            KvAsk::Get(_) | KvAsk::List(..) => Ok(Given::Done),
        }
    }

    /// Puts a text in its place; what is too much then is undone with the write.
    async fn put_text(&mut self, package: &str, key: &str, text: &str) -> Tried<()> {
        self.tx.kv_set(package, key, text).await?;
        let held = self.tx.kv_size(package).await?;
        let over = |limit, most: u64, held: u64| (held > most).then(|| Problem::exhausted(limit, most, held));
        match over("kv_keys", KV.keys, held.keys).or_else(|| over("kv_bytes", KV.bytes, held.bytes)) {
            Some(problem) => Err(problem.into()),
            None => Ok(()),
        }
    }

    /// Leaves a job, for whoever acts here.
    pub(crate) async fn start(&mut self, by: By<'_>, start: Start) -> Tried<Given> {
        let Start { job, input, at, key } = start;
        if self.pipeline.hooks.offered_in(self.cx.model.tenant, &self.memory.tree).job(by.package, &job).is_none() {
            let problem = Problem::of_kind(tenon_diagnostics::Kind::NotFound).with("what", "job").with("name", job.as_str());
            return Err(problem.into());
        }
        let length = input.to_string().len();
        if length > INPUT_BYTES {
            let number = |bytes: usize| u64::try_from(bytes).unwrap_or(u64::MAX);
            return Err(Problem::exhausted("job_input", number(INPUT_BYTES), number(length)).into());
        }
        key.as_deref().map_or(Ok(()), short)?;
        let key = key.map(|key| job_key(by, &key));
        let payload = json!({ "package": by.package, "job": job, "input": input });
        // What is due already waits for no time.
        let due = at.filter(|at| *at > self.cx.now);
        let job = NewJob { due, key, ..NewJob::new(self.cx, PLUGIN_JOB, payload) };
        match self.tx.plugin_job_put(&job).await {
            Ok(id) => Ok(Given::Started(id)),
            Err(StoreError::Limit { limit, max }) => Err(Problem::exhausted(limit, max, max).into()),
            Err(error) => Err(error.into()),
        }
    }

    /// Takes a job back that waits under a key.
    pub(crate) async fn cancel(&mut self, by: By<'_>, key: &str) -> Tried<Given> {
        short(key)?;
        let key = job_key(by, key);
        Ok(Given::Flag(self.tx.plugin_job_cancel(&key).await?))
    }
}

fn job_key(by: By<'_>, key: &str) -> String {
    format!("{PLUGIN_JOB}/{}/{key}", by.package)
}

/// A text that can be kept.
fn fits(text: &str) -> Tried<()> {
    let number = |bytes: usize| u64::try_from(bytes).unwrap_or(u64::MAX);
    if text.len() > VALUE_BYTES {
        return Err(Problem::exhausted("kv_value", number(VALUE_BYTES), number(text.len())).into());
    }
    if text.contains('\0') {
        return Err(Problem::invalid("type", "a text has no U+0000 in it", "文本不能包含 U+0000").into());
    }
    Ok(())
}
