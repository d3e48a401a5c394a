//! Guessing: every failure looks alike, and there is an end to it.

use anyhow::ensure;
use serde_json::{Value, json};
use tenon_tests::{PASSWORD, Request, Tenant};

use super::{on_both, visible};

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_wrong_at_sign_in_is_one_answer() {
    on_both(async |_, ours, theirs| {
        let ann = ours.member("ann@acme.example", &["administrator"]).await?;
        let disabled = ours.member("dis@acme.example", &[]).await?;
        ensure!(ann.send("PATCH", &format!("members/{}", disabled.user), &json!({ "state": "disabled" })).await?.status == 200);
        ensure!(ours.invite(&json!({ "email": "new@acme.example" })).await?.status == 201);
        theirs.member("eve@acme.example", &["administrator"]).await?;
        let nowhere = Tenant { name: "nowhere".to_owned(), ..ours.clone() };
        let wrong = "a horse drinks of the river";
        let tries: [(&Tenant, &str, &str, Value); 9] = [
            (ours, "ann@acme.example", wrong, Value::Null),
            (ours, "nobody@acme.example", PASSWORD, Value::Null),
            (ours, "dis@acme.example", PASSWORD, Value::Null),
            (ours, "new@acme.example", PASSWORD, Value::Null),
            (ours, "eve@acme.example", PASSWORD, Value::Null),
            (ours, "", "", Value::Null),
            (ours, "ann@acme.example'; drop table member; --", PASSWORD, json!("000000")),
            (ours, "%", PASSWORD, Value::Null),
            (&nowhere, "ann@acme.example", PASSWORD, Value::Null),
        ];
        let mut answers = Vec::new();
        for (tenant, login, password, code) in &tries {
            let answer = tenant.send("POST", "session", &json!({ "login": login, "password": password, "code": code })).await?;
            answers.push(visible(&answer));
        }
        for (answer, (_, login, ..)) in answers.iter().zip(&tries) {
            ensure!(answer.0 == 401 && *answer == answers[0], "{login}: {answer:?} is not {:?}", answers[0]);
        }
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_failures_close_a_login_known_or_not_and_no_other() {
    on_both(async |_, ours, theirs| {
        let ann = ours.member("ann@acme.example", &["administrator"]).await?;
        let twin = theirs.member("ann@acme.example", &["administrator"]).await?;
        let guess = async |tenant: &Tenant, login: &str, password: &str| {
            tenant.send("POST", "session", &json!({ "login": login, "password": password })).await
        };
        for login in ["ann@acme.example", "nobody@acme.example"] {
            // All at once gets no further than one after another.
            let guesses = (0..14).map(|n| guess(ours, login, if n == 13 { PASSWORD } else { "not the password" }));
            let mut statuses = Vec::new();
            for answer in futures(guesses).await? {
                statuses.push(answer.status);
            }
            ensure!(statuses.iter().filter(|status| **status == 429).count() >= 3, "{login}: {statuses:?}");
            ensure!(statuses.iter().filter(|status| **status == 401).count() <= 10, "{login}: {statuses:?}");
        }
        // Whether the right one came through among the first ten was chance; now the login is closed.
        for _ in 0..10 {
            guess(ours, &ann.login, "not the password").await?;
        }
        let closed = guess(ours, "ANN@acme.example", PASSWORD).await?;
        let said = closed.json()?;
        ensure!(closed.status == 429 && said["limit"] == json!("sign_in_login") && said["max"] == json!(10), "{said}");
        let wait: u64 = closed.header("retry-after").unwrap_or_default().parse()?;
        ensure!((1..=900).contains(&wait), "{wait}");
        ensure!(guess(theirs, &twin.login, PASSWORD).await?.status == 201, "the same login of another tenant");
        ensure!(ann.ask("GET", "session").await?.status == 200, "who is in stays in");
        Ok(())
    })
    .await;
}

/// The requests, all under way at once.
async fn futures<T>(all: impl Iterator<Item = impl Future<Output = anyhow::Result<T>>>) -> anyhow::Result<Vec<T>> {
    let mut under_way: Vec<_> = all.map(Box::pin).collect();
    let mut done = Vec::new();
    // Polled in turn: each awaits its own socket.
    while !under_way.is_empty() {
        let (one, place) = std::future::poll_fn(|cx| {
            let ready = under_way.iter_mut().enumerate().find_map(|(place, one)| match one.as_mut().poll(cx) {
                std::task::Poll::Ready(answer) => Some((answer, place)),
                std::task::Poll::Pending => None,
            });
            ready.map_or(std::task::Poll::Pending, std::task::Poll::Ready)
        })
        .await;
        drop(under_way.swap_remove(place));
        done.push(one?);
    }
    Ok(done)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_failures_close_an_address_whatever_it_claims_to_be() {
    on_both(async |_, ours, _| {
        let ann = ours.member("ann@acme.example", &["administrator"]).await?;
        let guess = async |n: usize, login: &str, password: &str| {
            let body = json!({ "login": login, "password": password }).to_string();
            let request = Request::new("POST", format!("/t/{}/session", ours.name)).header("content-type", "application/json");
            request.header("x-forwarded-for", format!("192.0.2.{n}")).body(body).send(ours.address).await
        };
        let guesses = (0..105).map(|n| guess(n, Box::leak(format!("user{n}@acme.example").into_boxed_str()), "not the password"));
        let closed = futures(guesses).await?.iter().filter(|answer| answer.status == 429).count();
        ensure!(closed == 5, "{closed} of 105 were refused");
        let last = guess(7, &ann.login, PASSWORD).await?;
        ensure!(last.status == 429 && last.json()?["limit"] == json!("sign_in_address"), "{}", last.status);
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn weak_passwords_are_refused_and_the_link_stays() {
    on_both(async |_, ours, _| {
        let invited = ours.invite(&json!({ "email": "maria.gonzalez@acme.example", "name": "Maria Gonzalez" })).await?.json()?;
        let link = invited["link"].as_str().unwrap_or_default();
        let token = link.rsplit('#').next().unwrap_or_default().to_owned();
        ensure!(link.starts_with(&format!("http://{}/t/{}/invitations/accept#", ours.address, ours.name)), "{link}");
        let weak = [
            ("short", "password/short"),
            ("Maria Gonzalez", "password/own"),
            ("MARIA.GONZALEZ@acme.example", "password/own"),
            ("1q2w3e4r5t", "password/common"),
        ];
        for (password, rule) in weak {
            let answer = ours.send("POST", "invitations/accept", &json!({ "token": token, "password": password })).await?;
            ensure!(answer.status == 400 && answer.json()?["rule"] == json!(rule), "{password}: {}", answer.json()?);
        }
        let long = json!({ "token": token, "password": "xq7-".repeat(300) });
        ensure!(ours.send("POST", "invitations/accept", &long).await?.json()?["rule"] == json!("password/long"));
        let good = json!({ "token": token, "password": PASSWORD });
        ensure!(ours.send("POST", "invitations/accept", &good).await?.status == 200);
        ensure!(ours.send("POST", "invitations/accept", &good).await?.json()?["rule"] == json!("ticket"), "used");
        ours.sign_in("maria.gonzalez@acme.example", PASSWORD, None).await?;
        Ok(())
    })
    .await;
}
