//! Why somebody may or may not with one record, and who sees it: the reasons of `access`, asked of the record itself.
//!
//! Invariant: nothing is told of a record that the caller does not see; of others only administrators and those who may
//! see the system as them are told.

use std::sync::Arc;

use serde_json::json;
use tenon_access::{By, Place, Policy, Reason, Rows, Subject, explain, explain_verb};
use tenon_context::{OpContext, Principal};
use tenon_diagnostics::{Kind, Problem};
use tenon_identity::{Identity, IdentityError};
use tenon_model::{Fact, FieldRight, Model, ObjectIx, Part, Special, Verb, system};
use tenon_query::{Action, Answer, Deleted, Output, Params, Predicate, Read, Select, Window};
use tenon_store::{AuditKind, AuditNote, StoreError, StoredShare};
use tenon_value::{Json, RecordId, Uuid, Value};

use crate::documents::told;
use crate::execute::Reader;
use crate::shape::Sub;

/// People asked for one answer of `whoCanSee`, at most.
const SCANNED_MAX: usize = 2_000;

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Question {
    /// What somebody may do with the record, and why; none: who asks.
    Why(Option<Uuid>),
    /// Who sees it: so many, after this user.
    Who(usize, Option<Uuid>),
}

/// Why a question has no answer.
pub(crate) enum Unanswered {
    Store(StoreError),
    Problem(Box<Problem>),
}

impl From<StoreError> for Unanswered {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<IdentityError> for Unanswered {
    fn from(error: IdentityError) -> Self {
        Self::Problem(Box::new(told(&error)))
    }
}

impl From<Problem> for Unanswered {
    fn from(problem: Problem) -> Self {
        Self::Problem(Box::new(problem))
    }
}

/// Whether a policy may ask about other people.
pub(crate) fn may_ask_about_others(policy: &Policy) -> bool {
    policy.is_administrator() || policy.may_special(Special::Impersonate) || policy.may_special(Special::Users)
}

/// Answers a question about one record. Null where the caller does not see it, or nobody has the id.
pub(crate) async fn answer(reader: &Reader<'_>, object: ObjectIx, id: RecordId, question: Question) -> Result<Json, Unanswered> {
    let asker = Asker { reader, house: Policy::resolve(&reader.cx.model, &Principal::system()), object, id };
    let policy = &reader.valid.schema.policy;
    if !asker.is_seen(policy).await? {
        return Ok(if matches!(question, Question::Who(..)) { json!([]) } else { Json::Null });
    }
    match question {
        Question::Why(of) => {
            let own = of.is_none_or(|id| id == reader.cx.principal.id);
            let principal = if own {
                Arc::new(reader.cx.principal.clone())
            } else {
                if !may_ask_about_others(policy) {
                    return Err(Problem::of_kind(Kind::Forbidden).into());
                }
                let found = identity(reader)?.principal_of(reader.cx, of.unwrap_or_default()).await?;
                let Some(found) = found else { return Ok(Json::Null) };
                asker.note(&found).await?;
                found
            };
            asker.why(&principal, own && !may_ask_about_others(policy)).await
        }
        Question::Who(first, after) => asker.who(first, after).await,
    }
}

fn identity<'a>(reader: &Reader<'a>) -> Result<&'a Identity, Problem> {
    reader.identity.ok_or_else(|| Problem::of_kind(Kind::Unavailable))
}

struct Asker<'a> {
    reader: &'a Reader<'a>,
    house: Policy,
    object: ObjectIx,
    id: RecordId,
}

impl Asker<'_> {
    fn model(&self) -> &Arc<Model> {
        &self.reader.cx.model
    }

    async fn is_seen(&self, policy: &Policy) -> Result<bool, StoreError> {
        Ok(self.ask(policy, self.reader.cx, Vec::new()).await?.is_some())
    }

    /// Which of some predicates hold of the record, for a principal; none where the policy does not show it.
    async fn ask(&self, policy: &Policy, cx: &OpContext, holds: Vec<Predicate>) -> Result<Option<Vec<bool>>, StoreError> {
        let Ok(table) = policy.table(self.model(), self.object, Action::Read, Place::Root) else { return Ok(None) };
        let mut params = Params::default();
        let id = params.push(Value::Id(self.id.0));
        let select = Select {
            table,
            filter: Some(Predicate::equals(system::ID, Part::Whole, id)),
            deleted: Deleted::Include,
            order: Vec::new(),
            window: Window::One,
            output: Output { holds, ..Output::default() },
            count: None,
        };
        let prepared = self.reader.prepare(Read::Select(select))?;
        let Answer::Page(page) = self.reader.store.read(cx, &prepared, &params).await? else { return Ok(None) };
        Ok(page.rows.into_iter().next().map(|row| row.holds))
    }

    /// As somebody else would ask.
    fn cx_of(&self, principal: &Principal) -> OpContext {
        let mut cx = self.reader.cx.clone();
        cx.principal = principal.clone();
        cx
    }

    async fn note(&self, of: &Principal) -> Result<(), StoreError> {
        let name = self.model().object(self.object).map(|object| object.name.to_string()).unwrap_or_default();
        let note = AuditNote::new(AuditKind::AccessExplained).about(&name, Some(self.id)).facts(json!({ "of": of.id.to_string() }));
        self.reader.store.audit_note(self.reader.cx, note).await
    }

    async fn why(&self, principal: &Principal, only_own_shares: bool) -> Result<Json, Unanswered> {
        let model = self.model();
        let object = model.object(self.object).ok_or(StoreError::Plan("no such object"))?;
        let policy = Policy::resolve(model, principal);
        let reasons = explain(model, principal, self.object);
        // First what each verb comes to, then each reason.
        let mut holds = Vec::new();
        let mut place = |rows: &Rows| match rows {
            Rows::None => Held::Known(false),
            Rows::All => Held::Known(true),
            Rows::Some(predicate) => {
                holds.push((**predicate).clone());
                Held::Asked(holds.len() - 1)
            }
        };
        let verbs: Vec<(Verb, Held)> = Verb::ALL.into_iter().map(|verb| (verb, place(&policy.rows_of(self.object, verb)))).collect();
        let reasons: Vec<(Held, &Reason)> = reasons.iter().map(|reason| (place(&reason.rows), reason)).collect();
        let held = self.ask(&self.house, &self.cx_of(principal), holds).await?.unwrap_or_default();
        let is = |what: &Held| match what {
            Held::Known(known) => *known,
            Held::Asked(at) => held.get(*at) == Some(&true),
        };
        let of = |subject: Subject| -> Json {
            let of_it = reasons.iter().filter(|(_, reason)| reason.right == subject);
            of_it.map(|(rows, reason)| self.reason(reason, is(rows))).collect()
        };
        let seen = verbs.iter().any(|(verb, held)| *verb == Verb::Read && is(held));
        let rights: Vec<Json> = verbs
            .iter()
            .map(|(verb, held)| json!({ "right": verb.word(), "allowed": is(held), "reasons": of(Subject::Verb(*verb)) }))
            .collect();
        // A field hidden from the asker is not there for him, whoever else sees it.
        let asker = &self.reader.valid.schema.policy;
        let word = |right: FieldRight| if seen { right.word() } else { FieldRight::None.word() };
        let fields = object.active_fields().filter(|field| asker.may_select_field(object.ix, field.ix)).map(|field| {
            let right = policy.field_right(object.ix, field.ix);
            json!({ "field": field.name.as_str(), "right": word(right), "reasons": of(Subject::Field(field.ix)) })
        });
        let relations = object.active_relations().filter(|relation| asker.may_select_relation(object.ix, relation.ix)).map(|relation| {
            let right = policy.relation_right(object.ix, relation.ix);
            json!({ "field": relation.name.as_str(), "right": word(right), "reasons": of(Subject::Relation(relation.ix)) })
        });
        let fields: Vec<Json> = fields.chain(relations).collect();
        let shares = self.shares(principal, only_own_shares).await?;
        Ok(json!({
            "principal": shown(principal),
            "object": object.name.as_str(),
            "id": self.id.to_string(),
            "rights": rights,
            "fields": fields,
            "shares": shares,
        }))
    }

    fn reason(&self, reason: &Reason, holds: bool) -> Json {
        let (by, name, through) = source(self.model(), &reason.by);
        let unresolved: Vec<String> = reason.unresolved.iter().map(|fact| spelling(self.model(), *fact)).collect();
        // The text of a rule may name what the asker does not see.
        let told = may_ask_about_others(&self.reader.valid.schema.policy);
        json!({
            "by": by,
            "name": name,
            "through": through,
            "rule": reason.rule.as_ref().filter(|_| told).map(|rule| rule.source.as_str()),
            "holds": holds,
            "right": reason.field.map(FieldRight::word),
            "unresolved": if told { unresolved } else { Vec::new() },
        })
    }

    async fn shares(&self, principal: &Principal, only_own: bool) -> Result<Vec<Json>, StoreError> {
        let Ok(table) = self.house.whole(self.model(), self.object, Action::Read) else { return Ok(Vec::new()) };
        let shares = self.reader.store.shares(self.reader.cx, &table, self.id).await?;
        let ids = |fact| {
            principal.standing.get(fact).map(|value| value.elements().iter().chain([value]).filter_map(Value::as_id).collect::<Vec<_>>())
        };
        let own: Vec<Uuid> = [Fact::Me, Fact::Teams].into_iter().filter_map(ids).flatten().chain([principal.id]).collect();
        Ok(shares.iter().filter(|share| !only_own || own.contains(&share.share.with)).map(share_json).collect())
    }

    async fn who(&self, first: usize, after: Option<Uuid>) -> Result<Json, Unanswered> {
        let (identity, cx) = (identity(self.reader)?, self.reader.cx);
        let mut members = self.reader.store.members(cx.model.tenant).await?;
        members.sort_by_key(|member| member.user);
        let mut found = Vec::new();
        for member in members.into_iter().filter(|member| after.is_none_or(|after| member.user > after)).take(SCANNED_MAX) {
            if found.len() >= first {
                break;
            }
            let Some(principal) = identity.principal_of(cx, member.user).await? else { continue };
            let reasons = explain_verb(self.model(), &principal, self.object, Verb::Read);
            let reads: Vec<&Reason> = reasons.iter().filter(|reason| reason.gives()).collect();
            let known = reads.iter().find(|reason| reason.rows == Rows::All).copied();
            let by = match known {
                Some(reason) => Some(reason),
                None => {
                    let asked: Vec<(&Reason, Predicate)> = reads
                        .into_iter()
                        .filter_map(|reason| if let Rows::Some(rows) = &reason.rows { Some((reason, (**rows).clone())) } else { None })
                        .collect();
                    let holds = asked.iter().map(|(_, rows)| rows.clone()).collect();
                    let held = self.ask(&self.house, &self.cx_of(&principal), holds).await?.unwrap_or_default();
                    asked.into_iter().zip(held).find(|(_, held)| *held).map(|((reason, _), _)| reason)
                }
            };
            if let Some(reason) = by {
                let (by, name, through) = source(self.model(), &reason.by);
                found.push(json!({ "principal": shown(&principal), "by": by, "name": name, "through": through }));
            }
        }
        Ok(Json::Array(found))
    }
}

/// Whether a condition holds: known beforehand, or by its place among what is asked.
enum Held {
    Known(bool),
    Asked(usize),
}

fn shown(principal: &Principal) -> Json {
    json!({ "id": principal.id.to_string(), "kind": principal.kind.word().to_uppercase(), "display": principal.display, "roles": principal.roles })
}

/// The word of what gives, its name, and the role by which it is held where that is another.
/// What a reason comes from: its kind, its name, and the role held through which it came.
pub(crate) fn source(model: &Model, by: &By) -> (&'static str, Option<String>, Option<String>) {
    let role = |ix| model.role(ix).map(|role| role.name.to_string());
    match by {
        By::Administrator => ("ADMINISTRATOR", None, None),
        By::Role { held, role: ix } => ("ROLE", role(*ix), role(*held).filter(|_| held != ix)),
        By::Sharing(name) => ("SHARING_RULE", Some(name.to_string()), None),
        By::Share => ("SHARE", None, None),
        By::System => ("SYSTEM", None, None),
        By::Nobody => ("NOBODY", None, None),
    }
}

/// A fact as rules spell it.
fn spelling(model: &Model, fact: Fact) -> String {
    let user = model.object_named("user");
    match fact {
        Fact::Me => "me".to_owned(),
        Fact::Teams => "my.teams".to_owned(),
        Fact::Queues => "my.queues".to_owned(),
        Fact::Reports => "my.reports".to_owned(),
        Fact::Territories => "my.territories".to_owned(),
        Fact::TerritoriesBelow => "my.territories.subtree".to_owned(),
        Fact::Departments => "my.departments".to_owned(),
        Fact::DepartmentsBelow => "my.departments.subtree".to_owned(),
        Fact::Partners => "my.partners".to_owned(),
        Fact::PartnersBelow => "my.partners.subtree".to_owned(),
        Fact::Accounts => "my.accounts".to_owned(),
        Fact::AccountsBelow => "my.accounts.subtree".to_owned(),
        Fact::Attribute(field) => format!("me.{}", user.and_then(|user| user.field(field)).map_or("?", |field| field.name.as_str())),
        Fact::Reference(relation) => {
            format!("me.{}", user.and_then(|user| user.relation(relation)).map_or("?", |relation| relation.name.as_str()))
        }
    }
}

fn share_json(share: &StoredShare) -> Json {
    let rights: Vec<&str> = share.share.rights.iter().map(|right| right.word()).collect();
    json!({
        "with": share.share.with.to_string(),
        "kind": share.share.with_kind,
        "rights": rights,
        "until": share.share.until.map(|until| until.to_string()),
        "by": share.by.to_string(),
        "at": share.at.to_string(),
    })
}

/// What is selected of an answer.
pub(crate) fn project(json: &Json, subs: &[Sub<'_>], type_name: &str) -> Json {
    match json {
        Json::Array(elements) => elements.iter().map(|element| project(element, subs, type_name)).collect(),
        Json::Object(members) => {
            let member = |sub: &Sub<'_>| match sub.name {
                "__typename" => Json::from(type_name),
                name => {
                    let value = members.get(name).unwrap_or(&Json::Null);
                    if sub.below.is_empty() { value.clone() } else { project(value, &sub.below, type_of(name)) }
                }
            };
            Json::Object(subs.iter().map(|sub| (sub.key.to_owned(), member(sub))).collect())
        }
        other => other.clone(),
    }
}

fn type_of(name: &str) -> &'static str {
    match name {
        "principal" => "AccessPrincipal",
        "rights" => "RightExplanation",
        "fields" => "FieldExplanation",
        "reasons" => "AccessReason",
        _ => "RecordShare",
    }
}

/// A problem of a question's own.
pub(crate) fn problem(unanswered: Unanswered) -> Result<Problem, StoreError> {
    match unanswered {
        Unanswered::Store(StoreError::StaleModel) => Err(StoreError::StaleModel),
        Unanswered::Store(error) => Ok(told(&error)),
        Unanswered::Problem(problem) => Ok(*problem),
    }
}
