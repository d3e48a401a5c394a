//! A tenant's settings: what may be set, and to what.

use tenon_diagnostics::{InputPath, Problem};
use tenon_model::{Settings, WeekStart};
use tenon_value::{Locale, is_currency};

/// Origins a tenant may name at most.
pub const CORS_MAX: usize = 100;

/// Days that the audit trail can be kept at most; more is for ever.
pub(crate) const AUDIT_RETENTION_MAX: i64 = 36_500;

/// The settings that change; what is absent stays.
#[derive(Clone, Debug, Default)]
pub struct SettingsChange {
    /// IANA zone.
    pub zone: Option<String>,
    /// Language where a user has none.
    pub locale: Option<Locale>,
    /// ISO 4217 code.
    pub base_currency: Option<String>,
    /// First day of a week.
    pub week_start: Option<WeekStart>,
    /// Month in which the fiscal year begins.
    pub fiscal_year_start: Option<i64>,
    /// Origins that browsers may call from.
    pub cors: Option<Vec<String>>,
    /// Days after which payloads of the audit trail are removed; none within: they stay.
    pub audit_retention_days: Option<Option<i64>>,
}

/// True for a zone of the IANA database.
#[must_use]
pub fn is_zone(zone: &str) -> bool {
    jiff::tz::TimeZone::get(zone).is_ok()
}

fn at(problem: Problem, key: &'static str) -> Problem {
    problem.field(key).at(InputPath::default().key("input").key(key))
}

/// The settings with the change in them.
///
/// # Errors
/// The first setting that makes no sense.
pub(crate) fn changed(settings: &Settings, change: &SettingsChange) -> Result<Settings, Problem> {
    let mut new = settings.clone();
    if let Some(zone) = &change.zone {
        if !is_zone(zone) {
            return Err(at(Problem::invalid("zone", format!("there is no zone `{zone}`"), format!("时区 `{zone}` 不存在")), "zone"));
        }
        new.zone.clone_from(zone);
    }
    if let Some(code) = &change.base_currency {
        if !is_currency(code) {
            let problem = Problem::invalid("currency", format!("`{code}` is no ISO 4217 code"), format!("`{code}` 不是 ISO 4217 货币代码"));
            return Err(at(problem, "baseCurrency"));
        }
        new.base_currency.clone_from(code);
    }
    if let Some(month) = change.fiscal_year_start {
        let month = u8::try_from(month).ok().filter(|month| (1..=12).contains(month));
        new.fiscal_year_start = month.ok_or_else(|| {
            at(Problem::invalid("range", "the fiscal year begins in a month from 1 to 12", "财年起始月须为 1 到 12"), "fiscalYearStart")
        })?;
    }
    if let Some(cors) = &change.cors {
        if cors.len() > CORS_MAX {
            return Err(at(Problem::exhausted("cors", CORS_MAX as u64, cors.len() as u64), "cors"));
        }
        if let Some(wrong) = cors.iter().find(|origin| !is_origin(origin)) {
            let problem = Problem::invalid(
                "origin",
                format!("`{wrong}` is no origin, as in `https://crm.example.com`"),
                format!("`{wrong}` 不是合法的来源"),
            );
            return Err(at(problem, "cors"));
        }
        new.cors.clone_from(cors);
    }
    if let Some(days) = change.audit_retention_days {
        new.audit_retention_days = days.map(retention).transpose()?;
    }
    new.locale = change.locale.unwrap_or(new.locale);
    new.week_start = change.week_start.unwrap_or(new.week_start);
    Ok(new)
}

fn retention(days: i64) -> Result<u32, Problem> {
    let fits = u32::try_from(days).ok().filter(|_| (1..=AUDIT_RETENTION_MAX).contains(&days));
    fits.ok_or_else(|| {
        let english = format!("the audit trail is kept for 1 to {AUDIT_RETENTION_MAX} days, or, with null, for ever");
        let chinese = format!("审计记录保留天数须为 1 到 {AUDIT_RETENTION_MAX},或为空表示永久保留");
        at(Problem::invalid("range", english, chinese), "auditRetentionDays")
    })
}

/// Scheme, host and port, nothing behind.
fn is_origin(origin: &str) -> bool {
    let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
    host.is_some_and(|host| {
        !host.is_empty()
            && host.len() < 256
            && host.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'/' | b'?' | b'#' | b'@'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_make_no_sense_are_refused() {
        let settings = Settings::default();
        let refused = |change: SettingsChange| changed(&settings, &change).is_err();
        assert!(refused(SettingsChange { zone: Some("Mars/Olympus".to_owned()), ..SettingsChange::default() }));
        assert!(refused(SettingsChange { base_currency: Some("euro".to_owned()), ..SettingsChange::default() }));
        assert!(refused(SettingsChange { fiscal_year_start: Some(13), ..SettingsChange::default() }));
        assert!(refused(SettingsChange { audit_retention_days: Some(Some(0)), ..SettingsChange::default() }));
        assert!(refused(SettingsChange { cors: Some(vec!["https://a.b/c".to_owned()]), ..SettingsChange::default() }));
    }

    #[test]
    fn what_is_absent_stays() {
        let settings = Settings::default();
        let new = changed(&settings, &SettingsChange { zone: Some("Europe/Berlin".to_owned()), ..SettingsChange::default() }).unwrap();
        assert_eq!(new, Settings { zone: "Europe/Berlin".to_owned(), ..settings });
    }
}
