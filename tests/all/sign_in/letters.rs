//! Invitations and resets by mail, read from a mail server that the test starts.

use anyhow::ensure;
use serde_json::json;
use tenon_server::MailConfig;
use tenon_tests::{Letter, PASSWORD, Setting, SmtpSink, Tenant, TestServer};

use super::{BOTH, on_both, status_of};

/// The link of a letter, and the token in it.
fn link(letter: &Letter) -> (String, String) {
    let link = letter.text.lines().find(|line| line.starts_with("http")).unwrap_or_default().trim().to_owned();
    let token = link.rsplit('#').next().unwrap_or_default().to_owned();
    (link, token)
}

/// Runs a test with a mail server that first refuses so many letters.
async fn with_mail(refusals: u32, locale: &str, test: impl AsyncFn(&Tenant, &Tenant, &SmtpSink) -> anyhow::Result<()>) {
    for database in BOTH {
        let (setting, sink) = (Setting::read(), SmtpSink::start(refusals).await.unwrap());
        let mail = MailConfig { url: sink.url(), from: "Tenon <tenon@acme.example>".to_owned() };
        let configured = TestServer::start_as(database, &setting, |config| {
            config.mail = Some(mail);
            config.public_url = Some("https://crm.acme.example/".to_owned());
        });
        let Some(server) = configured.await.unwrap() else { continue };
        let result = async {
            let (ours, theirs) = (server.tenant(None, Some(locale), None).await?, server.tenant(None, None, None).await?);
            test(&ours, &theirs, &sink).await
        };
        let result = result.await;
        server.stop().await.unwrap();
        result.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_comes_by_mail_and_its_link_works_once_for_its_tenant() {
    // The mail server is busy at first: the letter is tried again.
    with_mail(1, "zh", async |ours, theirs, sink| {
        let answer = ours.invite(&json!({ "email": "ann@acme.example", "roles": ["administrator"] })).await?;
        let said = answer.json()?;
        ensure!(answer.status == 201 && said["mailed"] == json!(true) && said.get("link").is_none(), "{said}");
        ensure!(!String::from_utf8_lossy(&answer.body).contains("tenon_invitation_"), "the link goes to the invited only");
        let letter = sink.letter().await?;
        let (link, token) = link(&letter);
        ensure!(letter.to == "ann@acme.example" && letter.text.contains("您已受邀加入"), "{letter:?}");
        ensure!(link.starts_with(&format!("https://crm.acme.example/t/{}/invitations/accept#tenon_invitation_", ours.name)), "{link}");
        let choice = json!({ "token": token, "password": PASSWORD });
        ensure!(theirs.send("POST", "invitations/accept", &choice).await?.status == 400, "at another tenant");
        ensure!(ours.send("POST", "resets/complete", &choice).await?.status == 400, "at another door");
        // Invited once more: the link before it ends.
        ensure!(ours.invite(&json!({ "email": "ANN@acme.example" })).await?.status == 201);
        let second = super::letters::link(&sink.letter().await?).1;
        ensure!(ours.send("POST", "invitations/accept", &choice).await?.status == 400, "the first link");
        let choice = json!({ "token": second, "password": PASSWORD });
        ensure!(ours.send("POST", "invitations/accept", &choice).await?.status == 200);
        ensure!(ours.send("POST", "invitations/accept", &choice).await?.status == 400, "used");
        let cookie = ours.sign_in("ann@acme.example", PASSWORD, None).await?;
        ensure!(status_of(ours, &cookie).await? == 200);
        ensure!(ours.invite(&json!({ "email": "ann@acme.example" })).await?.status == 409, "she is in");
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_tells_nobody_who_is_there_and_ends_all_sessions() {
    with_mail(0, "en", async |ours, theirs, sink| {
        ours.invite(&json!({ "email": "ann@acme.example", "roles": ["administrator"] })).await?;
        let (_, token) = link(&sink.letter().await?);
        ours.send("POST", "invitations/accept", &json!({ "token": token, "password": PASSWORD })).await?;
        let sessions = [ours.sign_in("ann@acme.example", PASSWORD, None).await?, ours.sign_in("ann@acme.example", PASSWORD, None).await?];
        let nowhere = Tenant { name: "nowhere".to_owned(), ..ours.clone() };
        let mut answers = Vec::new();
        for (tenant, login) in
            [(ours, "nobody@acme.example"), (theirs, "ann@acme.example"), (&nowhere, "ann@acme.example"), (ours, "Ann@Acme.example")]
        {
            answers.push(super::visible(&tenant.send("POST", "resets", &json!({ "login": login })).await?));
        }
        ensure!(answers.iter().all(|answer| answer.0 == 202 && *answer == answers[0]), "{answers:#?}");
        let letter = sink.letter().await?;
        ensure!(letter.to == "ann@acme.example" && letter.subject.contains(&ours.name) && sink.is_empty().await, "{letter:?}");
        let (_, token) = link(&letter);
        ensure!(token.starts_with("tenon_reset_"), "{token}");
        let chosen = "another horse of the same well";
        let choice = json!({ "token": token, "password": chosen });
        ensure!(ours.send("POST", "invitations/accept", &choice).await?.status == 400, "at another door");
        ensure!(ours.send("POST", "resets/complete", &choice).await?.status == 200);
        ensure!(ours.send("POST", "resets/complete", &choice).await?.status == 400, "used");
        for cookie in &sessions {
            ensure!(status_of(ours, cookie).await? == 401, "ended");
        }
        let old = ours.send("POST", "session", &json!({ "login": "ann@acme.example", "password": PASSWORD })).await?;
        ensure!(old.status == 401);
        ours.sign_in("ann@acme.example", chosen, None).await?;
        // One login is sent three letters, and the asker cannot tell.
        for _ in 0..4 {
            ensure!(ours.send("POST", "resets", &json!({ "login": "ann@acme.example" })).await?.status == 202);
        }
        let (second, third) = (sink.letter().await?, sink.letter().await?);
        ensure!(second.to == third.to && sink.is_empty().await);
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_mail_server_the_administrator_hands_links_over_and_nobody_else_gets_any() {
    on_both(async |_, ours, theirs| {
        let answer = ours.send("POST", "resets", &json!({ "login": "ann@acme.example" })).await?;
        let unknown = theirs.send("POST", "resets", &json!({ "login": "nobody" })).await?;
        ensure!(answer.status == 503 && answer.json()?["rule"] == json!("mail") && unknown.status == 503, "{}", answer.json()?);
        let ann = ours.member("ann@acme.example", &[]).await?;
        let link = ours.by_key("POST", &format!("members/{}/reset", ann.user), &json!({})).await?.json()?["link"].clone();
        let token = link.as_str().and_then(|link| link.rsplit('#').next()).unwrap_or_default().to_owned();
        let chosen = "another horse of the same well";
        ensure!(ours.send("POST", "resets/complete", &json!({ "token": token, "password": chosen })).await?.status == 200, "{link}");
        ensure!(status_of(ours, &ann.cookie).await? == 401);
        ours.sign_in("ann@acme.example", chosen, None).await?;
        Ok(())
    })
    .await;
}
