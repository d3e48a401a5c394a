//! Members: `/t/{tenant}/members`, invited by `/invitations`, found again by `/resets`.

use axum::Json as JsonBody;
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;
use tenon_context::{ActorKind, Via};
use tenon_diagnostics::Problem;
use tenon_identity::{MemberChange, NewMember};
use tenon_store::{MemberState, StoredMember};
use tenon_value::{Json, Uuid};

use crate::body;
use crate::call::Call;
use crate::respond::problem;
use crate::session_route::{device, own_page};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Invitation {
    email: Option<String>,
    login: Option<String>,
    name: Option<String>,
    #[serde(default)]
    roles: Vec<String>,
    kind: Option<String>,
    user: Option<Uuid>,
    account: Option<Uuid>,
    contact: Option<Uuid>,
    partner: Option<Uuid>,
}

impl Invitation {
    fn member(self) -> Result<NewMember, Problem> {
        let kind = match self.kind.as_deref() {
            None | Some("user") => ActorKind::User,
            Some("portal_user") => ActorKind::PortalUser,
            Some(_) => return Err(Problem::invalid("kind", "`kind` is `user` or `portal_user`", "`kind` 应为 `user` 或 `portal_user`")),
        };
        let login = self.login.or_else(|| self.email.clone());
        let login = login.ok_or_else(|| Problem::invalid("required", "give an `email` or a `login`", "请提供 `email` 或 `login`"))?;
        let Self { email, name, roles, user, account, contact, partner, .. } = self;
        Ok(NewMember { kind, login, email, name, roles, account, contact, partner, user })
    }
}

pub(crate) fn shown(member: &StoredMember) -> Json {
    let id = |id: Option<Uuid>| id.map(|id| id.to_string());
    json!({
        "user": member.user.to_string(),
        "kind": member.kind.word(),
        "login": member.login,
        "email": member.email,
        "roles": member.roles,
        "state": member.state.word(),
        "account": id(member.account),
        "contact": id(member.contact),
        "partner": id(member.partner),
        "secondFactor": member.has_totp,
        "createdAt": member.created_at.to_string(),
        "lastSignInAt": member.last_sign_in_at.map(|at| at.to_string()),
    })
}

/// `POST /invitations`.
pub(crate) async fn invite(call: Call, bytes: Result<Bytes, BytesRejection>) -> Response {
    let done = async {
        let context = call.context(Via::Graphql).await?;
        let new = body::read::<Invitation>(&call, bytes)?.member()?;
        call.in_time(call.app.identity.invite(&context, new)).await
    };
    match Box::pin(done).await {
        Ok(invited) => {
            let mut answer = json!({ "member": shown(&invited.member), "mailed": invited.link.is_none() });
            if let (Some(members), Some(link)) = (answer.as_object_mut(), invited.link) {
                members.insert("link".to_owned(), json!(link));
            }
            (StatusCode::CREATED, JsonBody(answer)).into_response()
        }
        Err(wrong) => problem(&wrong, &call.arrival),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Choice {
    token: String,
    password: String,
}

/// `POST /invitations/accept`.
pub(crate) async fn accept(call: Call, bytes: Result<Bytes, BytesRejection>) -> Response {
    let done = async {
        call.check_taken()?;
        own_page(&call).await?;
        let Choice { token, password } = body::read(&call, bytes)?;
        call.in_time(call.app.identity.invitation_accept(call.part("tenant"), &token, &password)).await
    };
    chosen(&call, Box::pin(done).await)
}

/// `POST /resets/complete`.
pub(crate) async fn complete(call: Call, bytes: Result<Bytes, BytesRejection>) -> Response {
    let done = async {
        call.check_taken()?;
        own_page(&call).await?;
        let Choice { token, password } = body::read(&call, bytes)?;
        call.in_time(call.app.identity.reset_complete(call.part("tenant"), &token, &password)).await
    };
    chosen(&call, Box::pin(done).await)
}

fn chosen(call: &Call, done: Result<StoredMember, Problem>) -> Response {
    match done {
        Ok(member) => JsonBody(json!({ "login": member.login })).into_response(),
        Err(wrong) => problem(&wrong, &call.arrival),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Forgotten {
    login: String,
}

/// `POST /resets`: the same answer for every login.
pub(crate) async fn forgotten(call: Call, bytes: Result<Bytes, BytesRejection>) -> Response {
    let done = async {
        call.check_taken()?;
        own_page(&call).await?;
        let Forgotten { login } = body::read(&call, bytes)?;
        call.in_time(call.app.identity.reset_begin(call.part("tenant"), &login, &device(&call))).await
    };
    match done.await {
        Ok(()) => (StatusCode::ACCEPTED, JsonBody(json!({}))).into_response(),
        Err(wrong) => problem(&wrong, &call.arrival),
    }
}

/// `GET /members`.
pub(crate) async fn list(call: Call) -> Response {
    let done = async {
        let context = call.context(Via::Graphql).await?;
        call.in_time(call.app.identity.members(&context)).await
    };
    match done.await {
        Ok(members) => JsonBody(json!({ "members": members.iter().map(shown).collect::<Vec<_>>() })).into_response(),
        Err(wrong) => problem(&wrong, &call.arrival),
    }
}

/// `GET /members/{id}`.
pub(crate) async fn show(call: Call) -> Response {
    let done = async {
        let context = call.context(Via::Graphql).await?;
        call.in_time(call.app.identity.member(&context, call.id()?)).await
    };
    one(&call, done.await)
}

fn one(call: &Call, done: Result<StoredMember, Problem>) -> Response {
    match done {
        Ok(member) => JsonBody(shown(&member)).into_response(),
        Err(wrong) => problem(&wrong, &call.arrival),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    login: Option<String>,
    email: Option<String>,
    roles: Option<Vec<String>>,
    state: Option<String>,
}

/// `PATCH /members/{id}`.
pub(crate) async fn change(call: Call, bytes: Result<Bytes, BytesRejection>) -> Response {
    let done = async {
        let context = call.context(Via::Graphql).await?;
        let Change { login, email, roles, state } = body::read(&call, bytes)?;
        let wrong = || Problem::invalid("state", "`state` is `active` or `disabled`", "`state` 应为 `active` 或 `disabled`");
        let state =
            state.map(|word| MemberState::from_word(&word).filter(|state| *state != MemberState::Invited).ok_or_else(wrong)).transpose()?;
        let change = MemberChange { login, email, roles, state };
        call.in_time(call.app.identity.member_change(&context, call.id()?, change)).await
    };
    one(&call, Box::pin(done).await)
}

/// `DELETE /members/{id}`: the person's record stays.
pub(crate) async fn remove(call: Call) -> Response {
    let done = async {
        let context = call.context(Via::Graphql).await?;
        call.in_time(call.app.identity.member_remove(&context, call.id()?)).await
    };
    match done.await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(wrong) => problem(&wrong, &call.arrival),
    }
}

/// `POST /members/{id}/reset`: a link for an administrator to hand over.
pub(crate) async fn reset(call: Call) -> Response {
    let done = async {
        let context = call.context(Via::Graphql).await?;
        let member = call.in_time(call.app.identity.member(&context, call.id()?)).await?;
        call.in_time(call.app.identity.reset_link(&context, &member.login)).await
    };
    match done.await {
        Ok(link) => (StatusCode::CREATED, JsonBody(json!({ "link": link }))).into_response(),
        Err(wrong) => problem(&wrong, &call.arrival),
    }
}
