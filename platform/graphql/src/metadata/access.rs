//! Who may do what with an object: grants of roles and sharing rules, as files have them, for who may change them.

use std::sync::Arc;

use async_graphql::{Context, Object, SimpleObject};
use tenon_model::{FieldRights, Grant, ObjectIx, Rule, SharingRule};
use tenon_value::{Json, JsonMap};

use super::door::{Failure, door};
use super::report::{RuleReport, of_rule};
use super::sight::Sight;

/// Rights on one object.
pub(super) struct Access {
    pub(super) sight: Arc<Sight>,
    pub(super) object: ObjectIx,
}

/// What one role may do with the object.
pub(super) struct RoleAccess {
    sight: Arc<Sight>,
    object: ObjectIx,
    grant: Grant,
}

/// Which rows: rules as their author wrote them.
#[derive(SimpleObject)]
pub(super) struct RowAccess {
    read: Option<String>,
    update: Option<String>,
    delete: Option<String>,
    share: Option<String>,
    check: Option<String>,
}

/// Rows that others may see or change beyond their own rights.
pub(super) struct Sharing {
    sight: Arc<Sight>,
    object: ObjectIx,
    rule: SharingRule,
}

#[Object]
impl Access {
    /// The object's API name.
    async fn object(&self) -> Option<String> {
        self.sight.model.object(self.object).map(|object| object.name.to_string())
    }

    /// What roles may do, or those named; `administrator` is not among them.
    async fn roles(&self, names: Option<Vec<String>>) -> Vec<RoleAccess> {
        let Some(object) = self.sight.model.object(self.object) else { return Vec::new() };
        let wanted = |grant: &&Grant| {
            let name = self.sight.model.role(grant.role).map(|role| role.name.as_str()).unwrap_or_default();
            names.as_ref().is_none_or(|names| names.iter().any(|one| one == name))
        };
        let one = |grant: &Grant| RoleAccess { sight: Arc::clone(&self.sight), object: self.object, grant: grant.clone() };
        object.access.iter().filter(wanted).map(one).collect()
    }

    /// Sharing rules, or those named.
    async fn sharing(&self, names: Option<Vec<String>>) -> Vec<Sharing> {
        let Some(object) = self.sight.model.object(self.object) else { return Vec::new() };
        let wanted = |rule: &&SharingRule| names.as_ref().is_none_or(|names| names.iter().any(|one| one == rule.name.as_str()));
        let one = |rule: &SharingRule| Sharing { sight: Arc::clone(&self.sight), object: self.object, rule: rule.clone() };
        object.sharing.iter().filter(wanted).map(one).collect()
    }
}

fn source(rule: Option<&Arc<Rule>>) -> Option<String> {
    rule.map(|rule| rule.source.clone())
}

#[Object]
impl RoleAccess {
    async fn id(&self) -> async_graphql::ID {
        self.grant.id.0.to_string().into()
    }

    /// The role's API name.
    async fn role(&self) -> Option<String> {
        self.sight.model.role(self.grant.role).map(|role| role.name.to_string())
    }

    async fn can(&self) -> Vec<&'static str> {
        self.grant.can.iter().map(|verb| verb.word()).collect()
    }

    async fn rows(&self) -> RowAccess {
        let rows = &self.grant.rows;
        RowAccess {
            read: source(rows.read.as_ref()),
            update: source(rows.update.as_ref()),
            delete: source(rows.delete.as_ref()),
            share: source(rows.share.as_ref()),
            check: source(rows.check.as_ref()),
        }
    }

    /// Rights on fields and relations by name; `*` stands for all others.
    async fn fields(&self) -> Json {
        fields(&self.sight, self.object, &self.grant.fields)
    }

    async fn package(&self) -> String {
        self.grant.package.to_string()
    }

    /// What its rules come to: whether an index serves them, and how many records they select for people who hold the role.
    async fn report(&self, ctx: &Context<'_>) -> Result<Vec<RuleReport>, Failure> {
        let mut reports = Vec::new();
        for (key, rule) in self.grant.rows.named() {
            reports.push(of_rule(door(ctx), (&self.sight, self.object), (key, rule), &[self.grant.role]).await?);
        }
        Ok(reports)
    }
}

fn fields(sight: &Sight, object: ObjectIx, rights: &FieldRights) -> Json {
    let mut map = JsonMap::new();
    if let Some(all) = rights.all {
        map.insert("*".to_owned(), Json::from(all.word()));
    }
    let Some(object) = sight.model.object(object) else { return Json::Object(map) };
    for (field, right) in &rights.fields {
        map.extend(object.field(*field).map(|field| (field.name.to_string(), Json::from(right.word()))));
    }
    for (relation, right) in &rights.relations {
        map.extend(object.relation(*relation).map(|relation| (relation.name.to_string(), Json::from(right.word()))));
    }
    Json::Object(map)
}

#[Object]
impl Sharing {
    async fn id(&self) -> async_graphql::ID {
        self.rule.id.0.to_string().into()
    }

    async fn name(&self) -> String {
        self.rule.name.to_string()
    }

    async fn label(&self, ctx: &Context<'_>, locale: Option<String>) -> Option<String> {
        let locale = locale.as_deref().and_then(tenon_value::Locale::from_tag).unwrap_or(door(ctx).cx.locale);
        self.rule.label.get(locale).map(str::to_owned)
    }

    /// Which records: a rule.
    async fn rows(&self) -> String {
        self.rule.rows.source.clone()
    }

    /// With holders of these roles.
    async fn roles(&self) -> Vec<String> {
        self.rule.roles.iter().filter_map(|role| self.sight.model.role(*role)).map(|role| role.name.to_string()).collect()
    }

    /// With members of the teams of these names.
    async fn teams(&self) -> Vec<String> {
        self.rule.teams.clone()
    }

    async fn rights(&self) -> Vec<&'static str> {
        self.rule.rights.iter().map(|verb| verb.word()).collect()
    }

    async fn package(&self) -> String {
        self.rule.package.to_string()
    }

    /// What its rule comes to.
    async fn report(&self, ctx: &Context<'_>) -> Result<RuleReport, Failure> {
        of_rule(door(ctx), (&self.sight, self.object), ("rows", &self.rule.rows), &self.rule.roles).await
    }
}
