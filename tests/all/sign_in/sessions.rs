//! Sessions: what the cookie is, where it works, and when it ends.

use anyhow::ensure;
use serde_json::{Value, json};
use tenon_tests::{PASSWORD, Request, TestServer};
use tenon_value::DateTime;

use super::{BOTH, WHO, on_both, status_of, visible};
use crate::both::{Clock, on_as};

#[tokio::test(flavor = "multi_thread")]
async fn a_member_signs_in_is_recognized_at_every_door_and_signs_out() {
    on_both(async |_, ours, theirs| {
        let ann = ours.member("Ann@Acme.example", &["administrator"]).await?;
        let typed = json!({ "login": " ANN@acme.EXAMPLE", "password": PASSWORD });
        let answer = ours.send("POST", "session", &typed).await?;
        let shown = answer.json()?;
        ensure!(answer.status == 201 && shown["user"]["id"] == json!(ann.user) && shown["roles"] == json!(["administrator"]), "{shown}");
        let cookie = answer.header("set-cookie").unwrap_or_default();
        for part in ["tenon_session=tenon_session_", &format!("; Path=/t/{}", ours.name), "; HttpOnly", "; SameSite=Lax", "; Max-Age="] {
            ensure!(cookie.contains(part), "{part} is not in {cookie}");
        }
        ensure!(!cookie.contains("Secure") && answer.header("cache-control") == Some("no-store"), "on this machine itself, and not kept");
        ensure!(!String::from_utf8_lossy(&answer.body).contains("tenon_session_"), "no script reads it");

        let me = ann.data("{ users(first: 1) { nodes { id } } }", json!({})).await?;
        ensure!(me["users"]["nodes"].as_array().is_some_and(|all| all.len() == 1), "{me}");
        for door in ["limits", "schema.graphql", "metadata?query={__typename}", "graphql?query={__typename}", "sessions", "keys", "members"]
        {
            let answer = ann.ask("GET", door).await?;
            ensure!(answer.status == 200, "{door}: {}", answer.status);
            let foreign = Request::new("GET", format!("/t/{}/{door}", theirs.name)).header("cookie", ann.cookie.clone());
            ensure!(foreign.send(theirs.address).await?.status == 401, "{door} of another tenant");
        }
        ensure!(ann.ask("DELETE", "session").await?.status == 204);
        ensure!(status_of(ours, &ann.cookie).await? == 401, "signed out");
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_sign_in_has_a_token_of_its_own_and_ends_the_one_the_browser_held() {
    on_both(async |_, ours, _| {
        let ann = ours.member("ann@acme.example", &["administrator"]).await?;
        let typed = json!({ "login": ann.login, "password": PASSWORD }).to_string();
        let planted = format!("{}; tenon_session=tenon_session_planted", "a=b");
        for held in [ann.cookie.as_str(), planted.as_str()] {
            let request = Request::new("POST", format!("/t/{}/session", ours.name));
            let request = request.header("cookie", held).header("content-type", "application/json").body(typed.clone());
            let answer = request.send(ours.address).await?;
            let given = answer.header("set-cookie").unwrap_or_default().split(';').next().unwrap_or_default().to_owned();
            ensure!(answer.status == 201 && given != held && !given.contains("planted"), "{given}");
            ensure!(status_of(ours, held).await? == 401, "{held}");
            ensure!(status_of(ours, &given).await? == 200);
        }
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_listed_and_each_ends_at_once() {
    on_both(async |_, ours, theirs| {
        let ann = ours.member("ann@acme.example", &["administrator"]).await?;
        let bob = ours.member("bob@acme.example", &[]).await?;
        let other = ours.sign_in(&ann.login, PASSWORD, None).await?;
        let list = ann.ask("GET", "sessions").await?.json()?;
        let sessions = list["sessions"].as_array().cloned().unwrap_or_default();
        ensure!(sessions.len() == 2 && sessions.iter().filter(|one| one["current"] == json!(true)).count() == 1, "{list}");
        let id = sessions.iter().find(|one| one["current"] == json!(false)).map(|one| one["id"].clone()).unwrap_or_default();
        let door = format!("sessions/{}", id.as_str().unwrap_or_default());
        let foreign = theirs.member("ann@acme.example", &["administrator"]).await?;
        ensure!(bob.ask("DELETE", &door).await?.status == 404, "somebody else's, without a hint");
        ensure!(foreign.ask("DELETE", &door).await?.status == 404, "another tenant's");
        ensure!(status_of(ours, &other).await? == 200);
        ensure!(ann.ask("DELETE", &door).await?.status == 204);
        ensure!(status_of(ours, &other).await? == 401 && status_of(ours, &ann.cookie).await? == 200);
        ensure!(ann.ask("DELETE", &door).await?.status == 404);
        // An administrator sees and ends the sessions of others; nobody else does.
        let of_bob = format!("sessions?user={}", bob.user);
        ensure!(ann.ask("GET", &of_bob).await?.json()?["sessions"].as_array().is_some_and(|all| all.len() == 1));
        ensure!(bob.ask("GET", &format!("sessions?user={}", ann.user)).await?.status == 403);
        ensure!(ann.ask("DELETE", &of_bob).await?.json()?["ended"] == json!(1));
        ensure!(status_of(ours, &bob.cookie).await? == 401);
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_no_session_is_one_answer() {
    on_both(async |_, ours, theirs| {
        let ann = ours.member("ann@acme.example", &["administrator"]).await?;
        let gone = ours.sign_in(&ann.login, PASSWORD, None).await?;
        let again = tenon_tests::Member { cookie: gone.clone(), ..ann.clone() };
        ensure!(again.ask("DELETE", "session").await?.status == 204);
        let foreign = theirs.member("eve@acme.example", &["administrator"]).await?.cookie;
        let forged = ann.cookie.chars().rev().collect::<String>();
        let forged = format!("tenon_session=tenon_session_{}", forged.split('_').next().unwrap_or_default());
        let key = format!("tenon_session={}", ours.key);
        let cookies =
            [gone.as_str(), &foreign, &forged, &key, "tenon_session=", "tenon_session=x", "other=1", "tenon_session=tenon_session_AAAA"];
        let mut answers = Vec::new();
        for cookie in cookies {
            let request = Request::new("POST", format!("/t/{}/graphql", ours.name)).header("cookie", cookie);
            let request = request.header("content-type", "application/json").header("origin", format!("http://{}", ours.address)).body(WHO);
            answers.push(visible(&request.send(ours.address).await?));
        }
        ensure!(answers.iter().all(|answer| answer.0 == 401 && *answer == answers[0]), "{answers:#?}");
        // A token of a session is no key, and a wrong header does not fall back to a right cookie.
        let token = ann.cookie.strip_prefix("tenon_session=").unwrap_or_default();
        let request = Request::new("GET", format!("/t/{}/session", ours.name)).header("authorization", format!("Bearer {token}"));
        ensure!(request.send(ours.address).await?.status == 401);
        let request = Request::new("GET", format!("/t/{}/session", ours.name))
            .header("authorization", "Bearer x")
            .header("cookie", ann.cookie.clone());
        ensure!(request.send(ours.address).await?.status == 401);
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_unused_and_ends_used() {
    for database in BOTH {
        let clock = Clock::take();
        on_as(database, |config| config.clock = clock.read, async |server| ends(server, &clock).await).await;
    }
}

async fn ends(server: &TestServer, clock: &Clock) -> anyhow::Result<()> {
    const HOUR: i64 = 3_600_000;
    let ours = server.tenant(None, None, None).await?;
    let ann = ours.member("ann@acme.example", &["administrator"]).await?;
    let other = ours.sign_in(&ann.login, PASSWORD, None).await?;
    // Used every eleven hours it goes on; the other one is not used, and has ended after twelve.
    for round in 1..=30 {
        clock.advance(11 * HOUR);
        ensure!(status_of(&ours, &ann.cookie).await? == 200, "round {round}");
    }
    ensure!(status_of(&ours, &other).await? == 401, "unused");
    clock.advance(7 * HOUR);
    ensure!(status_of(&ours, &ann.cookie).await? == 401, "fourteen days, 336 hours, are the end, and this is hour 337");
    let expires = DateTime::from_millis((clock.read)().millis() + HOUR).to_string();
    let key =
        ours.by_key("POST", "keys", &json!({ "display": "short", "roles": ["administrator"], "expiresAt": expires })).await?.json()?;
    let short = tenon_tests::Tenant { key: key["apiKey"].as_str().unwrap_or_default().to_owned(), ..ours.clone() };
    ensure!(short.by_key("GET", "session", &Value::Null).await?.status == 200, "{key}");
    clock.advance(HOUR);
    ensure!(short.by_key("GET", "session", &Value::Null).await?.status == 401, "the key has ended");
    Ok(())
}
