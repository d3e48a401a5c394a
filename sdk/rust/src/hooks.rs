//! What a plugin implements.

use crate::http;
use crate::jobs::Outcome;
use crate::{Change, Error, Event, Json, Record, Refusal, Value};

/// A say in what happens to records. Implement what you subscribe to; the rest has a body that does nothing.
///
/// Each call has an instance and a memory of its own: nothing is remembered from one to the next.
///
/// ```
/// use tenon_sdk::prelude::*;
///
/// struct Tidy;
///
/// impl Hooks for Tidy {
///     fn before_save(&self, change: &mut Change) -> Result<(), Refusal> {
///         if let Some(trimmed) = change.text("name").map(|name| name.trim().to_owned()) {
///             change.set("name", trimmed);
///         }
///         Ok(())
///     }
/// }
/// ```
pub trait Hooks {
    /// Called before a record is saved, inside the transaction that saves it: once, or again where the database makes the
    /// transaction start anew. Nobody else can change the record meanwhile. It may set fields of the change and refuse it; it cannot write or call out.
    ///
    /// ```
    /// use tenon_sdk::prelude::*;
    ///
    /// struct Plugin;
    ///
    /// impl Hooks for Plugin {
    ///     fn before_save(&self, change: &mut Change) -> Result<(), Refusal> {
    ///         if change.becomes("stage", "lost") && change.is_empty("loss_reason") {
    ///             return Err(Refusal::on("loss_reason", "say why, so that we learn from it"));
    ///         }
    ///         Ok(())
    ///     }
    /// }
    ///
    /// let mut change = tenon_sdk::testing::update("opportunity").before("stage", "proposal").after("stage", "lost").build();
    /// assert_eq!(Plugin.before_save(&mut change).unwrap_err().field.as_deref(), Some("loss_reason"));
    /// ```
    ///
    /// # Errors
    /// A refusal: the record is not saved, and users read why.
    fn before_save(&self, change: &mut Change) -> Result<(), Refusal> {
        let _: &mut Change = change;
        Ok(())
    }

    /// Called with all records of one save, up to 200, of one object and one operation. Implement it instead of
    /// [`before_save`](Self::before_save) where records must be looked at together.
    ///
    /// ```
    /// use tenon_sdk::prelude::*;
    ///
    /// struct OneAtATime;
    ///
    /// impl Hooks for OneAtATime {
    ///     fn before_save_all(&self, changes: &mut [Change]) -> Result<(), Error> {
    ///         for change in changes.iter_mut().skip(1) {
    ///             change.refuse(Refusal::new("save key deals one at a time"));
    ///         }
    ///         Ok(())
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    /// A refusal of the whole save, or a failure that only operators read.
    fn before_save_all(&self, changes: &mut [Change]) -> Result<(), Error> {
        for change in changes {
            if let Err(refusal) = self.before_save(change) {
                change.refuse(refusal);
            }
        }
        Ok(())
    }

    /// Called for a record that is saved, of which one of the fields differs that a computed field of yours is made of: what that
    /// field holds from now on. The record has those fields and no others, as they will be saved. It may neither read nor write: the
    /// same fields make the same value. Where it fails, the field is empty, and the save goes on.
    ///
    /// ```
    /// use tenon_sdk::prelude::*;
    ///
    /// struct Plugin;
    ///
    /// impl Hooks for Plugin {
    ///     fn compute(&self, _object: &str, _field: &str, record: &Record) -> Result<Value, Error> {
    ///         let size = record.integer("employee_count").unwrap_or_default();
    ///         Ok(if size > 100 { "large".into() } else { "small".into() })
    ///     }
    /// }
    ///
    /// tenon_sdk::testing::put_record("account", "7", &[("employee_count", 120.into())]);
    /// let account = records::get("account", "7").unwrap().unwrap();
    /// assert_eq!(Plugin.compute("account", "acme_size", &account), Ok("large".into()));
    /// ```
    ///
    /// # Errors
    /// Why there is no value: operators read it.
    fn compute(&self, object: &str, field: &str, record: &Record) -> Result<Value, Error> {
        let _: &Record = record;
        Err(Error::Failed(format!("there is no computed field `{object}.{field}`")))
    }

    /// Called after a record was written, inside the transaction that saves it. It may read and write other records, and
    /// refuse; it cannot set fields of this change (write the record instead: your own plugin is asked again).
    ///
    /// ```
    /// use tenon_sdk::prelude::*;
    ///
    /// struct Plugin;
    ///
    /// impl Hooks for Plugin {
    ///     fn after_save(&self, change: &Change) -> Result<(), Error> {
    ///         if change.becomes("stage", "won") {
    ///             records::create("activity", &[("subject", "Say thank you".into())])?;
    ///         }
    ///         Ok(())
    ///     }
    /// }
    ///
    /// let change = tenon_sdk::testing::create("opportunity").after("stage", "won").build();
    /// assert_eq!(Plugin.after_save(&change), Ok(()));
    /// ```
    ///
    /// # Errors
    /// A refusal of the record, which fails it; or a failure, which only operators read.
    fn after_save(&self, change: &Change) -> Result<(), Error> {
        let _: &Change = change;
        Ok(())
    }

    /// The same with all records of one save, up to 200, of one object and one operation.
    ///
    /// ```
    /// use tenon_sdk::prelude::*;
    ///
    /// struct Counting;
    ///
    /// impl Hooks for Counting {
    ///     fn after_save_all(&self, changes: &mut [Change]) -> Result<(), Error> {
    ///         log::info(&format!("{} deals", changes.len()));
    ///         Ok(())
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    /// A refusal of the whole save, or a failure.
    fn after_save_all(&self, changes: &mut [Change]) -> Result<(), Error> {
        each(changes, |change| self.after_save(change))
    }

    /// Called before a record goes to the recycle bin, inside the transaction, also where it only goes along. It may read
    /// and refuse; it cannot write.
    ///
    /// ```
    /// use tenon_sdk::prelude::*;
    ///
    /// struct Plugin;
    ///
    /// impl Hooks for Plugin {
    ///     fn before_delete(&self, change: &Change) -> Result<(), Refusal> {
    ///         if change.text("stage") == Some("won") { Err(Refusal::new("won deals stay")) } else { Ok(()) }
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    /// A refusal: the record stays.
    fn before_delete(&self, change: &Change) -> Result<(), Refusal> {
        let _: &Change = change;
        Ok(())
    }

    /// The same with all records of one removal, up to 200, of one object.
    ///
    /// ```
    /// use tenon_sdk::prelude::*;
    ///
    /// struct Few;
    ///
    /// impl Hooks for Few {
    ///     fn before_delete_all(&self, changes: &mut [Change]) -> Result<(), Error> {
    ///         if changes.len() > 10 { Err(Refusal::new("ten at a time").into()) } else { Ok(()) }
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    /// A refusal of all, or a failure.
    fn before_delete_all(&self, changes: &mut [Change]) -> Result<(), Error> {
        each(changes, |change| self.before_delete(change).map_err(Error::from))
    }

    /// Called after a record went to the recycle bin, inside the transaction. It may read, write and refuse.
    ///
    /// ```
    /// use tenon_sdk::prelude::*;
    ///
    /// struct Plugin;
    ///
    /// impl Hooks for Plugin {
    ///     fn after_delete(&self, change: &Change) -> Result<(), Error> {
    ///         records::create("activity", &[("subject", "Ask why".into())])?;
    ///         Ok(())
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    /// A refusal of the removal, or a failure.
    fn after_delete(&self, change: &Change) -> Result<(), Error> {
        let _: &Change = change;
        Ok(())
    }

    /// The same with all records of one removal, up to 200, of one object.
    ///
    /// ```
    /// use tenon_sdk::prelude::*;
    ///
    /// struct Counting;
    ///
    /// impl Hooks for Counting {
    ///     fn after_delete_all(&self, changes: &mut [Change]) -> Result<(), Error> {
    ///         log::info(&format!("{} gone", changes.len()));
    ///         Ok(())
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    /// A refusal of all, or a failure.
    fn after_delete_all(&self, changes: &mut [Change]) -> Result<(), Error> {
        each(changes, |change| self.after_delete(change))
    }

    /// Called after a save that you subscribe to was committed, in the order of the commits, in a transaction of its own, as your
    /// package itself. What you write so, you do not hear of.
    ///
    /// ```
    /// use tenon_sdk::prelude::*;
    ///
    /// struct Plugin;
    ///
    /// impl Hooks for Plugin {
    ///     fn heard(&self, event: &Event) -> Result<(), Error> {
    ///         for (id, _) in &event.records {
    ///             records::create("activity", &[("subject", format!("look at {} {id}", event.object).into())])?;
    ///         }
    ///         Ok(())
    ///     }
    /// }
    ///
    /// assert_eq!(Plugin.heard(&tenon_sdk::testing::event("lead", Operation::Create, &["7"])), Ok(()));
    /// ```
    ///
    /// # Errors
    /// A refusal, with which the event is done; or a failure, after which it is tried again: five times.
    fn heard(&self, event: &Event) -> Result<(), Error> {
        let _: &Event = event;
        Ok(())
    }

    /// Called when somebody asks for one of your actions, inside the transaction of his document. It may read, write, lock
    /// and leave jobs; all of it stands or falls with the document. What goes in has been checked against what your `export!`
    /// declares; what comes out is an object of what it declares to give.
    ///
    /// ```
    /// use tenon_sdk::prelude::*;
    ///
    /// struct Plugin;
    ///
    /// impl Hooks for Plugin {
    ///     fn act(&self, action: &str, input: &Json) -> Result<Json, Error> {
    ///         match action {
    ///             "greet" => Ok(Json::object([("words", format!("hello {}", input.at("name").text().unwrap_or("you")).into())])),
    ///             _ => Err(Error::Failed(format!("there is no {action}"))),
    ///         }
    ///     }
    /// }
    ///
    /// let words = Plugin.act("greet", &r#"{"name":"Li"}"#.parse().unwrap()).unwrap();
    /// assert_eq!(words.at("words").text(), Some("hello Li"));
    /// ```
    ///
    /// # Errors
    /// A refusal, which its caller reads; or a failure, which only operators read.
    fn act(&self, action: &str, input: &Json) -> Result<Json, Error> {
        let _: &Json = input;
        Err(Error::Failed(format!("there is no action `{action}`")))
    }

    /// Called when somebody asks for one of your queries, as him and within your grant, in no transaction. It may read, and nothing
    /// else. What goes in has been checked against what your `export!` declares; what comes out is an object of what it declares to give.
    ///
    /// ```
    /// use tenon_sdk::prelude::*;
    ///
    /// struct Plugin;
    ///
    /// impl Hooks for Plugin {
    ///     fn resolve(&self, _query: &str, input: &Json) -> Result<Json, Error> {
    ///         let held = records::get("account", input.at("account").text().unwrap_or_default())?;
    ///         let name = held.and_then(|account| account.text("name").map(str::to_owned)).unwrap_or_default();
    ///         Ok(Json::object([("words", format!("hello {name}").into())]))
    ///     }
    /// }
    ///
    /// let words = Plugin.resolve("greeting", &r#"{"account":"7"}"#.parse().unwrap()).unwrap();
    /// assert_eq!(words.at("words").text(), Some("hello "));
    /// ```
    ///
    /// # Errors
    /// A refusal, which whoever asked reads; or a failure, which only operators read. The field is null then.
    fn resolve(&self, query: &str, input: &Json) -> Result<Json, Error> {
        let _: &Json = input;
        Err(Error::Failed(format!("there is no query `{query}`")))
    }

    /// Called for a request at one of your endpoints, once it was let in, in a transaction of its own: as whoever calls where the
    /// endpoint asks for a `key`, else as your package itself. What you write is kept where you answer, whatever the status.
    ///
    /// ```
    /// use tenon_sdk::prelude::*;
    ///
    /// struct Plugin;
    ///
    /// impl Hooks for Plugin {
    ///     fn answer(&self, endpoint: &str, request: &http::Incoming) -> Result<http::Response, Error> {
    ///         let Ok(order) = request.json() else { return Ok(http::Response::new(400)) };
    ///         kv::set("last order", &order.at("id").to_string())?;
    ///         Ok(http::Response::new(204))
    ///     }
    /// }
    ///
    /// let request = http::Incoming { body: br#"{"id":7}"#.to_vec(), ..http::Incoming::default() };
    /// assert_eq!(Plugin.answer("orders", &request).unwrap().status, 204);
    /// ```
    ///
    /// # Errors
    /// A refusal, which the caller reads with the status 422; or a failure, which it reads as 502.
    fn answer(&self, endpoint: &str, request: &http::Incoming) -> Result<http::Response, Error> {
        let _: &http::Incoming = request;
        Err(Error::Failed(format!("there is no endpoint `{endpoint}`")))
    }

    /// Called for each step of one of your jobs, with its input, and where the step before has come to. A step is a
    /// transaction: what it writes, and how far the job has come, are kept together, so a step is never done twice.
    ///
    /// ```
    /// use tenon_sdk::prelude::*;
    ///
    /// struct Plugin;
    ///
    /// impl Hooks for Plugin {
    ///     fn run(&self, _job: &str, _input: &Json, cursor: Option<&str>) -> Result<Outcome, Error> {
    ///         let step: u32 = cursor.map_or(Ok(0), str::parse).map_err(|_| Error::Failed("a foreign cursor".to_owned()))?;
    ///         kv::add("steps", 1)?;
    ///         Ok(if step < 2 { Outcome::GoesOn((step + 1).to_string()) } else { Outcome::done() })
    ///     }
    /// }
    ///
    /// assert_eq!(Plugin.run("count", &Json::Null, Some("2")), Ok(Outcome::done()));
    /// ```
    ///
    /// # Errors
    /// A refusal, which ends the job; or a failure, after which the step is tried again: five times, then the job is dead.
    fn run(&self, job: &str, input: &Json, cursor: Option<&str>) -> Result<Outcome, Error> {
        let _: (&Json, Option<&str>) = (input, cursor);
        Err(Error::Failed(format!("there is no job `{job}`")))
    }

    /// Called when your package is installed in a tenant where it is not, inside the transaction that installs it, as your package
    /// itself. Its records may be there already: who takes a package out may keep them.
    ///
    /// ```
    /// use tenon_sdk::prelude::*;
    ///
    /// struct Plugin;
    ///
    /// impl Hooks for Plugin {
    ///     fn install(&self) -> Result<(), Error> {
    ///         kv::set("rate", "0.2")?;
    ///         Ok(())
    ///     }
    /// }
    ///
    /// assert_eq!(Plugin.install(), Ok(()));
    /// assert_eq!(kv::get("rate").unwrap().as_deref(), Some("0.2"));
    /// ```
    ///
    /// # Errors
    /// A refusal, in words that whoever installs it reads; or a failure, which only operators read. Nothing is installed then.
    fn install(&self) -> Result<(), Error> {
        Ok(())
    }

    /// Called when this version takes the place of an older one, as your package itself: here the data of that one is moved. The
    /// first step is part of the upgrade; what goes on is a job, with this version in force meanwhile. A step is a transaction, so
    /// none is done twice; but after a rollback and another upgrade you are called again, about what you have moved before.
    ///
    /// ```
    /// use tenon_sdk::prelude::*;
    ///
    /// struct Plugin;
    ///
    /// impl Hooks for Plugin {
    ///     fn upgrade(&self, from: &str, cursor: Option<&str>) -> Result<Outcome, Error> {
    ///         let portion = "query ($after: String) { dealerVisits(first: 100, after: $after, filter: { minutes: { isNull: true } }) {
    ///             nodes { id hours } pageInfo { hasNextPage endCursor } } }";
    ///         let variables = Json::object([("after", cursor.map_or(Json::Null, Json::from))]);
    ///         let visits = records::query(portion, &variables.to_string())?;
    ///         log::info(&format!("from {from}: {} visits", visits.at("dealerVisits").at("nodes").items().len()));
    ///         // … what each of them needs, by `records::update_many`
    ///         let page = visits.at("dealerVisits").at("pageInfo");
    ///         match page.at("endCursor").text() {
    ///             Some(next) if page.at("hasNextPage").boolean() == Some(true) => Ok(Outcome::GoesOn(next.to_owned())),
    ///             _ => Ok(Outcome::done()),
    ///         }
    ///     }
    /// }
    ///
    /// const NONE: &str = r#"{"dealerVisits":{"nodes":[],"pageInfo":{"hasNextPage":false,"endCursor":null}}}"#;
    /// tenon_sdk::testing::answer_queries(|_, _| Ok(NONE.to_owned()));
    /// assert_eq!(Plugin.upgrade("1.0.0", None), Ok(Outcome::done()));
    /// ```
    ///
    /// # Errors
    /// A refusal or a failure: of the first step it leaves the older version in force and its data as it was; of a later one it
    /// ends the job, or has it tried again.
    fn upgrade(&self, from: &str, cursor: Option<&str>) -> Result<Outcome, Error> {
        let _: (&str, Option<&str>) = (from, cursor);
        Ok(Outcome::done())
    }

    /// Called before your package is taken out of a tenant, in the same transaction. It goes in any case: what you refuse or fail
    /// on is undone, and told in the audit trail.
    ///
    /// ```
    /// use tenon_sdk::prelude::*;
    ///
    /// struct Plugin;
    ///
    /// impl Hooks for Plugin {
    ///     fn uninstall(&self) -> Result<(), Error> {
    ///         jobs::cancel("nightly")?;
    ///         Ok(())
    ///     }
    /// }
    ///
    /// assert_eq!(Plugin.uninstall(), Ok(()));
    /// ```
    ///
    /// # Errors
    /// What is told in the audit trail.
    fn uninstall(&self) -> Result<(), Error> {
        Ok(())
    }
}

/// One after the other: a refusal is of its record, a failure ends it all.
fn each(changes: &mut [Change], hook: impl Fn(&Change) -> Result<(), Error>) -> Result<(), Error> {
    for change in changes {
        match hook(change) {
            Ok(()) => {}
            Err(Error::Refused(refusal)) => change.refuse(refusal),
            Err(failed) => return Err(failed),
        }
    }
    Ok(())
}
