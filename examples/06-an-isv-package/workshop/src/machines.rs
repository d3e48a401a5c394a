//! What a machine is told by itself: when it is due, and how long its warranty is.

use tenon_sdk::prelude::*;

use crate::due::{after_months, next_service};

/// When a machine is due, by what it holds: after its last service, else after its delivery.
pub(crate) fn due(machine: &Record) -> Option<Date> {
    let last = machine.date("last_serviced_on").or_else(|| machine.date("delivered_on"));
    next_service(machine.text("condition"), last, machine.integer("service_months"))
}

/// The computed field `dealer_machine.service_due`. It knows nothing of today, so it stays right while nobody saves the machine.
#[must_use]
pub fn service_due(machine: &Record) -> Value {
    due(machine).map_or(Value::Null, Value::from)
}

/// Before machines are saved: a new one that says nothing of its warranty has the dealer's usual one.
///
/// # Errors
/// Where the setting cannot be asked for.
pub fn warrant(machines: &mut [Change]) -> Result<(), Error> {
    // Asked once for all of them: each question counts, and an import brings 200 machines at once.
    let Some(months) = config::get("warranty_months")?.integer() else { return Ok(()) };
    for machine in machines.iter_mut().filter(|machine| machine.is_empty("warranty_until")) {
        if let Some(until) = machine.date("delivered_on").and_then(|delivered| after_months(delivered, months)) {
            machine.set("warranty_until", until);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tenon_sdk::testing;

    fn day(text: &str) -> Value {
        text.parse::<Date>().unwrap().into()
    }

    #[test]
    fn a_new_machine_has_the_usual_warranty_unless_it_says_another() {
        testing::set_setting("warranty_months", 24.into());
        let new = testing::create("dealer_machine").after("delivered_on", day("2024-02-29"));
        let mut machines = [new.clone().build(), new.after("warranty_until", day("2030-01-01")).build()];
        warrant(&mut machines).unwrap();
        assert_eq!(machines[0].get("warranty_until"), Some(&day("2026-02-28")), "2026 has no leap day");
        assert_eq!(machines[1].get("warranty_until"), Some(&day("2030-01-01")));
    }

    #[test]
    fn a_machine_is_due_after_its_last_service_else_after_its_delivery() {
        let mut values = vec![("condition", "running".into()), ("delivered_on", day("2026-01-15")), ("service_months", 6.into())];
        for (last, due) in [(None, day("2026-07-15")), (Some("2026-07-20"), day("2027-01-20"))] {
            values.extend(last.map(|last| ("last_serviced_on", day(last))));
            testing::put_record("dealer_machine", "m", &values);
            assert_eq!(service_due(&records::get("dealer_machine", "m").unwrap().unwrap()), due);
        }
    }
}
