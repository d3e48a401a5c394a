//! Who uses what of the data API's schema: to be asked before something is taken out of it. For administrators.

use async_graphql::{Context, ID, Object, SimpleObject};
use tenon_diagnostics::{Kind, Problem};
use tenon_store::{SchemaUse, USAGE_DAYS, USAGE_RECENT_DAYS};
use tenon_value::Date;

use super::audit::told;
use super::door::{Failure, door};
use super::scalars::Long;
use crate::limits::USAGE_PAGE;

/// Who uses what.
#[derive(Default)]
pub(super) struct SchemaUsageQuery;

/// Uses of one coordinate by one caller.
#[derive(SimpleObject)]
#[graphql(name = "SchemaUse")]
pub(super) struct Used {
    /// `Opportunity.closeDate`; a type that was renamed is its own.
    coordinate: String,
    /// It is a name of before, which goes on working for a while.
    former: bool,
    /// `api_key`, `service`, `plugin`; people are counted together: `user`, `portal_user`.
    kind: String,
    /// Which key, service or plugin.
    key: Option<ID>,
    /// What it is called.
    display: String,
    /// How often.
    uses: Long,
    /// The first day of it, of those asked about.
    first: String,
    /// The last one.
    last: String,
}

impl From<SchemaUse> for Used {
    fn from(one: SchemaUse) -> Self {
        Self {
            former: one.former,
            kind: one.kind.word().to_owned(),
            key: (!one.id.is_nil()).then(|| ID(one.id.to_string())),
            display: one.display,
            uses: Long(one.uses),
            first: one.days.0.to_string(),
            last: one.days.1.to_string(),
            coordinate: one.coordinate,
        }
    }
}

#[Object]
impl SchemaUsageQuery {
    /// Uses in the last `days` (today is the first of them), in the order of coordinates; of one coordinate, or of a type and
    /// its members. What other nodes have counted in the last seconds may be missing.
    async fn schema_usage(
        &self,
        ctx: &Context<'_>,
        days: Option<i32>,
        coordinate: Option<String>,
        #[graphql(default)] former: bool,
    ) -> Result<Vec<Used>, Failure> {
        let door = door(ctx);
        if !door.policy.is_administrator() {
            return Err(Problem::of_kind(Kind::Forbidden).into());
        }
        let days = days.unwrap_or(USAGE_RECENT_DAYS);
        if !(1..=USAGE_DAYS).contains(&days) {
            let (en, zh) = (format!("`days` is between 1 and {USAGE_DAYS}"), format!("`days` 应在 1 到 {USAGE_DAYS} 之间"));
            return Err(Problem::invalid("range", en, zh).into());
        }
        door.usage.write(&door.store).await;
        let today = door.cx.now.date_in(&door.cx.model.settings.zone);
        let since = Date::from_days(today.days() - days + 1);
        let of = coordinate.as_deref();
        let found = door.store.schema_usage(door.cx.model.tenant, (since, of), USAGE_PAGE).await.map_err(|error| told(&error))?;
        Ok(found.into_iter().filter(|one| one.former || !former).map(Used::from).collect())
    }
}
