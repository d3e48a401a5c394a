//! Settings as the metadata API shows them.

use async_graphql::{MaybeUndefined, SimpleObject};
use tenon_diagnostics::Problem;
use tenon_model as model;
use tenon_packages::SettingsChange;

use super::alter;
use super::door::Failure;
use super::inputs::SettingsInput;
use super::words::WeekStart;

/// What a tenant sets once for everybody.
#[derive(SimpleObject, Clone)]
pub(super) struct Settings {
    zone: String,
    locale: &'static str,
    base_currency: String,
    week_start: WeekStart,
    fiscal_year_start: i32,
    cors: Vec<String>,
    audit_retention_days: Option<u32>,
    sandbox: bool,
}

impl From<&model::Settings> for Settings {
    fn from(settings: &model::Settings) -> Self {
        let week_start = match settings.week_start {
            model::WeekStart::Monday => WeekStart::Monday,
            model::WeekStart::Sunday => WeekStart::Sunday,
        };
        Self {
            zone: settings.zone.clone(),
            locale: settings.locale.code(),
            base_currency: settings.base_currency.clone(),
            week_start,
            fiscal_year_start: i32::from(settings.fiscal_year_start),
            cors: settings.cors.clone(),
            audit_retention_days: settings.audit_retention_days,
            sandbox: settings.sandbox,
        }
    }
}

/// The change an input asks for.
pub(super) fn change(input: SettingsInput) -> Result<SettingsChange, Failure> {
    let locale = input.locale.as_deref().map(alter::locale).transpose()?;
    let week_start = input.week_start.map(|day| match day {
        WeekStart::Monday => model::WeekStart::Monday,
        WeekStart::Sunday => model::WeekStart::Sunday,
    });
    let empty = input.zone.is_none() && input.base_currency.is_none() && input.fiscal_year_start.is_none() && input.cors.is_none();
    let retention = match input.audit_retention_days {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(None),
        MaybeUndefined::Value(days) => Some(Some(i64::from(days))),
    };
    if empty && locale.is_none() && week_start.is_none() && retention.is_none() {
        return Err(Problem::invalid("required", "say at least one setting", "请至少提供一项设置").into());
    }
    Ok(SettingsChange {
        zone: input.zone,
        locale,
        base_currency: input.base_currency,
        week_start,
        fiscal_year_start: input.fiscal_year_start.map(i64::from),
        cors: input.cors,
        audit_retention_days: retention,
    })
}
