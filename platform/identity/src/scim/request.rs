//! Which request asks for what: the table of contents of the protocol.

use tenon_context::OpContext;
use tenon_value::Json;

use super::discovery;
use super::list::{self, ListRequest};
use super::{Scim, ScimError};
use crate::rights;

/// The method of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScimMethod {
    /// Read.
    Get,
    /// Make, or search.
    Post,
    /// Replace.
    Put,
    /// Change.
    Patch,
    /// Delete.
    Delete,
}

/// A request, below `/scim/v2/`.
pub struct ScimRequest {
    /// The method.
    pub method: ScimMethod,
    /// The path, decoded: `Users`, `Users/0198…`.
    pub path: String,
    /// The parameters, decoded.
    pub query: Vec<(String, String)>,
    /// The body; `Null` where there is none.
    pub body: Json,
}

/// What is answered.
#[derive(Debug)]
pub struct ScimAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Option<Json>,
    /// Where a new resource lies.
    pub location: Option<String>,
}

impl ScimAnswer {
    const fn ok(body: Json) -> Self {
        Self { status: 200, body: Some(body), location: None }
    }

    fn made(body: Json) -> Self {
        let location = body.pointer("/meta/location").and_then(Json::as_str).map(str::to_owned);
        Self { status: 201, body: Some(body), location }
    }

    const fn gone() -> Self {
        Self { status: 204, body: None, location: None }
    }
}

impl Scim {
    /// Carries out a request of a caller who is known.
    ///
    /// # Errors
    /// In the words of SCIM.
    pub async fn answer(&self, cx: &OpContext, request: &ScimRequest) -> Result<ScimAnswer, ScimError> {
        let parts: Vec<&str> = request.path.split('/').filter(|part| !part.is_empty()).collect();
        rights::may_manage(cx)?;
        let method = request.method;
        match (parts.as_slice(), method) {
            (["ServiceProviderConfig"], ScimMethod::Get) => Ok(ScimAnswer::ok(discovery::config(&self.base))),
            (["ResourceTypes"], ScimMethod::Get) => Ok(ScimAnswer::ok(discovery::resource_types(None, &self.base)?)),
            (["ResourceTypes", id], ScimMethod::Get) => Ok(ScimAnswer::ok(discovery::resource_types(Some(id), &self.base)?)),
            (["Schemas"], ScimMethod::Get) => Ok(ScimAnswer::ok(discovery::schemas(None, &self.base)?)),
            (["Schemas", id], ScimMethod::Get) => Ok(ScimAnswer::ok(discovery::schemas(Some(id), &self.base)?)),
            (["Users", rest @ ..], _) => self.answer_users(cx, request, rest).await,
            (["Groups", rest @ ..], _) => self.answer_groups(cx, request, rest).await,
            (["Bulk"], ScimMethod::Post) => Err(ScimError::unsupported("bulk requests are not offered")),
            (["Me", ..], _) => Err(ScimError::unsupported("`/Me` is not offered: a service is no user")),
            (["ServiceProviderConfig" | "ResourceTypes" | "Schemas" | "Bulk", ..], _) => Err(ScimError::method()),
            _ => Err(ScimError::not_found(&request.path)),
        }
    }

    async fn answer_users(&self, cx: &OpContext, request: &ScimRequest, rest: &[&str]) -> Result<ScimAnswer, ScimError> {
        let projection = list::projection(&request.query)?;
        let shown = |known: super::user::Known| projection.of(known.rendered(&self.base));
        match (rest, request.method) {
            ([], ScimMethod::Get) => {
                let list = ListRequest::of_query(&request.query)?;
                Ok(ScimAnswer::ok(list.answer(self.users(cx, &list).await?)))
            }
            ([".search"], ScimMethod::Post) => {
                let list = ListRequest::of_body(&request.body)?;
                Ok(ScimAnswer::ok(list.answer(self.users(cx, &list).await?)))
            }
            ([], ScimMethod::Post) => Ok(ScimAnswer::made(self.user_make(cx, &request.body).await?.rendered(&self.base))),
            ([id], ScimMethod::Get) => Ok(ScimAnswer::ok(shown(self.user(cx, id).await?))),
            ([id], ScimMethod::Put) => Ok(ScimAnswer::ok(shown(self.user_replace(cx, id, &request.body).await?))),
            ([id], ScimMethod::Patch) => Ok(ScimAnswer::ok(shown(self.user_patch(cx, id, &request.body).await?))),
            ([id], ScimMethod::Delete) => {
                self.user_delete(cx, id).await?;
                Ok(ScimAnswer::gone())
            }
            ([] | [_], _) => Err(ScimError::method()),
            _ => Err(ScimError::not_found(&request.path)),
        }
    }

    async fn answer_groups(&self, cx: &OpContext, request: &ScimRequest, rest: &[&str]) -> Result<ScimAnswer, ScimError> {
        let projection = list::projection(&request.query)?;
        let shown = |known: super::groups::KnownGroup| projection.of(known.rendered(&self.base));
        match (rest, request.method) {
            ([], ScimMethod::Get) => {
                let list = ListRequest::of_query(&request.query)?;
                Ok(ScimAnswer::ok(list.answer(self.groups(cx, &list).await?)))
            }
            ([".search"], ScimMethod::Post) => {
                let list = ListRequest::of_body(&request.body)?;
                Ok(ScimAnswer::ok(list.answer(self.groups(cx, &list).await?)))
            }
            ([], ScimMethod::Post) => Ok(ScimAnswer::made(self.group_make(cx, &request.body).await?.rendered(&self.base))),
            ([id], ScimMethod::Get) => Ok(ScimAnswer::ok(shown(self.group(cx, id, projection.wants("members")).await?))),
            ([id], ScimMethod::Put) => Ok(ScimAnswer::ok(shown(self.group_replace(cx, id, &request.body).await?))),
            ([id], ScimMethod::Patch) => Ok(ScimAnswer::ok(shown(self.group_patch(cx, id, &request.body).await?))),
            ([id], ScimMethod::Delete) => {
                self.group_delete(cx, id).await?;
                Ok(ScimAnswer::gone())
            }
            ([] | [_], _) => Err(ScimError::method()),
            _ => Err(ScimError::not_found(&request.path)),
        }
    }
}
