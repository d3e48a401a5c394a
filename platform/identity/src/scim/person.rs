//! What a record of `user` holds of a SCIM user, both ways.
//!
//! Invariant: what the record cannot hold (a telephone number of no shape, a language we do not speak) is kept beside it as
//! the client wrote it; name and address must fit.

use std::collections::HashMap;

use tenon_access::Policy;
use tenon_context::{OpContext, Principal};
use tenon_model::{Part, system};
use tenon_query::{ColumnRef, OneWrite, Predicate, RecordInput, RecordKey, Slot, Write};
use tenon_records::coerce::coerce;
use tenon_records::{Mutation, Step};
use tenon_value::{Json, Locale, RecordId, Uuid, Value};

use super::filter::member;
use super::read::Resource;
use super::schema::ENTERPRISE;
use super::{Scim, ScimError};
use crate::reader::Reader;

/// Records asked for in one statement.
const RECORDS_AT_ONCE: usize = 1_000;

/// The fields of a user's record that SCIM knows, by API name.
pub(crate) const FIELDS: [&str; 8] = ["name", "email", "title", "phone", "mobile", "employee_number", "locale", "zone"];
/// Those whose values must fit.
const STRICT: [&str; 2] = ["name", "email"];

/// A user's record as SCIM sees it: texts by field, and the manager.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Person {
    texts: HashMap<&'static str, String>,
    pub(crate) manager: Option<Uuid>,
}

impl Person {
    pub(crate) fn text(&self, field: &str) -> Option<&str> {
        self.texts.get(field).map(String::as_str)
    }
}

/// What is written of a user's record: a text, or nothing any more. Fields that are not named stay.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PersonChange {
    pub(crate) texts: Vec<(&'static str, Option<String>)>,
    pub(crate) manager: Option<Option<Uuid>>,
}

impl Scim {
    /// The records of these users; those that are not there are left out.
    pub(crate) async fn persons(&self, cx: &OpContext, ids: &[Uuid]) -> Result<HashMap<Uuid, Person>, ScimError> {
        let mut found = HashMap::new();
        let Some(user) = cx.model.object_named("user") else { return Ok(found) };
        let reader = Reader::new(&self.identity.store, cx);
        let fields: Vec<_> = FIELDS.iter().filter_map(|name| Some((*name, user.field_named(name)?.ix))).collect();
        let manager = user.relation_named("manager").map(|relation| relation.ix);
        for some in ids.chunks(RECORDS_AT_ONCE) {
            let slots = fields.iter().map(|(_, field)| Slot::Field(*field)).chain(manager.map(Slot::Relation)).collect();
            let list = Value::List(some.iter().map(|id| Value::Id(*id)).collect());
            let column = ColumnRef { field: system::ID, part: Part::Whole };
            let rows = reader.rows(user.ix, |params| Predicate::In { column, list: params.push(list) }, slots).await?;
            for row in rows {
                let mut values = row.values.into_iter();
                let mut person = Person::default();
                for ((name, _), value) in fields.iter().zip(values.by_ref()) {
                    if let Value::Text(text) = value {
                        person.texts.insert(name, text.to_string());
                    }
                }
                person.manager = values.next().as_ref().and_then(Value::as_id);
                found.insert(row.id, person);
            }
        }
        Ok(found)
    }

    /// Writes what changed of a user's record, through the pipeline: whoever may manage members may, and history names him.
    pub(crate) async fn write_person(&self, cx: &OpContext, id: Uuid, change: &PersonChange) -> Result<(), ScimError> {
        let Some(user) = cx.model.object_named("user") else { return Ok(()) };
        let mut input = RecordInput::default();
        for (name, text) in &change.texts {
            let Some(field) = user.field_named(name) else { continue };
            let json = text.as_ref().map_or(Json::Null, |text| Json::from(text.clone()));
            let value = if *name == "locale" {
                text.as_deref().map_or(Ok(Value::Null), |text| Ok(Value::text(text)))
            } else {
                coerce(field, &json, &cx.model.settings)
            };
            match value {
                Ok(value) => input.fields.push((field.ix, value)),
                Err(_) if !STRICT.contains(name) => {}
                Err(_) => return Err(ScimError::value(format!("`{name}` has a value that a user's record cannot hold"))),
            }
        }
        if let (Some(relation), Some(manager)) = (user.relation_named("manager"), change.manager) {
            let write = manager.map_or(OneWrite::Disconnect, |id| OneWrite::Connect(user.ix, RecordKey::Id(RecordId(id))));
            input.ones.push((relation.ix, write));
        }
        if input.fields.is_empty() && input.ones.is_empty() {
            return Ok(());
        }
        let policy = Policy::resolve(&cx.model, &Principal::system());
        let step = Step { write: Write::Update(user.ix, RecordId(id), None, input), answer: None };
        let mutation = Mutation { steps: vec![step], idempotency: None };
        Box::pin(self.identity.pipeline.write(cx, &policy, &mutation)).await.map_err(crate::IdentityError::from)?;
        Ok(())
    }

    /// Whether somebody's record is there: a manager is passed over while his own record is not.
    pub(crate) async fn is_person(&self, cx: &OpContext, id: Uuid) -> Result<bool, ScimError> {
        Ok(self.persons(cx, &[id]).await?.contains_key(&id))
    }
}

/// What people call somebody: the display name, else the name, else the login.
pub(crate) fn name_of(resource: &Resource) -> Option<String> {
    let text = |json: Option<&Json>| json.and_then(Json::as_str).map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    let part = |name: &str| text(resource.get("name").and_then(|whole| member(whole, name)));
    let both = || {
        let (given, family) = (part("givenName"), part("familyName"));
        match (given, family) {
            (Some(given), Some(family)) => Some(joined(&given, &family)),
            (one, other) => one.or(other),
        }
    };
    let name = text(resource.get("displayName")).or_else(|| part("formatted")).or_else(both).or_else(|| text(resource.get("userName")));
    name.map(|name| name.chars().take(100).collect())
}

/// Chinese names have no space, and the family first.
fn joined(given: &str, family: &str) -> String {
    let is_han = |text: &str| text.chars().all(|letter| ('\u{4e00}'..='\u{9fff}').contains(&letter));
    if is_han(given) && is_han(family) { format!("{family}{given}") } else { format!("{given} {family}") }
}

/// The element of a list that counts: of this type, else (where wanted) the primary, else the first.
pub(crate) fn of_type<'r>(list: Option<&'r Json>, kind: &str, or_any: bool) -> Option<&'r str> {
    let all = list?.as_array()?;
    let is = |one: &&Json| member(one, "type").and_then(Json::as_str).is_some_and(|own| own.eq_ignore_ascii_case(kind));
    let primary = |one: &&Json| member(one, "primary") == Some(&Json::Bool(true));
    let found = if or_any { all.iter().find(primary).or_else(|| all.iter().find(is)).or_else(|| all.first()) } else { all.iter().find(is) };
    found.and_then(|one| member(one, "value")).and_then(Json::as_str).filter(|text| !text.trim().is_empty())
}

/// The text that a resource has for a field of the record.
pub(crate) fn field_of(resource: &Resource, field: &str) -> Option<String> {
    let plain = |name: &str| resource.get(name).and_then(Json::as_str).map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    let enterprise =
        |name: &str| resource.get(ENTERPRISE).and_then(|inside| member(inside, name)).and_then(Json::as_str).map(str::to_owned);
    match field {
        "name" => name_of(resource),
        "email" => of_type(resource.get("emails"), "work", true).map(str::to_owned),
        "title" => plain("title"),
        "phone" => of_type(resource.get("phoneNumbers"), "work", false).map(str::to_owned),
        "mobile" => of_type(resource.get("phoneNumbers"), "mobile", false).map(str::to_owned),
        "employee_number" => enterprise("employeeNumber"),
        "locale" => plain("preferredLanguage").or_else(|| plain("locale")).and_then(|tag| language(&tag)),
        "zone" => plain("timezone"),
        _ => None,
    }
}

/// The language of a tag, as the record's choice has it.
pub(crate) fn language(tag: &str) -> Option<String> {
    match Locale::from_tag(&tag.replace('_', "-"))? {
        Locale::En => Some("en".to_owned()),
        Locale::Zh => Some("zh".to_owned()),
    }
}

/// The manager that a resource names.
pub(crate) fn manager_of(resource: &Resource) -> Option<&str> {
    let manager = member(resource.get(ENTERPRISE)?, "manager")?;
    member(manager, "value").and_then(Json::as_str).filter(|id| !id.is_empty())
}
