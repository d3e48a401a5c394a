//! What an ID token must say before anybody is let in (`OpenID` Connect Core 1.0, §3.1.3.7 and §3.1.3.8).
//!
//! Invariant: the signature has been verified before; every check here is on the value, none on its absence alone.

use tenon_value::Json;

use super::jose::Algorithm;

/// Seconds by which the clocks of a provider and ours may differ.
pub(crate) const LEEWAY_SECONDS: i64 = 60;
/// A token of a code just exchanged is never older.
pub(crate) const TOKEN_AGE_SECONDS_MAX: i64 = 15 * 60;
/// Letters of a subject (`OpenID` Connect Core §2).
const SUBJECT_MAX: usize = 255;

/// What the token is held against.
pub(crate) struct Expected<'e> {
    pub(crate) issuer: &'e str,
    pub(crate) client: &'e str,
    pub(crate) nonce: &'e str,
    /// Seconds since 1970.
    pub(crate) now: i64,
    pub(crate) access_token: Option<&'e str>,
    pub(crate) algorithm: Algorithm,
}

/// The claim that is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ClaimError {
    #[error("`iss` is another issuer")]
    Issuer,
    #[error("`aud` does not name this client, or others beside it without `azp`")]
    Audience,
    #[error("`azp` is another client")]
    AuthorizedParty,
    #[error("`sub` is missing, empty or too long")]
    Subject,
    #[error("`exp` is missing or over")]
    Expired,
    #[error("`iat` is missing, too old or in the future")]
    IssuedAt,
    #[error("`nbf` is in the future")]
    NotYet,
    #[error("`nonce` is not the one of this sign-in")]
    Nonce,
    #[error("`at_hash` is of another access token")]
    AccessToken,
}

/// Checks the claims; gives the subject.
pub(crate) fn check(claims: &Json, expected: &Expected<'_>) -> Result<String, ClaimError> {
    let text = |name: &str| claims.get(name).and_then(Json::as_str);
    if text("iss") != Some(expected.issuer) {
        return Err(ClaimError::Issuer);
    }
    audience(claims, expected.client)?;
    times(claims, expected.now)?;
    if text("nonce") != Some(expected.nonce) {
        return Err(ClaimError::Nonce);
    }
    if let Some(hash) = claims.get("at_hash") {
        let own = expected.access_token.map(|token| expected.algorithm.half_hash(token));
        if own.is_none() || hash.as_str() != own.as_deref() {
            return Err(ClaimError::AccessToken);
        }
    }
    match text("sub") {
        Some(subject) if !subject.is_empty() && subject.len() <= SUBJECT_MAX && !subject.contains('\0') => Ok(subject.to_owned()),
        _ => Err(ClaimError::Subject),
    }
}

fn audience(claims: &Json, client: &str) -> Result<(), ClaimError> {
    let party = claims.get("azp");
    let several = match claims.get("aud") {
        Some(Json::String(one)) if one == client => false,
        Some(Json::Array(all)) if all.iter().any(|one| one.as_str() == Some(client)) => all.len() > 1,
        _ => return Err(ClaimError::Audience),
    };
    match party {
        Some(party) if party.as_str() == Some(client) => Ok(()),
        Some(_) => Err(ClaimError::AuthorizedParty),
        // For several audiences the token must say to whom it was given.
        None if several => Err(ClaimError::Audience),
        None => Ok(()),
    }
}

fn times(claims: &Json, now: i64) -> Result<(), ClaimError> {
    let seconds = |name: &str| claims.get(name).and_then(whole_seconds);
    let expires = seconds("exp").ok_or(ClaimError::Expired)?;
    if expires <= now.saturating_sub(LEEWAY_SECONDS) {
        return Err(ClaimError::Expired);
    }
    let issued = seconds("iat").ok_or(ClaimError::IssuedAt)?;
    let earliest = now.saturating_sub(TOKEN_AGE_SECONDS_MAX + LEEWAY_SECONDS);
    if issued > now.saturating_add(LEEWAY_SECONDS) || issued < earliest {
        return Err(ClaimError::IssuedAt);
    }
    match claims.get("nbf") {
        None => Ok(()),
        Some(_) if seconds("nbf").is_some_and(|begin| begin <= now.saturating_add(LEEWAY_SECONDS)) => Ok(()),
        Some(_) => Err(ClaimError::NotYet),
    }
}

/// A `NumericDate`; some providers write fractions.
fn whole_seconds(value: &Json) -> Option<i64> {
    let bounded = |seconds: f64| (0.0..4e11).contains(&seconds);
    #[expect(clippy::cast_possible_truncation, reason = "within bounds; the fraction is cut off on purpose")]
    value.as_i64().or_else(|| value.as_f64().filter(|seconds| bounded(*seconds)).map(|seconds| seconds as i64))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn good() -> Json {
        json!({ "iss": "https://idp.example", "aud": "crm", "sub": "248", "nonce": "n-1", "iat": NOW - 5, "exp": NOW + 300 })
    }

    fn judged(name: &str, value: Json) -> Result<String, ClaimError> {
        let mut claims = good();
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value;
        }
        let expected = Expected {
            issuer: "https://idp.example",
            client: "crm",
            nonce: "n-1",
            now: NOW,
            // The access token and its hash of OpenID Connect Core 1.0, appendix A.3.
            access_token: Some("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"),
            algorithm: Algorithm::Rs256,
        };
        check(&claims, &expected)
    }

    #[test]
    fn a_token_made_for_us_now_is_believed() {
        let fine = Ok("248".to_owned());
        assert_eq!(judged("x", json!(1)), fine);
        assert_eq!(judged("aud", json!(["crm"])), fine);
        assert_eq!(judged("azp", json!("crm")), fine);
        assert_eq!(judged("exp", json!(NOW - 59)), fine, "within the leeway");
        assert_eq!(judged("iat", json!(NOW + 60)), fine, "within the leeway");
        assert_eq!(judged("iat", json!(1_799_999_990.5)), fine, "a fraction");
        assert_eq!(judged("at_hash", json!("77QmUPtjPfzWtF2AnpK9RQ")), fine, "the example of the specification");
    }

    #[test]
    fn each_wrong_claim_is_named() {
        let cases = [
            ("iss", json!("https://idp.example/"), ClaimError::Issuer),
            ("iss", json!(null), ClaimError::Issuer),
            ("aud", json!("other"), ClaimError::Audience),
            ("aud", json!(null), ClaimError::Audience),
            ("aud", json!(["crm", "other"]), ClaimError::Audience),
            ("azp", json!("other"), ClaimError::AuthorizedParty),
            ("sub", json!(null), ClaimError::Subject),
            ("sub", json!(""), ClaimError::Subject),
            ("sub", json!(248), ClaimError::Subject),
            ("exp", json!(NOW - 60), ClaimError::Expired),
            ("exp", json!("1900000000"), ClaimError::Expired),
            ("exp", json!(null), ClaimError::Expired),
            ("iat", json!(NOW + 61), ClaimError::IssuedAt),
            ("iat", json!(NOW - 961), ClaimError::IssuedAt),
            ("iat", json!(null), ClaimError::IssuedAt),
            ("nbf", json!(NOW + 61), ClaimError::NotYet),
            ("nonce", json!("n-2"), ClaimError::Nonce),
            ("nonce", json!(null), ClaimError::Nonce),
            ("at_hash", json!("77QmUPtjPfzWtF2AnpK9RA"), ClaimError::AccessToken),
        ];
        for (name, value, wrong) in cases {
            assert_eq!(judged(name, value.clone()), Err(wrong), "{name}: {value}");
        }
    }

    #[test]
    fn several_audiences_need_the_party_the_token_was_given_to() {
        let mut claims = good();
        claims["aud"] = json!(["other", "crm"]);
        claims["azp"] = json!("crm");
        assert_eq!(audience(&claims, "crm"), Ok(()));
        claims["azp"] = json!("other");
        assert_eq!(audience(&claims, "crm"), Err(ClaimError::AuthorizedParty));
    }
}
