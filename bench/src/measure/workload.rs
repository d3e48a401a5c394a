//! W1–W6: the same six questions, once as the floor's parameters and once as a GraphQL document with variables.
//!
//! Parameters vary with every request, so that nothing is answered from a trivial cache.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::chance::Chance;

/// What the loads draw from.
#[derive(Clone)]
pub(crate) struct Ids {
    /// Accounts, in the order of their numbers.
    pub(crate) accounts: Arc<Vec<String>>,
    /// Opportunities, likewise.
    pub(crate) opportunities: Arc<Vec<String>>,
    /// Users, likewise.
    pub(crate) users: Arc<Vec<String>>,
}

/// One load.
pub(crate) struct Load {
    /// `w1` … `w6`.
    pub(crate) name: &'static str,
    /// What it does.
    pub(crate) about: &'static str,
    /// The document the platform is asked.
    document: &'static str,
    /// The budget: × floor at 32 connections on PostgreSQL, and on SQLite.
    pub(crate) budget: (f64, f64),
}

/// How many parents W3 asks for.
const PARENTS: usize = 20;

/// The days W4 looks at.
const WINDOW_DAYS: i64 = 90;

const STAGES: [&str; 6] = ["PROSPECTING", "NEEDS_CONFIRMED", "PROPOSAL", "NEGOTIATION", "WON", "LOST"];

/// The six.
pub(crate) const LOADS: [Load; 6] = [
    Load {
        name: "w1",
        about: "12 fields by id",
        document: "query W1($id: ID!) { opportunity(id: $id) { id version name stage amount { amount currency } probability closeDate forecast type isKey nextStep } }",
        budget: (0.5, 0.4),
    },
    Load {
        name: "w2",
        about: "page of 50 with two relations",
        document: "query W2($stage: OpportunityStage!, $amount: Decimal!) { opportunities(filter: { stage: { eq: $stage }, amount: { amount: { gte: $amount } } }, \
            orderBy: [{ closeDate: DESC }], first: 50) { nodes { id name amount { amount } stage closeDate account { id name industry } owner { id name } } } }",
        budget: (0.7, 0.4),
    },
    Load {
        name: "w3",
        about: "20 parents × 5 children",
        document: "query W3($ids: [ID!]!) { accounts(filter: { id: { in: $ids } }, first: 20) { nodes { id name \
            opportunities(orderBy: [{ amount: DESC }], first: 5) { nodes { id name amount { amount } } } } } }",
        budget: (0.7, 0.4),
    },
    Load {
        name: "w4",
        about: "sum and count by stage, 90 days",
        document: "query W4($from: Date!, $to: Date!) { opportunitiesAggregate(filter: { closeDate: { between: { from: $from, to: $to } } }, \
            groupBy: [{ stage: true }]) { key { stage } count sum { amount { amount } } } }",
        budget: (0.95, 0.4),
    },
    Load {
        name: "w5",
        about: "create",
        document: "mutation W5($input: CreateOpportunityInput!) { createOpportunity(input: $input) { id version } }",
        budget: (0.5, 0.3),
    },
    Load {
        name: "w6",
        about: "update",
        document: "mutation W6($id: ID!, $input: UpdateOpportunityInput!) { updateOpportunity(id: $id, input: $input) { id version } }",
        budget: (0.5, 0.3),
    },
];

impl Load {
    /// The parameters of the next request: for the floor, and the body for the platform.
    pub(crate) fn next(&self, ids: &Ids, chance: &mut Chance) -> Value {
        let text = |found: Option<&String>| found.cloned().unwrap_or_default();
        match self.name {
            "w1" => json!({ "id": text(chance.pick(&ids.opportunities)) }),
            "w2" => json!({ "stage": chance.pick(&STAGES), "amount": format!("{}.50", chance.below(50_000)) }),
            "w3" => json!({ "ids": (0..PARENTS).map(|_| text(chance.pick(&ids.accounts))).collect::<Vec<_>>() }),
            "w4" => {
                let from = i64::try_from(chance.below(640)).unwrap_or(0);
                json!({ "from": day(from), "to": day(from + WINDOW_DAYS - 1) })
            }
            "w5" => {
                let name = format!("Bench {}", chance.next());
                json!({ "name": name, "amount": format!("{}.25", chance.below(90_000)), "account": text(chance.pick(&ids.accounts)) })
            }
            _ => json!({ "id": text(chance.pick(&ids.opportunities)), "text": format!("Step {}", chance.next()) }),
        }
    }

    /// The platform's body for the same parameters.
    pub(crate) fn body(&self, parameters: &Value) -> Value {
        let of = |name: &str| parameters.get(name).cloned().unwrap_or_default();
        let variables = match self.name {
            "w5" => json!({ "input": {
                "name": of("name"), "stage": "PROSPECTING", "amount": { "amount": of("amount"), "currency": "CNY" },
                "closeDate": "2026-06-30", "account": { "connect": { "id": of("account") } },
            } }),
            "w6" => json!({ "id": of("id"), "input": { "nextStep": of("text") } }),
            _ => parameters.clone(),
        };
        json!({ "query": self.document, "variables": variables })
    }
}

/// A day of the years 2025 and 2026, counted from 2025-01-01. Neither is a leap year.
pub(crate) fn day(number: i64) -> String {
    const LENGTHS: [i64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let year = 2025 + number / 365;
    let mut left = number % 365;
    for (month, length) in (1..).zip(LENGTHS) {
        if left < length {
            return format!("{year}-{month:02}-{:02}", left + 1);
        }
        left -= length;
    }
    unreachable!("a day of the year lies in one of its months")
}

/// The row of number `i` as the platform is given it; the floor's SQL does the same arithmetic.
pub(crate) fn opportunity(number: usize, ids: &Ids) -> Value {
    let pick = |list: &[String], place: usize| list.get(place % list.len().max(1)).cloned().unwrap_or_default();
    json!({
        "name": format!("Deal {number}"), "stage": STAGES.get(number % STAGES.len()), "probability": (number % 101).to_string(),
        "amount": { "amount": format!("{}.50", number * 7919 % 100_000), "currency": "CNY" },
        "closeDate": day(i64::try_from(number * 31 % 730).unwrap_or(0)), "forecast": "PIPELINE", "type": "NEW_BUSINESS", "nextStep": "Call again",
        "account": { "connect": { "id": pick(&ids.accounts, number * 13) } }, "owner": { "connect": { "id": pick(&ids.users, number) } },
    })
}

#[cfg(test)]
mod tests {
    use super::day;

    #[test]
    fn days_count_on_from_the_first_of_2025() {
        assert_eq!(day(0), "2025-01-01");
        assert_eq!(day(59), "2025-03-01");
        assert_eq!(day(364), "2025-12-31");
        assert_eq!(day(365), "2026-01-01");
        assert_eq!(day(729), "2026-12-31");
    }
}
