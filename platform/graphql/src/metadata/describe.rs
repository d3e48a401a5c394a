//! `describe`: the single query with which a front end starts.

use std::sync::Arc;

use async_graphql::SimpleObject;
use tenon_diagnostics::{Classify, Problem};

use super::door::{Door, Failure};
use super::object::Object;
use super::scalars::{DateTime, Long};
use super::words::WeekStart;
use crate::limits;

/// Everything a front end needs to start, in the language of the request.
#[derive(SimpleObject)]
pub(super) struct Describe {
    /// Version of the model.
    version: u64,
    me: Me,
    tenant: Tenant,
    navigation: Navigation,
    objects: Vec<Object>,
    actions: Vec<Action>,
    extensions: Vec<Extension>,
    limits: Vec<Limit>,
}

/// Who asks.
#[derive(SimpleObject)]
struct Me {
    id: async_graphql::ID,
    display: String,
    locale: &'static str,
    roles: Vec<String>,
    rights: Vec<&'static str>,
}

/// The tenant.
#[derive(SimpleObject)]
struct Tenant {
    name: String,
    label: String,
    zone: String,
    locale: &'static str,
    base_currency: String,
    currencies: Vec<String>,
    week_start: WeekStart,
    fiscal_year_start: i32,
    sandbox: bool,
    now: DateTime,
}

/// What stands in the main menu.
#[derive(SimpleObject)]
struct Navigation {
    items: Vec<NavigationItem>,
}

/// One entry of the main menu.
#[derive(SimpleObject)]
struct NavigationItem {
    object: String,
    label: Option<String>,
    icon: Option<String>,
}

/// Something a package offers to do; this version has no package that does.
#[derive(SimpleObject)]
struct Action {
    name: String,
    object: Option<String>,
}

/// A place a package fills; this version has no package that does.
#[derive(SimpleObject)]
struct Extension {
    id: async_graphql::ID,
    point: String,
    label: Option<String>,
}

/// A limit by name and number.
#[derive(SimpleObject)]
struct Limit {
    name: &'static str,
    max: Long,
}

/// Special rights by name.
fn rights(door: &Door) -> Vec<&'static str> {
    tenon_model::Special::ALL.into_iter().filter(|special| door.policy.may_special(*special)).map(tenon_model::Special::word).collect()
}

pub(super) async fn describe(door: &Door) -> Result<Describe, Failure> {
    let (cx, model) = (&door.cx, &door.cx.model);
    let tenant = door.store.tenant_by_id(model.tenant).await.map_err(|error| Failure::from(error.problem()))?;
    let name = tenant.map(|tenant| tenant.name).ok_or_else(|| Problem::of_kind(tenon_diagnostics::Kind::Unavailable))?;
    let visible: Vec<&tenon_model::Object> = model.active_objects().filter(|object| door.sees(object.ix)).collect();
    let settings = &model.settings;
    let item = |object: &&tenon_model::Object| NavigationItem {
        object: object.name.to_string(),
        label: object.plural_label.get(cx.locale).or_else(|| object.label.get(cx.locale)).map(str::to_owned),
        icon: object.icon.clone(),
    };
    Ok(Describe {
        version: model.version.0,
        me: Me {
            id: cx.principal.id.to_string().into(),
            display: cx.principal.display.clone(),
            locale: cx.locale.code(),
            roles: cx.principal.roles.clone(),
            rights: rights(door),
        },
        tenant: Tenant {
            label: name.clone(),
            name,
            zone: settings.zone.clone(),
            locale: settings.locale.code(),
            base_currency: settings.base_currency.clone(),
            currencies: vec![settings.base_currency.clone()],
            week_start: match settings.week_start {
                tenon_model::WeekStart::Monday => WeekStart::Monday,
                tenon_model::WeekStart::Sunday => WeekStart::Sunday,
            },
            fiscal_year_start: i32::from(settings.fiscal_year_start),
            sandbox: settings.sandbox,
            now: DateTime(cx.now),
        },
        navigation: Navigation { items: visible.iter().map(item).collect() },
        objects: visible.iter().map(|object| Object { model: Arc::clone(model), at: object.ix }).collect(),
        actions: Vec::new(),
        extensions: Vec::new(),
        limits: limits::LIMITS.iter().map(|(name, max)| Limit { name, max: Long(*max) }).collect(),
    })
}
