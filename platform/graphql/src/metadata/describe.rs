//! `describe`: the single query with which a front end starts.

use std::sync::Arc;

use async_graphql::SimpleObject;
use tenon_diagnostics::{Classify, Kind, Problem};
use tenon_hooks::FunctionOffer;
use tenon_model::Special;
use tenon_store::{AuditKind, AuditNote};
use tenon_value::{RecordId, Uuid};

use super::currencies;
use super::door::{Door, Failure};
use super::object::Object;
use super::scalars::{DateTime, Long};
use super::sight::{Extent, Sight};
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
    /// Special rights.
    rights: Vec<&'static str>,
    /// Where to begin: `home`, an object, or a view as in `opportunity.pipeline`.
    landing: Option<String>,
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

/// Something a package offers to do.
#[derive(SimpleObject)]
struct Action {
    /// As layouts name it: `sales.claim`.
    name: String,
    /// The object whose records it is about, where it says so.
    object: Option<String>,
    /// What goes in.
    input: Vec<Param>,
    /// What comes out.
    output: Vec<Param>,
    /// Whether the caller may call it: everybody may; what it then does is cut to its caller's rights.
    can: bool,
    graphql: ActionNames,
}

/// The names of an action in the data API.
#[derive(SimpleObject)]
struct ActionNames {
    /// The root field of `Mutation`.
    field: String,
    /// The type of its `input`; none where nothing goes in.
    input: Option<String>,
    /// The type it answers with.
    output: String,
}

/// One value that goes into an action, or comes out.
#[derive(SimpleObject)]
struct Param {
    name: String,
    /// The scalar of the data API.
    #[graphql(name = "type")]
    kind: &'static str,
    many: bool,
    required: bool,
}

impl From<&tenon_hooks::Param> for Param {
    fn from(param: &tenon_hooks::Param) -> Self {
        Self { name: param.name.clone(), kind: param.kind.graphql(), many: param.many, required: param.required }
    }
}

impl From<&FunctionOffer> for Action {
    fn from(offer: &FunctionOffer) -> Self {
        Self {
            name: format!("{}.{}", offer.package, offer.name),
            object: None,
            input: offer.input.iter().map(Into::into).collect(),
            output: offer.output.iter().map(Into::into).collect(),
            can: true,
            graphql: ActionNames {
                field: offer.field(),
                input: (!offer.input.is_empty()).then(|| offer.input_type()),
                output: offer.result_type(),
            },
        }
    }
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

/// The page of the first role held that names one which can be seen.
fn landing(sight: &Sight) -> Option<String> {
    let held = sight.principal.roles.iter().filter_map(|role| sight.model.role_named(role));
    let seen = |page: &&String| {
        let object = page.split('.').next().and_then(|name| sight.model.object_named(name));
        page.as_str() == "home" || object.is_some_and(|object| sight.sees(object.ix))
    };
    held.filter_map(|role| role.landing.as_ref()).find(seen).cloned()
}

/// Special rights by name.
fn rights(sight: &Sight) -> Vec<&'static str> {
    Special::ALL.into_iter().filter(|special| sight.policy.may_special(*special)).map(Special::word).collect()
}

/// As another user would see it. Who looks is noted, with the one he looks as, before anything is shown.
pub(super) async fn describe_as(door: &Door, user: &str) -> Result<Describe, Failure> {
    if !door.policy.may_special(Special::Impersonate) {
        let problem = Problem::forbidden(
            "impersonate",
            "viewing as somebody else takes the special right `impersonate`",
            "以他人身份查看需要特殊权限 `impersonate`",
        );
        return Err(problem.into());
    }
    let user: Uuid = user.parse().map_err(|_| Failure::from(Problem::of_kind(Kind::NotFound)))?;
    let viewed = door.principal_of(user).await?.ok_or_else(|| Failure::from(Problem::of_kind(Kind::NotFound)))?;
    let note = AuditNote::new(AuditKind::Impersonated).about("user", Some(RecordId(user)));
    door.store.audit_note(&door.cx, note).await.map_err(|error| Failure::from(error.problem()))?;
    let sight = Sight::new(Arc::clone(&door.cx.model), viewed.as_ref().clone(), Extent::Used);
    describe(door, sight).await
}

pub(super) async fn describe(door: &Door, sight: Arc<Sight>) -> Result<Describe, Failure> {
    let (cx, model) = (&door.cx, &sight.model);
    let tenant = door.store.tenant_by_id(model.tenant).await.map_err(|error| Failure::from(error.problem()))?;
    let name = tenant.map(|tenant| tenant.name).ok_or_else(|| Problem::of_kind(tenon_diagnostics::Kind::Unavailable))?;
    let visible: Vec<&tenon_model::Object> = model.active_objects().filter(|object| sight.sees(object.ix)).collect();
    let settings = &model.settings;
    let item = |object: &&tenon_model::Object| NavigationItem {
        object: object.name.to_string(),
        label: object.plural_label.get(cx.locale).or_else(|| object.label.get(cx.locale)).map(str::to_owned),
        icon: object.icon.clone(),
    };
    Ok(Describe {
        version: model.version.0,
        me: Me {
            id: sight.principal.id.to_string().into(),
            display: sight.principal.display.clone(),
            locale: cx.locale.code(),
            roles: sight.principal.roles.clone(),
            rights: rights(&sight),
            landing: landing(&sight),
        },
        tenant: Tenant {
            label: name.clone(),
            name,
            zone: settings.zone.clone(),
            locale: settings.locale.code(),
            base_currency: settings.base_currency.clone(),
            currencies: currencies::active(door, &sight).await?,
            week_start: match settings.week_start {
                tenon_model::WeekStart::Monday => WeekStart::Monday,
                tenon_model::WeekStart::Sunday => WeekStart::Sunday,
            },
            fiscal_year_start: i32::from(settings.fiscal_year_start),
            sandbox: settings.sandbox,
            now: DateTime(cx.now),
        },
        navigation: Navigation { items: visible.iter().map(item).collect() },
        objects: visible.iter().map(|object| Object { sight: Arc::clone(&sight), at: object.ix }).collect(),
        actions: door.packages.offers(model.tenant).actions().iter().map(Into::into).collect(),
        extensions: Vec::new(),
        limits: limits::LIMITS.iter().map(|(name, max)| Limit { name, max: Long(*max) }).collect(),
    })
}
