//! A tenant's identity provider as its administrator describes it: read from JSON, checked, written back without secret.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tenon_diagnostics::Problem;
use tenon_value::Name;

/// Providers of a tenant.
pub const PROVIDERS_MAX: usize = 20;
/// Scopes, domains, roles or mapped values of a provider.
const ENTRIES_MAX: usize = 200;
/// Letters of one setting.
const TEXT_MAX: usize = 1_000;

/// Who may sign in through a provider.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Joining {
    /// Members who are here already: invited, or made by SCIM.
    #[default]
    Invited,
    /// Whoever the provider vouches for and whose mail is of an allowed domain: he becomes a member.
    Create,
}

/// The settings of a provider, but for its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProviderSettings {
    /// What the sign-in page calls it.
    #[serde(default)]
    pub label: String,
    /// Its issuer identifier: where `/.well-known/openid-configuration` lies, and what its tokens say.
    pub issuer: String,
    /// The id under which it knows us.
    pub client_id: String,
    /// What is asked for, beside `openid`.
    #[serde(default = "scopes")]
    pub scopes: Vec<String>,
    /// Domains of e-mail addresses that are let in; none: any, which `create` does not permit.
    #[serde(default)]
    pub domains: Vec<String>,
    /// Who may sign in.
    #[serde(default)]
    pub joining: Joining,
    /// Roles of a member that signing in creates.
    #[serde(default)]
    pub roles: Vec<String>,
    /// The claim that lists groups or roles, `groups`.
    #[serde(default)]
    pub role_claim: Option<String>,
    /// Value of that claim → role here.
    #[serde(default)]
    pub role_map: BTreeMap<String, String>,
    /// Whether addresses are believed without `email_verified`: for a provider that only knows addresses of its own.
    #[serde(default)]
    pub trust_email: bool,
    /// Whether it is in use.
    #[serde(default = "yes")]
    pub enabled: bool,
}

fn scopes() -> Vec<String> {
    ["openid", "email", "profile"].map(str::to_owned).to_vec()
}

const fn yes() -> bool {
    true
}

impl ProviderSettings {
    /// Checks the settings, and puts domains in lower case.
    ///
    /// # Errors
    /// INVALID, naming the member.
    pub fn checked(mut self) -> Result<Self, Problem> {
        let texts = [("issuer", &self.issuer), ("clientId", &self.client_id)];
        if let Some((name, _)) = texts.iter().find(|(_, text)| text.trim().is_empty()) {
            return Err(wrong(name, "is empty"));
        }
        let lists = [("scopes", self.scopes.len()), ("domains", self.domains.len()), ("roles", self.roles.len())];
        if lists.iter().any(|(_, count)| *count > ENTRIES_MAX) || self.role_map.len() > ENTRIES_MAX {
            return Err(Problem::exhausted("provider_entries", 200, 201));
        }
        let all = self.scopes.iter().chain(&self.domains).chain(&self.roles).chain(self.role_map.keys());
        if all.chain([&self.issuer, &self.client_id, &self.label]).any(|text| text.len() > TEXT_MAX || text.contains('\0')) {
            return Err(wrong("settings", "hold a text that is too long"));
        }
        // RFC 6749 §3.3: printable, without space, quotation mark and backslash.
        let is_scope =
            |scope: &String| !scope.is_empty() && scope.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\');
        if !self.scopes.iter().all(is_scope) {
            return Err(wrong("scopes", "hold a word that is no scope"));
        }
        for domain in &mut self.domains {
            *domain = domain.trim().trim_start_matches('@').to_ascii_lowercase();
        }
        if self.domains.iter().any(|domain| domain.is_empty() || domain.contains(['@', ' '])) {
            return Err(wrong("domains", "hold a text that is no domain"));
        }
        if self.joining == Joining::Create && self.domains.is_empty() {
            return Err(wrong("domains", "are needed where signing in creates members"));
        }
        if !self.scopes.iter().any(|scope| scope == "openid") {
            self.scopes.insert(0, "openid".to_owned());
        }
        if self.issuer.contains(['?', '#']) {
            return Err(wrong("issuer", "has no query and no fragment"));
        }
        Ok(self)
    }

    /// Whether an address is of an allowed domain.
    pub(crate) fn lets_in(&self, email: &str) -> bool {
        let domain = email.rsplit_once('@').map(|(_, domain)| domain.to_ascii_lowercase());
        self.domains.is_empty() || domain.is_some_and(|domain| self.domains.contains(&domain))
    }

    /// The roles that the claims of a sign-in map to, and all roles that the map governs. None where nothing is mapped.
    pub(crate) fn mapped_roles(&self, claims: &tenon_value::Json) -> Option<MappedRoles> {
        let values = match claims.get(self.role_claim.as_deref()?) {
            None => Vec::new(),
            Some(tenon_value::Json::Array(all)) => all.iter().filter_map(|one| one.as_str()).collect(),
            Some(one) => one.as_str().into_iter().collect(),
        };
        let mut given: Vec<String> = values.iter().filter_map(|value| self.role_map.get(*value)).cloned().collect();
        given.sort();
        given.dedup();
        Some(MappedRoles { given, governed: self.role_map.values().cloned().collect() })
    }
}

/// What a role claim says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MappedRoles {
    /// Roles given.
    pub(crate) given: Vec<String>,
    /// Roles that the provider decides on: held only while given.
    pub(crate) governed: Vec<String>,
}

impl MappedRoles {
    /// The roles of a member after a sign-in, who held `held` before.
    pub(crate) fn applied(&self, held: &[String]) -> Vec<String> {
        let own = held.iter().filter(|role| !self.governed.contains(role));
        let mut roles: Vec<String> = own.chain(&self.given).cloned().collect();
        roles.sort();
        roles.dedup();
        roles
    }
}

/// A provider's name is a word of URLs.
///
/// # Errors
/// INVALID `name`.
pub(crate) fn provider_name(name: &str) -> Result<(), Problem> {
    Name::check(name).map_err(|reason| {
        Problem::invalid("name", format!("`{name}` is no name for a provider: {reason}"), format!("“{name}”不能作为身份提供方的名称"))
    })?;
    Ok(())
}

fn wrong(member: &str, en: &str) -> Problem {
    Problem::invalid("provider", format!("`{member}` {en}"), format!("`{member}` 的设置不正确"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn settings(more: &tenon_value::Json) -> ProviderSettings {
        let mut all = json!({ "issuer": "https://idp.example", "clientId": "crm" });
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(all).unwrap()
    }

    #[test]
    fn settings_have_safe_defaults() {
        let plain = settings(&json!({})).checked().unwrap();
        assert_eq!(plain.scopes, ["openid", "email", "profile"]);
        assert_eq!((plain.joining, plain.trust_email, plain.enabled), (Joining::Invited, false, true));
        let domains = settings(&json!({ "domains": ["@Example.COM"], "joining": "create", "scopes": ["email"] })).checked().unwrap();
        assert_eq!(domains.scopes, ["openid", "email"]);
        assert!(domains.lets_in("Li@example.com") && domains.lets_in("li@EXAMPLE.com"));
        for foreign in ["li@example.com.evil.example", "li@sub.example.com", "example.com", "li@example.com@evil.example"] {
            assert!(!domains.lets_in(foreign), "{foreign}");
        }
    }

    #[test]
    fn wrong_settings_are_refused() {
        for more in [
            json!({ "clientId": " " }),
            json!({ "issuer": "https://idp.example/?a=b" }),
            json!({ "joining": "create" }),
            json!({ "scopes": ["open id"] }),
            json!({ "domains": ["a@b"] }),
            json!({ "label": "x".repeat(1_001) }),
        ] {
            assert!(settings(&more).checked().is_err(), "{more}");
        }
        assert!(serde_json::from_value::<ProviderSettings>(json!({ "issuer": "i", "clientId": "c", "clientSecre": "x" })).is_err());
    }

    #[test]
    fn a_claim_governs_the_roles_it_maps_to_and_no_other() {
        let map = settings(&json!({ "roleClaim": "groups", "roleMap": { "g1": "sales_rep", "g2": "sales_manager" } }));
        let applied = |claims: tenon_value::Json, held: &[&str]| {
            let held: Vec<String> = held.iter().map(|role| (*role).to_owned()).collect();
            map.mapped_roles(&claims).unwrap().applied(&held)
        };
        assert_eq!(applied(json!({ "groups": ["g1", "other"] }), &["auditor", "sales_manager"]), ["auditor", "sales_rep"]);
        assert_eq!(applied(json!({ "groups": "g2" }), &[]), ["sales_manager"], "a single value is not wrapped by some");
        assert_eq!(applied(json!({}), &["sales_rep"]), Vec::<String>::new());
        assert_eq!(settings(&json!({})).mapped_roles(&json!({ "groups": ["g1"] })), None);
    }
}
