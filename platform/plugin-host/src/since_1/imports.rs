//! What a plugin may call: each function of the contract, carried to the desk or answered on the spot.

use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use tenon_diagnostics::Problem;
use tenon_hooks::{Ask, Given, KvAsk, Reading, Start, Wanted};
use tenon_model::{Object, ObjectIx};
use tenon_value::{Date, DateTime, Json, Locale, RecordId};

use super::generated::tenon::plugin::{acting, clock, crypto, jobs, kv, log, random, records_bulk, records_read, records_write};
use super::{incoming, outgoing, types};
use crate::limits::RANDOM_BYTES_MAX;
use crate::state::CallState;
use crate::tape::taped;

/// What the plugin reads of a request: an answer, or a problem. The outer error ends it.
pub(super) type Told<T> = wasmtime::Result<Result<T, types::Problem>>;

impl types::Host for CallState {}

impl acting::Host for CallState {
    fn as_itself(&mut self, on: bool) -> Told<bool> {
        Ok(self.act_as_itself(on).ok_or_else(|| problem("FORBIDDEN", "the package was not granted `acting`".to_owned())))
    }
}

impl clock::Host for CallState {
    fn now(&mut self) -> i64 {
        DateTime::millis(self.begun.clock.0)
    }

    fn today(&mut self) -> i32 {
        Date::days(self.begun.clock.1)
    }
}

impl log::Host for CallState {
    fn write(&mut self, level: log::Level, message: String) {
        let Some(line) = self.keep(&message).map(str::to_owned) else { return };
        let plugin = self.begun.plugin.as_str();
        let level = match level {
            log::Level::Debug => {
                tracing::debug!(target: "tenon::plugin", plugin, "{line}");
                "debug"
            }
            log::Level::Info => {
                tracing::info!(target: "tenon::plugin", plugin, "{line}");
                "info"
            }
            log::Level::Warn => {
                tracing::warn!(target: "tenon::plugin", plugin, "{line}");
                "warn"
            }
            log::Level::Error => {
                tracing::error!(target: "tenon::plugin", plugin, "{line}");
                "error"
            }
        };
        self.lines.push((level, line));
    }
}

impl random::Host for CallState {
    fn bytes(&mut self, count: u32) -> wasmtime::Result<Vec<u8>> {
        match usize::try_from(count) {
            // What is drawn before there is a call would be the same in all of them.
            _ if self.is_ahead() => Err(self.cross("phase")),
            Ok(length) if count <= RANDOM_BYTES_MAX => Ok(self.draw(length)),
            _ => Err(self.cross("output")),
        }
    }
}

impl crypto::Host for CallState {
    fn sha256(&mut self, data: Vec<u8>) -> Vec<u8> {
        Sha256::digest(&data).to_vec()
    }

    fn hmac_sha256(&mut self, key: Vec<u8>, data: Vec<u8>) -> Vec<u8> {
        // Keys of any length are allowed, so there is always one.
        let Ok(mut mac) = <Hmac<Sha256> as Mac>::new_from_slice(&key) else { return Vec::new() };
        mac.update(&data);
        mac.finalize().into_bytes().to_vec()
    }
}

impl CallState {
    fn object(&self, name: &str) -> Result<ObjectIx, types::Problem> {
        let known = self.begun.model.object_named(name);
        known.map(|object| object.ix).ok_or_else(|| problem("NOT_FOUND", format!("there is no object `{}`", name.escape_debug())))
    }

    fn record(&self, object: &str, id: &str) -> Result<(ObjectIx, RecordId), types::Problem> {
        let object = self.object(object)?;
        let id = id.parse().map_err(|_| problem("INVALID", format!("`{}` is no id", id.escape_debug())))?;
        Ok((object, id))
    }

    fn known(&self, object: ObjectIx) -> Option<&Object> {
        self.begun.model.object(object)
    }

    fn wanted(&self, object: ObjectIx, values: Vec<types::FieldValue>) -> Result<Wanted, types::Problem> {
        let unknown = || problem("NOT_FOUND", "there is no such object".to_owned());
        incoming::wanted(&self.begun.model, self.known(object).ok_or_else(unknown)?, values)
    }

    pub(super) async fn told(&mut self, ask: Ask) -> Told<Given> {
        Ok(self.ask(ask).await?.map_err(|declined| told(&declined)))
    }

    async fn stored(&mut self, object: &str, id: &str, reading: Reading) -> Told<Option<types::Stored>> {
        let (object, id) = match self.record(object, id) {
            Ok(found) => found,
            Err(problem) => return Ok(Err(problem)),
        };
        let given = self.told(Ask::Get(object, id, reading)).await?;
        Ok(given.map(|given| match (given, self.known(object)) {
            (Given::Record(Some(record)), Some(object)) => Some(outgoing::stored(&self.begun.model, object, &record)),
            _ => None,
        }))
    }

    async fn saved(&mut self, ask: Result<Ask, types::Problem>) -> Told<types::Saved> {
        let given = match ask {
            Ok(ask) => self.told(ask).await?,
            Err(problem) => Err(problem),
        };
        Ok(given.map(|given| match given {
            Given::Saved(id, version, created) => types::Saved { id: id.to_string(), version, created },
            _ => types::Saved { id: String::new(), version: 0, created: false },
        }))
    }

    async fn counted(&mut self, ask: Result<Ask, types::Problem>) -> Told<u32> {
        let given = match ask {
            Ok(ask) => self.told(ask).await?,
            Err(problem) => Err(problem),
        };
        Ok(given.map(|given| if let Given::Count(count) = given { u32::try_from(count).unwrap_or(u32::MAX) } else { 0 }))
    }
}

/// A problem in the plugin's words.
pub(super) fn problem(code: &str, message: String) -> types::Problem {
    types::Problem { code: code.to_owned(), rule: None, message, field: None }
}

fn told(problem: &Problem) -> types::Problem {
    types::Problem {
        code: problem.kind.code().to_owned(),
        rule: problem.rule.as_ref().map(ToString::to_string),
        message: problem.message.in_locale(Locale::En).to_owned(),
        field: problem.field.clone(),
    }
}

impl records_read::Host for CallState {
    async fn get(&mut self, object: String, id: String) -> Told<Option<types::Stored>> {
        taped!(self, "records-read#get", (&object, &id), self.stored(&object, &id, Reading::Plain).await)
    }

    async fn query(&mut self, document: String, variables: String) -> Told<String> {
        taped!(self, "records-read#query", (&document, &variables), {
            let given = self.told(Ask::Query(document, variables)).await?;
            Ok(given.map(|given| if let Given::Data(json, _) = given { json } else { String::new() }))
        })
    }
}

impl records_write::Host for CallState {
    async fn get_for_update(&mut self, object: String, id: String) -> Told<Option<types::Stored>> {
        taped!(self, "records-write#get-for-update", (&object, &id), self.stored(&object, &id, Reading::ForUpdate).await)
    }

    async fn lock(&mut self, name: String) -> Told<()> {
        taped!(self, "records-write#lock", (&name,), Ok(self.told(Ask::Lock(name)).await?.map(drop)))
    }

    async fn create(&mut self, object: String, values: Vec<types::FieldValue>) -> Told<types::Saved> {
        taped!(self, "records-write#create", (&object, &values), {
            let ask = self.object(&object).and_then(|object| Ok(Ask::Create(object, self.wanted(object, values)?)));
            self.saved(ask).await
        })
    }

    async fn update(&mut self, object: String, id: String, expect: Option<i64>, values: Vec<types::FieldValue>) -> Told<types::Saved> {
        taped!(self, "records-write#update", (&object, &id, &expect, &values), {
            let ask = self.record(&object, &id).and_then(|(object, id)| Ok(Ask::Update(object, id, expect, self.wanted(object, values)?)));
            self.saved(ask).await
        })
    }

    async fn update_where(&mut self, object: String, filter: String, values: Vec<types::FieldValue>, limit: u32) -> Told<u32> {
        taped!(self, "records-write#update-where", (&object, &filter, &values, &limit), {
            let limit = usize::try_from(limit).unwrap_or(usize::MAX);
            let ask = self.object(&object).and_then(|object| Ok(Ask::UpdateWhere(object, filter, self.wanted(object, values)?, limit)));
            self.counted(ask).await
        })
    }

    async fn create_or_get(&mut self, object: String, key: String, values: Vec<types::FieldValue>) -> Told<types::Saved> {
        taped!(self, "records-write#create-or-get", (&object, &key, &values), {
            let ask = self.object(&object).and_then(|object| Ok(Ask::CreateOrGet(object, key, self.wanted(object, values)?)));
            self.saved(ask).await
        })
    }

    async fn delete(&mut self, object: String, id: String, expect: Option<i64>) -> Told<()> {
        taped!(self, "records-write#delete", (&object, &id, &expect), {
            match self.record(&object, &id) {
                Ok((object, id)) => Ok(self.told(Ask::Delete(object, id, expect)).await?.map(drop)),
                Err(problem) => Ok(Err(problem)),
            }
        })
    }

    async fn next_number(&mut self, series: String) -> Told<i64> {
        taped!(self, "records-write#next-number", (&series,), {
            let given = self.told(Ask::NextNumber(series)).await?;
            Ok(given.map(|given| if let Given::Number(number) = given { number } else { 0 }))
        })
    }
}

impl records_bulk::Host for CallState {
    async fn create_many(&mut self, object: String, rows: Vec<Vec<types::FieldValue>>) -> Told<Vec<String>> {
        taped!(self, "records-bulk#create-many", (&object, &rows), {
            let ask = self.object(&object).and_then(|object| {
                let wanted = rows.into_iter().map(|values| self.wanted(object, values)).collect::<Result<_, _>>()?;
                Ok(Ask::CreateMany(object, wanted))
            });
            let given = match ask {
                Ok(ask) => self.told(ask).await?,
                Err(problem) => Err(problem),
            };
            Ok(given.map(|given| if let Given::Ids(ids) = given { ids.iter().map(ToString::to_string).collect() } else { Vec::new() }))
        })
    }

    async fn update_many(&mut self, object: String, rows: Vec<(String, Vec<types::FieldValue>)>) -> Told<u32> {
        taped!(self, "records-bulk#update-many", (&object, &rows), {
            let ask = self.object(&object).and_then(|ix| {
                let one = |(id, values): (String, Vec<types::FieldValue>)| Ok((self.record(&object, &id)?.1, self.wanted(ix, values)?));
                Ok(Ask::UpdateMany(ix, rows.into_iter().map(one).collect::<Result<_, types::Problem>>()?))
            });
            self.counted(ask).await
        })
    }
}

impl kv::Host for CallState {
    async fn get(&mut self, key: String) -> Told<Option<String>> {
        taped!(self, "kv#get", (&key,), {
            let given = self.told(Ask::Kv(KvAsk::Get(key))).await?;
            Ok(given.map(|given| if let Given::Text(text) = given { text } else { None }))
        })
    }

    async fn scan(&mut self, prefix: String, after: Option<String>, limit: u32) -> Told<Vec<(String, String)>> {
        taped!(self, "kv#scan", (&prefix, &after, &limit), {
            let most = usize::try_from(limit).unwrap_or(usize::MAX);
            let given = self.told(Ask::Kv(KvAsk::List(prefix, after, most))).await?;
            Ok(given.map(|given| if let Given::Texts(texts) = given { texts } else { Vec::new() }))
        })
    }

    async fn set(&mut self, key: String, text: String) -> Told<()> {
        taped!(self, "kv#set", (&key, &text), Ok(self.told(Ask::Kv(KvAsk::Set(key, text))).await?.map(drop)))
    }

    async fn delete(&mut self, key: String) -> Told<()> {
        taped!(self, "kv#delete", (&key,), Ok(self.told(Ask::Kv(KvAsk::Delete(key))).await?.map(drop)))
    }

    async fn add(&mut self, key: String, by: i64) -> Told<i64> {
        taped!(self, "kv#add", (&key, &by), {
            let given = self.told(Ask::Kv(KvAsk::Add(key, by))).await?;
            Ok(given.map(|given| if let Given::Number(number) = given { number } else { 0 }))
        })
    }

    async fn swap(&mut self, key: String, expected: Option<String>, text: Option<String>) -> Told<bool> {
        taped!(self, "kv#swap", (&key, &expected, &text), {
            let given = self.told(Ask::Kv(KvAsk::Swap(key, expected, text))).await?;
            Ok(given.map(|given| matches!(given, Given::Flag(true))))
        })
    }
}

impl jobs::Host for CallState {
    async fn start(&mut self, job: String, input: String, at: Option<i64>, key: Option<String>) -> Told<String> {
        taped!(self, "jobs#start", (&job, &input, &at, &key), {
            let Ok(input) = input.parse::<Json>() else {
                return Ok(Err(problem("INVALID", "the job's input is no JSON".to_owned())));
            };
            let at = at.map(DateTime::from_millis);
            if at.is_some_and(|at| !incoming::is_moment(at.millis())) {
                return Ok(Err(problem("INVALID", "the job's moment is none".to_owned())));
            }
            let given = self.told(Ask::Start(Start { job, input, at, key })).await?;
            Ok(given.map(|given| if let Given::Started(id) = given { id.to_string() } else { String::new() }))
        })
    }

    async fn cancel(&mut self, key: String) -> Told<bool> {
        taped!(self, "jobs#cancel", (&key,), {
            let given = self.told(Ask::Cancel(key)).await?;
            Ok(given.map(|given| matches!(given, Given::Flag(true))))
        })
    }
}
