//! The second factor, with an authenticator of the test's own (RFC 6238 over HMAC-SHA-1).

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::ensure;
use ring::hmac;
use serde_json::json;
use tenon_tests::{Member, PASSWORD, Tenant};

use super::{on_both, status_of};

fn from_base32(text: &str) -> Vec<u8> {
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let bits: String =
        text.bytes().filter_map(|byte| letters.iter().position(|letter| *letter == byte)).map(|five| format!("{five:05b}")).collect();
    bits.as_bytes().chunks_exact(8).map(|eight| eight.iter().fold(0, |byte, bit| (byte << 1) | (bit - b'0'))).collect()
}

/// An authenticator whose clock stands still at the step it was set up in: the server allows a step to either side,
/// so a code of this step or the next one is good for half a minute, however slow the machine.
struct Authenticator {
    secret: Vec<u8>,
    /// The step whose code confirmed the factor.
    step: i64,
}

impl Authenticator {
    #[expect(clippy::disallowed_methods, reason = "an authenticator has a clock")]
    fn of(secret: &str) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        Self { secret: from_base32(secret), step: i64::try_from(now / 30).unwrap() }
    }

    /// The code so many steps after the one that confirmed.
    fn code(&self, steps: i64) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.secret);
        let tag = hmac::sign(&key, &(self.step + steps).to_be_bytes());
        let tag = tag.as_ref();
        let at = usize::from(tag[19] & 15);
        let number = u32::from_be_bytes([tag[at] & 0x7f, tag[at + 1], tag[at + 2], tag[at + 3]]);
        format!("{:06}", number % 1_000_000)
    }
}

async fn enrolled(ours: &Tenant, login: &str) -> anyhow::Result<(Member, Authenticator, Vec<String>)> {
    let ann = ours.member(login, &["administrator"]).await?;
    ensure!(
        ann.send("POST", "totp", &json!({ "password": "not the password" })).await?.status == 400,
        "the password is asked for once more"
    );
    let begun = ann.send("POST", "totp", &json!({ "password": PASSWORD })).await?;
    let shown = begun.json()?;
    let secret = shown["secret"].as_str().unwrap_or_default().to_owned();
    ensure!(
        begun.status == 201 && shown["uri"].as_str().is_some_and(|uri| uri.starts_with("otpauth://totp/") && uri.contains(&secret)),
        "{shown}"
    );
    // Not asked for until it is confirmed.
    ours.sign_in(login, PASSWORD, None).await?;
    ensure!(ann.send("POST", "totp/confirm", &json!({ "code": "000000" })).await?.status == 400);
    let authenticator = Authenticator::of(&secret);
    let confirmed = ann.send("POST", "totp/confirm", &json!({ "code": authenticator.code(0) })).await?.json()?;
    let codes: Vec<String> =
        confirmed["recoveryCodes"].as_array().into_iter().flatten().filter_map(|code| code.as_str().map(str::to_owned)).collect();
    ensure!(codes.len() == 10, "{confirmed}");
    Ok((ann, authenticator, codes))
}

async fn try_in(ours: &Tenant, login: &str, code: Option<&str>) -> anyhow::Result<u16> {
    Ok(ours.send("POST", "session", &json!({ "login": login, "password": PASSWORD, "code": code })).await?.status)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_asked_for_and_counts_once() {
    on_both(async |_, ours, theirs| {
        let (ann, authenticator, _) = enrolled(ours, "ann@acme.example").await?;
        ensure!(try_in(ours, &ann.login, None).await? == 401, "no code");
        ensure!(try_in(ours, &ann.login, Some("")).await? == 401);
        ensure!(try_in(ours, &ann.login, Some(&authenticator.code(0))).await? == 401, "the one that confirmed");
        ensure!(try_in(ours, &ann.login, Some(&authenticator.code(-40))).await? == 401, "long ago");
        ensure!(try_in(ours, &ann.login, Some(&authenticator.code(40))).await? == 401, "long to come");
        let fresh = authenticator.code(1);
        // Two at once with the same code: one of them.
        let typed = json!({ "login": ann.login, "password": PASSWORD, "code": fresh });
        let (one, other) = tokio::join!(ours.send("POST", "session", &typed), ours.send("POST", "session", &typed));
        let mut both = [one?.status, other?.status];
        both.sort_unstable();
        ensure!(both == [201, 401], "{both:?}");
        ensure!(try_in(ours, &ann.login, Some(&fresh)).await? == 401, "replayed");
        ensure!(try_in(ours, &ann.login, Some(&authenticator.code(0))).await? == 401, "older than one that was used");
        let eve = theirs.member("ann@acme.example", &[]).await?;
        ensure!(status_of(theirs, &eve.cookie).await? == 200, "the other tenant's Ann has no second factor");
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn recovery_codes_work_once_each_and_the_factor_ends_with_a_proof() {
    on_both(async |_, ours, _| {
        let (ann, authenticator, codes) = enrolled(ours, "ann@acme.example").await?;
        let typed = codes[3].to_uppercase().replace('-', " ");
        ensure!(try_in(ours, &ann.login, Some(&typed)).await? == 201);
        ensure!(try_in(ours, &ann.login, Some(&codes[3])).await? == 401, "used up");
        ensure!(try_in(ours, &ann.login, Some(&codes[4])).await? == 201, "the others stay");
        ensure!(ann.send("POST", "totp", &json!({ "password": PASSWORD })).await?.status == 400, "there is one already");
        ensure!(ann.send("DELETE", "totp", &json!({})).await?.status == 400);
        ensure!(ann.send("DELETE", "totp", &json!({ "password": "not the password" })).await?.status == 400);
        ensure!(ann.send("DELETE", "totp", &json!({ "code": authenticator.code(1) })).await?.status == 204);
        ours.sign_in(&ann.login, PASSWORD, None).await?;
        ensure!(ours.by_key("POST", "totp", &json!({ "password": PASSWORD })).await?.status == 403, "a key is nobody's");
        Ok(())
    })
    .await;
}
