//! Numbers of a series, `OPP-{yyyy}-{0000}`: one counter per field and period, taken in blocks.

use tenon_model::{FieldKind, ObjectIx};
use tenon_value::{Date, Value};

use crate::attempt::Attempt;
use crate::halt::Tried;
use crate::job::Work;

impl Attempt<'_> {
    /// Numbers new records.
    pub(crate) async fn number(&mut self, object: ObjectIx, works: &mut [Work<'_>]) -> Tried<()> {
        let object = self.object(object)?;
        let today = self.cx.now.date_in(&self.model.settings.zone);
        for field in object.active_fields() {
            let FieldKind::AutoNumber { format } = &field.kind else { continue };
            let new = || |work: &&mut Work<'_>| work.old.is_none() && !work.failed;
            let wanted = works.iter().filter(|work| work.old.is_none() && !work.failed).count();
            let Ok(count @ 1..) = u32::try_from(wanted) else { continue };
            let first = self.tx.next_numbers(field.id, &period(format, today), count).await?;
            for (work, number) in works.iter_mut().filter(new()).zip(first..) {
                work.new.set_field(field.ix, Value::Text(spell(format, today, number)));
            }
        }
        Ok(())
    }
}

/// The parts of the date that the format names: the series begins anew with each.
fn period(format: &str, day: Date) -> String {
    let civil = day.civil();
    let mut period = String::new();
    if format.contains("{yyyy}") || format.contains("{yy}") {
        period.push_str(&format!("{:04}", civil.year()));
    }
    if format.contains("{mm}") {
        period.push_str(&format!("-{:02}", civil.month()));
    }
    if format.contains("{dd}") {
        period.push_str(&format!("-{:02}", civil.day()));
    }
    period
}

fn spell(format: &str, day: Date, number: i64) -> String {
    let civil = day.civil();
    let dated = format
        .replace("{yyyy}", &format!("{:04}", civil.year()))
        .replace("{yy}", &format!("{:02}", civil.year().rem_euclid(100)))
        .replace("{mm}", &format!("{:02}", civil.month()))
        .replace("{dd}", &format!("{:02}", civil.day()));
    let digits = dated.find("{0").and_then(|from| dated.get(from..)?.find('}').map(|length| (from, from + length)));
    match digits {
        Some((from, to)) => {
            let width = to - from - 1;
            format!("{}{number:0width$}{}", dated.get(..from).unwrap_or_default(), dated.get(to + 1..).unwrap_or_default())
        }
        None => format!("{dated}{number}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_spelt_as_its_format_says() {
        let day: Date = "2026-03-09".parse().unwrap();
        assert_eq!(spell("OPP-{yyyy}-{0000}", day, 7), "OPP-2026-0007");
        assert_eq!(spell("{yy}{mm}{dd}/{00}", day, 123), "260309/123");
        assert_eq!(spell("N{0}", day, 42), "N42");
    }

    #[test]
    fn a_series_begins_anew_with_the_period_it_names() {
        let day: Date = "2026-03-09".parse().unwrap();
        assert_eq!(period("OPP-{yyyy}-{0000}", day), "2026");
        assert_eq!(period("{yy}{mm}-{0}", day), "2026-03");
        assert_eq!(period("N{0000}", day), "");
    }
}
