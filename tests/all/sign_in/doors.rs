//! What another site could make a browser do: nothing.

use anyhow::ensure;
use serde_json::json;
use tenon_tests::Request;

use super::{WHO, on_both};

#[tokio::test(flavor = "multi_thread")]
async fn writes_by_cookie_need_our_own_origin_and_json() {
    on_both(async |_, ours, _| {
        let ann = ours.member("ann@acme.example", &["administrator"]).await?;
        let json_type = "application/json";
        let post = async |door: &str, origin: Option<&str>, content_type: &str, body: &str| {
            let mut request = Request::new("POST", format!("/t/{}/{door}", ours.name)).header("cookie", ann.cookie.clone());
            request = request.header("content-type", content_type).body(body);
            if let Some(origin) = origin {
                request = request.header("origin", origin);
            }
            request.send(ours.address).await
        };
        let own = format!("http://{}", ours.address);
        for door in ["graphql", "metadata", "keys", "invitations", "totp", "password"] {
            for foreign in [None, Some("https://evil.example"), Some("null"), Some("http://127.0.0.1")] {
                let answer = post(door, foreign, json_type, WHO).await?;
                let text = String::from_utf8_lossy(&answer.body).into_owned();
                ensure!(
                    answer.status == 403 && text.contains(r#""FORBIDDEN""#) && text.contains(r#""origin""#),
                    "{door} {foreign:?}: {text}"
                );
            }
            let answer = post(door, Some(&own), "text/plain", WHO).await?;
            ensure!([403, 415].contains(&answer.status), "{door}: {}", answer.status);
        }
        ensure!(post("graphql", Some(&own), json_type, WHO).await?.status == 200);
        let import = post("imports?object=account", None, "multipart/form-data; boundary=x", "--x--\r\n").await?;
        ensure!(import.status == 403, "a form without our origin");
        let delete = Request::new("DELETE", format!("/t/{}/session", ours.name)).header("cookie", ann.cookie.clone());
        ensure!(delete.send(ours.address).await?.status == 403, "nobody is signed out from elsewhere");
        ensure!(ann.ask("GET", "session").await?.status == 200);
        // A page elsewhere does not sign its reader in as somebody else, either.
        let typed = json!({ "login": ann.login, "password": tenon_tests::PASSWORD }).to_string();
        let sign_in = Request::new("POST", format!("/t/{}/session", ours.name)).header("content-type", json_type);
        ensure!(sign_in.header("origin", "https://evil.example").body(typed).send(ours.address).await?.status == 403);
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn origins_the_tenant_lists_may_use_sessions_and_no_other_may_read() {
    on_both(async |_, ours, theirs| {
        let listed = "https://app.acme.example";
        ours.metadata("mutation { updateSettings(input: { cors: [\"https://app.acme.example\"] }) { cors } }", json!({})).await?;
        let (ann, eve) =
            (ours.member("ann@acme.example", &["administrator"]).await?, theirs.member("eve@x.example", &["administrator"]).await?);
        let post = async |tenant: &tenon_tests::Tenant, cookie: &str, origin: &str| {
            let request = Request::new("POST", format!("/t/{}/graphql", tenant.name)).header("cookie", cookie).header("origin", origin);
            request.header("content-type", "application/json").body(WHO).send(tenant.address).await
        };
        let answer = post(ours, &ann.cookie, listed).await?;
        ensure!(answer.status == 200 && answer.header("access-control-allow-credentials") == Some("true"), "{:?}", answer.headers);
        ensure!(answer.header("access-control-allow-origin") == Some(listed));
        ensure!(post(theirs, &eve.cookie, listed).await?.status == 403, "listed by another tenant");
        let stranger = post(theirs, &eve.cookie, "https://evil.example").await?;
        ensure!(stranger.status == 403 && stranger.header("access-control-allow-credentials").is_none(), "{:?}", stranger.headers);
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bombs_meet_limits() {
    on_both(async |_, ours, _| {
        let post = async |body: Vec<u8>, encoding: Option<&str>| {
            let mut request =
                Request::new("POST", format!("/t/{}/session", ours.name)).header("content-type", "application/json").body(body);
            if let Some(encoding) = encoding {
                request = request.header("content-encoding", encoding);
            }
            request.send(ours.address).await
        };
        let deep = format!("{{\"login\":{}1{}}}", "[".repeat(5_000), "]".repeat(5_000));
        ensure!(post(deep.into_bytes(), None).await?.status == 400, "deep");
        let large = json!({ "login": "a", "password": "x".repeat(20_000) }).to_string();
        let answer = post(large.into_bytes(), None).await?;
        ensure!(answer.status == 413 && answer.json()?["limit"] == json!("form_bytes"), "{}", answer.status);
        let wide = json!({ "login": "a".repeat(8_000), "password": "y".repeat(7_000) }).to_string();
        ensure!(post(wide.into_bytes(), None).await?.status == 401, "long words are nobody's");
        ensure!(post(b"{\"login\":\"a\",\"password\":\"b\"}".to_vec(), Some("br")).await?.status == 415);
        for body in [
            "",
            "[]",
            "{}",
            "{\"login\":1,\"password\":2}",
            "{\"login\":\"a\",\"password\":\"b\",\"role\":\"administrator\"}",
            "{\"login\":\"\\ud800\"}",
        ] {
            let answer = post(body.as_bytes().to_vec(), None).await?;
            ensure!(
                answer.status == 400 && answer.header("content-type").is_some_and(|kind| kind.starts_with("application/problem+json")),
                "{body}"
            );
        }
        let many =
            (0..200).fold(Request::new("GET", format!("/t/{}/session", ours.name)), |request, n| request.header(&format!("x-h{n}"), "v"));
        ensure!(many.send(ours.address).await?.status == 431, "two hundred headers");
        let cookie = format!("tenon_session=tenon_session_{}", "A".repeat(60_000));
        let long = Request::new("GET", format!("/t/{}/session", ours.name)).header("cookie", cookie).send(ours.address).await?;
        ensure!([401, 431].contains(&long.status), "{}", long.status);
        Ok(())
    })
    .await;
}
