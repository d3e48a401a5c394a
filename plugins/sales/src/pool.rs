//! A pool: its settings, and who its members are.

use tenon_sdk::prelude::*;

use crate::rules::Terms;

const ASKED: &str = "query($pool: ID!, $person: ID!) {
  salesPool(id: $pool) {
    id isActive dailyClaims cooldownDays
    owner { id } deputy { id } team { id lead { id } } territory { id ancestors { id } }
  }
  user(id: $person) { id status team { id } territories(first: 200) { nodes { id } } }
}";

/// A pool, as far as a claim is concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pool {
    pub(crate) id: String,
    pub(crate) is_active: bool,
    pub(crate) daily_claims: Option<i64>,
    pub(crate) cooldown_days: Option<i64>,
    /// Whether the person asked about is a member.
    pub(crate) has_member: bool,
}

impl Pool {
    /// A pool, and whether somebody belongs to it.
    pub(crate) fn ask(pool: &str, person: &str) -> Result<Option<Self>, Error> {
        let variables = Json::object([("pool", pool.into()), ("person", person.into())]).to_string();
        Ok(Self::read(&records::query(ASKED, &variables)?))
    }

    fn read(data: &Json) -> Option<Self> {
        let pool = data.at("salesPool");
        Some(Self {
            id: pool.at("id").text()?.to_owned(),
            is_active: pool.at("isActive").boolean() == Some(true),
            daily_claims: pool.at("dailyClaims").integer(),
            cooldown_days: pool.at("cooldownDays").integer(),
            has_member: is_member(pool, data.at("user")),
        })
    }
}

/// Members are who belong to the pool's team or lead it, who work in its territory or above it, and its admins.
fn is_member(pool: &Json, person: &Json) -> bool {
    let (Some(id), "ACTIVE" | "") = (person.at("id").text(), person.at("status").text().unwrap_or_default()) else { return false };
    let is = |path: &str, id: Option<&str>| id.is_some() && pool.at(path).text() == id;
    let works_in = |territory: &Json| {
        let id = territory.at("id").text();
        id.is_some() && person.at("territories.nodes").items().iter().any(|own| own.at("id").text() == id)
    };
    let territory = pool.at("territory");
    is("team.id", person.at("team.id").text())
        || ["team.lead.id", "owner.id", "deputy.id"].into_iter().any(|path| is(path, Some(id)))
        || works_in(territory)
        || territory.at("ancestors").items().iter().any(works_in)
}

/// When a pool takes leads back, as it stands in an answer; an inactive one takes none.
pub(crate) fn terms(pool: &Json) -> Terms {
    if pool.at("isActive").boolean() != Some(true) {
        return Terms::default();
    }
    let days = |name: &str| pool.at(name).integer();
    Terms { idle_days: days("idleDays"), deal_days: days("dealDays"), warn_days: days("warnDays") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(person: &str) -> bool {
        let pool = r#"{"owner":{"id":"o"},"deputy":null,"team":{"id":"t","lead":{"id":"l"}},
            "territory":{"id":"south","ancestors":[{"id":"china"}]}}"#;
        is_member(&pool.parse().unwrap(), &person.parse().unwrap())
    }

    #[test]
    fn members_belong_to_team_territory_or_admins() {
        for person in [
            r#"{"id":"a","status":"ACTIVE","team":{"id":"t"}}"#,
            r#"{"id":"l","status":"ACTIVE"}"#,
            r#"{"id":"o","status":null}"#,
            r#"{"id":"b","territories":{"nodes":[{"id":"north"},{"id":"south"}]}}"#,
            r#"{"id":"c","territories":{"nodes":[{"id":"china"}]}}"#,
        ] {
            assert!(member(person), "{person}");
        }
    }

    #[test]
    fn others_are_none() {
        for person in [
            "null",
            r#"{"id":"a","team":{"id":"other"},"territories":{"nodes":[{"id":"north"}]}}"#,
            r#"{"id":"a","status":"DISABLED","team":{"id":"t"}}"#,
            r#"{"id":"a","team":null}"#,
        ] {
            assert!(!member(person), "{person}");
        }
    }
}
