//! Who may manage members and keys, and that what is taken away is gone at once.

use anyhow::ensure;
use serde_json::{Value, json};
use tenon_tests::{Member, PASSWORD, Tenant};

use super::{on_both, status_of};

/// Roles of the test's own: one may manage members, one may import, one is for portal users.
async fn roles(ours: &Tenant) -> anyhow::Result<()> {
    let file = |path: &str, text: &str| (path.to_owned(), format!("format: tenon/v1\n{text}"));
    ours.apply(&[
        file("roles/desk.yaml", "role: desk\nlabel: { en: Desk }\nspecial: [users]\n"),
        file("roles/loader.yaml", "role: loader\nlabel: { en: Loader }\nspecial: [import]\n"),
        file("roles/clerk.yaml", "role: clerk\nlabel: { en: Clerk }\n"),
        file("roles/visitor.yaml", "role: visitor\nlabel: { en: Visitor }\nportal: true\n"),
    ])
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gives_more_than_he_has() {
    on_both(async |_, ours, _| {
        roles(ours).await?;
        let (ann, desk, clerk) = (
            ours.member("ann@x.example", &["administrator"]).await?,
            ours.member("desk@x.example", &["desk"]).await?,
            ours.member("clerk@x.example", &["clerk"]).await?,
        );
        let make_key = async |who: &Member, role: &str| {
            anyhow::Ok(who.send("POST", "keys", &json!({ "display": "k", "roles": [role] })).await?.status)
        };
        for role in ["administrator", "desk", "clerk"] {
            ensure!(make_key(&clerk, role).await? == 403, "{role}");
        }
        ensure!(make_key(&desk, "clerk").await? == 201 && make_key(&desk, "desk").await? == 201);
        ensure!(make_key(&desk, "loader").await? == 403 && make_key(&desk, "administrator").await? == 403);
        ensure!(make_key(&ann, "loader").await? == 201);
        ensure!(make_key(&ann, "visitor").await? == 400 && make_key(&ann, "no_such_role").await? == 400);
        let change = async |who: &Member, whom: &Member, change: Value| {
            anyhow::Ok(who.send("PATCH", &format!("members/{}", whom.user), &change).await?.status)
        };
        ensure!(change(&desk, &ann, json!({ "state": "disabled" })).await? == 403, "nobody touches who is above him");
        ensure!(change(&desk, &clerk, json!({ "roles": ["administrator"] })).await? == 403);
        ensure!(change(&desk, &desk, json!({ "roles": ["desk", "clerk"] })).await? == 403, "nor his own roles");
        ensure!(change(&desk, &clerk, json!({ "roles": ["clerk", "desk"] })).await? == 200);
        ensure!(change(&clerk, &desk, json!({ "state": "disabled" })).await? == 200, "what was just given counts at once");
        ensure!(clerk.ask("GET", "members").await?.status == 200);
        ensure!(change(&ann, &clerk, json!({ "roles": ["clerk"] })).await? == 200);
        ensure!(clerk.ask("GET", "members").await?.status == 403, "and what was taken is gone");
        ensure!(desk.send("POST", "invitations", &json!({ "email": "n@x.example", "roles": ["clerk"] })).await?.status == 401, "disabled");
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_members_and_roles_end_at_the_next_request() {
    on_both(async |_, ours, theirs| {
        roles(ours).await?;
        let ann = ours.member("ann@x.example", &["administrator"]).await?;
        let made = ann.send("POST", "keys", &json!({ "display": "sync", "roles": ["administrator"], "kind": "service" })).await?.json()?;
        let key = Tenant { key: made["apiKey"].as_str().unwrap_or_default().to_owned(), ..ours.clone() };
        let who = key.by_key("GET", "session", &Value::Null).await?.json()?;
        ensure!(who["user"]["kind"] == json!("service") && who["user"]["display"] == json!("sync"), "{who}");
        let foreign = Tenant { key: key.key.clone(), ..theirs.clone() };
        ensure!(foreign.by_key("GET", "session", &Value::Null).await?.status == 401, "another tenant's");
        let door = format!("keys/{}", made["id"].as_str().unwrap_or_default());
        ensure!(theirs.by_key("DELETE", &door, &Value::Null).await?.status == 404, "another tenant's administrator");
        ensure!(ann.ask("DELETE", &door).await?.status == 204);
        ensure!(key.by_key("GET", "session", &Value::Null).await?.status == 401, "revoked a moment ago");
        let bob = ours.member("bob@x.example", &["administrator"]).await?;
        ensure!(bob.ask("GET", "keys").await?.status == 200);
        ensure!(ann.send("PATCH", &format!("members/{}", bob.user), &json!({ "roles": ["clerk"] })).await?.status == 200);
        ensure!(bob.ask("GET", "keys").await?.status == 403);
        ensure!(ann.send("PATCH", &format!("members/{}", bob.user), &json!({ "state": "disabled" })).await?.status == 200);
        ensure!(status_of(ours, &bob.cookie).await? == 401);
        ensure!(ann.send("PATCH", &format!("members/{}", bob.user), &json!({ "state": "active" })).await?.status == 200);
        ensure!(status_of(ours, &bob.cookie).await? == 401, "the session ended for good");
        let cookie = ours.sign_in(&bob.login, PASSWORD, None).await?;
        // The person's own record says that he is not at work.
        ann.data("mutation ($id: ID!) { updateUser(id: $id, input: { status: LOCKED }) { id } }", json!({ "id": bob.user })).await?;
        ensure!(status_of(ours, &cookie).await? == 401, "locked");
        let last = ours.by_key("GET", "members", &Value::Null).await?.json()?;
        let admin = last["members"]
            .as_array()
            .into_iter()
            .flatten()
            .find(|one| one["login"].as_str().is_some_and(|login| login.starts_with("admin@")))
            .cloned();
        let admin = admin.unwrap_or_default()["user"].as_str().unwrap_or_default().to_owned();
        ensure!(ann.send("PATCH", &format!("members/{admin}"), &json!({ "state": "disabled" })).await?.status == 200);
        let answer = ours.by_key("PATCH", &format!("members/{}", ann.user), &json!({ "roles": ["clerk"] })).await?;
        ensure!(answer.status == 422 && answer.json()?["rule"] == json!("last_administrator"), "{}", answer.json()?);
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_portal_user_belongs_to_somebody_and_never_to_the_staff() {
    on_both(async |_, ours, theirs| {
        roles(ours).await?;
        let account =
            ours.data("mutation { createAccount(input: { name: \"Shop\" }) { id } }", json!({})).await?["createAccount"]["id"].clone();
        let account = account.as_str().unwrap_or_default().to_owned();
        let foreign =
            theirs.data("mutation { createAccount(input: { name: \"Shop\" }) { id } }", json!({})).await?["createAccount"]["id"].clone();
        let invite = async |body: Value| anyhow::Ok(ours.invite(&body).await?.json()?["rule"].clone());
        let portal =
            |roles: Value, account: Value| json!({ "email": "p@shop.example", "kind": "portal_user", "roles": roles, "account": account });
        ensure!(invite(portal(json!(["visitor"]), Value::Null)).await? == json!("member/belonging"));
        ensure!(invite(portal(json!(["visitor"]), foreign)).await? == json!("reference"), "another tenant's account is none");
        ensure!(invite(portal(json!(["clerk"]), json!(account))).await? == json!("role/portal"));
        ensure!(invite(portal(json!(["administrator"]), json!(account))).await? == json!("role/portal"));
        ensure!(invite(json!({ "email": "s@x.example", "roles": ["visitor"] })).await? == json!("role/portal"));
        ensure!(invite(json!({ "email": "s@x.example", "account": account })).await? == json!("member/belonging"));
        let visitor = ours.portal_member("p@shop.example", &["visitor"], ("account", &account)).await?;
        let who = visitor.ask("GET", "session").await?.json()?;
        ensure!(who["user"]["kind"] == json!("portal_user") && who["roles"] == json!(["visitor"]), "{who}");
        ensure!(visitor.ask("GET", "members").await?.status == 403);
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_changes_his_own_password_and_keeps_this_session_only() {
    on_both(async |_, ours, _| {
        let ann = ours.member("ann@x.example", &[]).await?;
        let other = ours.sign_in(&ann.login, PASSWORD, None).await?;
        let change = async |current: &str, password: &str| {
            anyhow::Ok(ann.send("POST", "password", &json!({ "current": current, "password": password })).await?.status)
        };
        let chosen = "another horse of the same well";
        ensure!(change("not the password", chosen).await? == 400 && change(PASSWORD, "short").await? == 400);
        ensure!(change(PASSWORD, chosen).await? == 204);
        ensure!(status_of(ours, &ann.cookie).await? == 200 && status_of(ours, &other).await? == 401);
        ours.sign_in(&ann.login, chosen, None).await?;
        Ok(())
    })
    .await;
}
