//! The person behind a member: a record of `user`, found, made and kept in step through the pipeline like any other.

use tenon_access::Policy;
use tenon_context::{ActorKind, OpContext, Principal, Via};
use tenon_diagnostics::InputPath;
use tenon_model::{Object, Part};
use tenon_query::{Predicate, RecordInput, Slot, Write};
use tenon_records::{Mutation, Step};
use tenon_store::{MemberState, StoredMember, TenantInfo};
use tenon_value::{RecordId, RequestId, Uuid, Value, fold};

use crate::members::NewMember;
use crate::reader::{Reader, by_id};
use crate::{Identity, IdentityError, RequestFacts};

impl Identity {
    /// The record of a new member: the one named, else the one with his login or address, else a new one.
    pub(crate) async fn person(&self, cx: &OpContext, new: &NewMember, login: &str, email: Option<&str>) -> Result<Uuid, IdentityError> {
        if let Some(id) = new.user {
            return if self.is_live(cx, "user", id).await? { Ok(id) } else { Err(no_user()) };
        }
        let user = cx.model.object_named("user").ok_or_else(no_user)?;
        let reader = Reader::new(&self.store, cx);
        let found = reader
            .ids(user.ix, |params| {
                let mut same = Vec::new();
                for (field, value) in [("login", Some(login)), ("email", email)] {
                    let (Some(field), Some(value)) = (user.field_named(field), value) else { continue };
                    let (part, value) =
                        if field.column(Part::Fold).is_some() { (Part::Fold, fold(value)) } else { (Part::Whole, value.to_owned()) };
                    same.push(Predicate::equals(field.ix, part, params.push(Value::text(value.as_str()))));
                }
                Predicate::Any(same)
            })
            .await?;
        match found.first() {
            Some(id) => Ok(*id),
            None => self.make_person(cx, user, new, (login, email)).await,
        }
    }

    async fn make_person(
        &self,
        cx: &OpContext,
        user: &Object,
        new: &NewMember,
        words: (&str, Option<&str>),
    ) -> Result<Uuid, IdentityError> {
        let (login, email) = words;
        let name = new.name.clone().unwrap_or_else(|| new.login.split('@').next().unwrap_or_default().to_owned());
        let kind = match new.kind {
            ActorKind::PortalUser if new.partner.is_some() => "partner",
            ActorKind::PortalUser => "customer",
            _ => "internal",
        };
        let id = RecordId::generate();
        let texts =
            [("name", Some(name.as_str())), ("login", Some(login)), ("email", email), ("kind", Some(kind)), ("status", Some("invited"))];
        let fields = texts.into_iter().filter_map(|(field, text)| Some((user.field_named(field)?.ix, Value::text(text?)))).collect();
        let input = RecordInput { id: Some(id), fields, path: InputPath::default(), ..RecordInput::default() };
        self.write_person(cx, Write::Create(user.ix, input)).await?;
        Ok(id.0)
    }

    /// Keeps `user.status` in step, where the tenant has that field. Beside the law: a record that cannot be written, as of a
    /// required field of the tenant's own, keeps nobody out or in.
    pub(crate) async fn person_state(&self, cx: &OpContext, user: Uuid, state: MemberState) {
        let Some(object) = cx.model.object_named("user") else { return };
        let Some(status) = object.field_named("status") else { return };
        let input = RecordInput { fields: vec![(status.ix, Value::text(state.word()))], ..RecordInput::default() };
        if let Err(error) = self.write_person(cx, Write::Update(object.ix, RecordId(user), None, input)).await {
            tracing::warn!("a user's record is not in step with the member: {error}");
        }
    }

    /// Whoever may manage members has this written, whatever his rights on records are; history names him.
    async fn write_person(&self, cx: &OpContext, write: Write) -> Result<(), IdentityError> {
        let policy = Policy::resolve(&cx.model, &Principal::system());
        let mutation = Mutation { steps: vec![Step { write, answer: None }], idempotency: None };
        Box::pin(self.pipeline.write(cx, &policy, &mutation)).await?;
        Ok(())
    }

    /// What a member is called; his login where his record says nothing.
    pub(crate) async fn person_name(&self, tenant: &TenantInfo, member: &StoredMember) -> Result<String, IdentityError> {
        let facts = RequestFacts { request: RequestId::generate(), locale: None, deadline: None, via: Via::Job };
        let cx = self.system(tenant, facts).await?;
        let reader = Reader::new(&self.store, &cx);
        let Some((user, display)) = reader.object("user").and_then(|user| Some((user, user.display?))) else {
            return Ok(member.login.clone());
        };
        let row = reader.rows(user.ix, |params| by_id(params, member.user), vec![Slot::Field(display)]).await?.pop();
        let name = row.and_then(|row| row.values.first().and_then(Value::as_text).map(str::to_owned));
        Ok(name.unwrap_or_else(|| member.login.clone()))
    }

    /// Whether a record is there and not deleted.
    pub(crate) async fn is_live(&self, cx: &OpContext, object: &str, id: Uuid) -> Result<bool, IdentityError> {
        let reader = Reader::new(&self.store, cx);
        match reader.object(object) {
            Some(object) => Ok(!reader.ids(object.ix, |params| by_id(params, id)).await?.is_empty()),
            None => Ok(false),
        }
    }
}

fn no_user() -> IdentityError {
    IdentityError::invalid("reference", "there is no such user", "用户不存在")
}
