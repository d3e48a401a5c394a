//! What two tenants have agreed on, and whether the model of each side can keep it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use tenon_access::Policy;
use tenon_diagnostics::Problem;
use tenon_model::{Field, FieldKind, Model, Object, State};
use tenon_query::Action;
use tenon_value::{Json, Value};

/// Fields of one link (`link_fields`).
pub const LINK_FIELDS_MAX: usize = 100;
/// Letters of a link's name (`link_name`).
pub const LINK_NAME_MAX: usize = 100;
/// Days for which an offer can be accepted (`link_offer_days`).
pub const LINK_OFFER_DAYS: i64 = 7;

/// What becomes of mirrored records when the link is revoked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnRevoke {
    /// They are destroyed.
    #[default]
    Remove,
    /// They stay as they are, and are the taking tenant's own from then on.
    Keep,
}

/// What an administrator offers.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct LinkOffer {
    /// What people call it.
    pub name: String,
    /// The tenant that may accept it; none: whoever has the token.
    pub to: Option<String>,
    /// Records of this object.
    pub object: String,
    /// These fields of it.
    pub fields: Vec<String>,
    /// Those that this filter of the data API selects; none: all that the role reads.
    pub filter: Option<Json>,
    /// The role with which the link reads.
    pub role: String,
    /// What becomes of the mirror in the end.
    #[serde(default)]
    pub on_revoke: OnRevoke,
}

/// What was agreed on: the same on both sides.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Agreement {
    /// The name of the giving tenant.
    pub from: String,
    /// The name of the tenant it was offered to, if one was named.
    pub to: Option<String>,
    /// Records of this object of the giving tenant.
    pub object: String,
    /// These fields of it, each with the word of its type.
    pub fields: Vec<(String, String)>,
    /// A filter of the data API.
    pub filter: Option<Json>,
    /// What becomes of the mirror in the end.
    pub on_revoke: OnRevoke,
}

/// Where the taking tenant puts it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Mapping {
    /// Its own object.
    pub object: String,
    /// The role with which the link writes.
    pub role: String,
    /// Fields of the giving tenant, each with the own one that takes it.
    pub fields: BTreeMap<String, String>,
}

pub(super) fn wrong(rule: &'static str, en: impl Into<String>, zh: impl Into<String>) -> Problem {
    Problem::invalid(rule, en, zh)
}

fn no_field(object: &str, name: &str) -> Problem {
    let name: String = name.chars().take(80).collect();
    wrong("link_field", format!("`{name}` of `{object}` cannot be linked"), format!("`{object}` 的 `{name}` 不能用于互联")).field(name)
}

/// An object in use.
pub(super) fn object_of<'m>(model: &'m Model, name: &str) -> Result<&'m Object, Problem> {
    let shown: String = name.chars().take(80).collect();
    let object = model.object_named(name).filter(|object| object.state == State::Active);
    object.ok_or_else(|| wrong("link_object", format!("there is no object `{shown}`"), format!("没有对象 `{shown}`")))
}

/// A role that can be given to a link: a described one, of the tenant's staff.
pub(super) fn check_role(model: &Model, name: &str) -> Result<(), Problem> {
    let shown: String = name.chars().take(80).collect();
    let known = model.role_named(name).is_some_and(|role| role.state == State::Active && !role.portal);
    let refused = || {
        wrong(
            "link_role",
            format!("`{shown}` is no role for a link: it takes a described role that is not for portals"),
            format!("`{shown}` 不能用作互联角色"),
        )
    };
    if known { Ok(()) } else { Err(refused()) }
}

/// Whether values of a field can be told to another tenant.
fn is_told(kind: &FieldKind) -> bool {
    !matches!(kind, FieldKind::Id | FieldKind::File | FieldKind::Image | FieldKind::Secret)
}

/// A field whose values the link tells.
pub(super) fn told_field<'m>(object: &'m Object, name: &str) -> Result<&'m Field, Problem> {
    let field = object.field_named(name).filter(|field| field.is_served() && !field.system && is_told(&field.kind));
    field.ok_or_else(|| no_field(object.name.as_str(), name))
}

/// The fields of an offer, each with the word of its type.
pub(super) fn told_fields(object: &Object, names: &[String]) -> Result<Vec<(String, String)>, Problem> {
    let once: BTreeSet<&String> = names.iter().collect();
    if names.is_empty() || once.len() != names.len() {
        return Err(wrong("link_field", "`fields` names at least one field, and none twice", "`fields` 至少包含一个字段且不能重复"));
    }
    if names.len() > LINK_FIELDS_MAX {
        let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        return Err(Problem::exhausted("link_fields", number(LINK_FIELDS_MAX), number(names.len())));
    }
    let named = |name: &String| told_field(object, name).map(|field| (name.clone(), field.kind.word().to_owned()));
    names.iter().map(named).collect()
}

/// Whether a field takes values of a type.
fn takes(field: &Field, word: &str) -> bool {
    const TEXTS: [&str; 7] = ["text", "long_text", "rich_text", "email", "phone", "url", "auto_number"];
    let own = field.kind.word();
    own == word && own != "auto_number" || matches!(own, "text" | "long_text") && (TEXTS.contains(&word) || word == "choice")
}

/// Whether a mapping fits the agreement, the model and the rights of the role.
pub(super) fn check_mapping(agreement: &Agreement, mapping: &Mapping, (model, policy): (&Model, &Policy)) -> Result<(), Problem> {
    let object = object_of(model, &mapping.object)?;
    let needed = [Action::Read, Action::Create, Action::Update, Action::Destroy];
    if !needed.into_iter().all(|action| policy.may(object.ix, action)) {
        return Err(wrong(
            "link_role",
            "the role must read, create, update and destroy records of the object",
            "该角色必须拥有此对象的读取、新建、修改和彻底删除权限",
        ));
    }
    let own: BTreeSet<&String> = mapping.fields.values().collect();
    if mapping.fields.is_empty() || own.len() != mapping.fields.len() {
        return Err(wrong(
            "link_field",
            "`fields` maps at least one field, and none onto one taken",
            "`fields` 至少映射一个字段且目标不能重复",
        ));
    }
    for (theirs, own) in &mapping.fields {
        let (_, word) = agreement.fields.iter().find(|(name, _)| name == theirs).ok_or_else(|| no_field(&agreement.object, theirs))?;
        let field = told_field(object, own)?;
        if field.read_only || !takes(field, word) || !policy.may_write_field(object.ix, field.ix) {
            return Err(no_field(object.name.as_str(), own).with("type", word.clone()));
        }
    }
    let is_missing = |field: &&Field| field.required && field.default == Value::Null && !own.contains(&field.name.as_str().to_owned());
    match object.active_fields().filter(|field| !field.system && !field.read_only).find(is_missing) {
        Some(field) => {
            let name = field.name.as_str();
            Err(wrong("required", format!("nothing is mapped onto `{name}`, which is required"), format!("必填字段 `{name}` 没有映射"))
                .field(name))
        }
        None => Ok(()),
    }
}
