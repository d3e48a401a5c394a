//! Where a member stands: his own record, teams, reports, territories, departments, the portal user's partner and account.
//!
//! Facts are looked up only where a rule of the model asks for them (`Model::facts`); ids and teams always, for shares
//! and sharing rules. Invariant: a fact that could not be looked up whole is left out, and what needs it is denied.

use tenon_context::{ActorKind, Principal, Standing};
use tenon_model::{EdgeKind, Fact, Object, RelationShape};
use tenon_query::{Predicate, Quantifier, RefOp, Slot};
use tenon_store::{StoreError, StoredKey, StoredMember};
use tenon_value::{Uuid, Value};

use crate::reader::{FACT_IDS_MAX, Reader, by_id};

/// States of a user's record in which nobody signs in as that user.
const NOT_AT_WORK: [&str; 2] = ["disabled", "locked"];

/// The facts of which an API key has none: lists that are empty.
const LISTS: [Fact; 11] = [
    Fact::Teams,
    Fact::Queues,
    Fact::Reports,
    Fact::Territories,
    Fact::TerritoriesBelow,
    Fact::Departments,
    Fact::DepartmentsBelow,
    Fact::Partners,
    Fact::PartnersBelow,
    Fact::Accounts,
    Fact::AccountsBelow,
];

/// The principal of a key: it is itself, and belongs to nobody.
pub(crate) fn of_key(key: &StoredKey) -> Principal {
    alone(Principal { roles: key.roles.clone(), ..Principal::new(key.kind, key.id, key.display.clone()) })
}

/// The principal of a link between tenants: it is itself, too.
pub(crate) fn of_link(id: Uuid, name: &str, role: &str) -> Principal {
    alone(Principal { roles: vec![role.to_owned()], ..Principal::new(ActorKind::Link, id, name.to_owned()) })
}

fn alone(principal: Principal) -> Principal {
    let facts = LISTS.into_iter().map(|fact| (fact, Value::List(Vec::new()))).chain([(Fact::Me, Value::Id(principal.id))]);
    Principal { standing: std::sync::Arc::new(facts.collect()), ..principal }
}

/// The principal of a member; none where his record is gone or says that he is not at work.
pub(crate) async fn of_member(reader: &Reader<'_>, facts: &[Fact], member: &StoredMember) -> Result<Option<Principal>, StoreError> {
    let Some(user) = reader.object("user") else { return Ok(None) };
    let Some(own) = Own::read(reader, user, facts, member.user).await? else { return Ok(None) };
    let mut standing = vec![(Fact::Me, Value::Id(member.user))];
    let teams = teams(reader, member.user, own.team).await?;
    standing.push((Fact::Teams, list(teams.iter().map(|team| team.id).collect())));
    standing.push((Fact::Queues, list(teams.iter().filter(|team| team.is_queue).map(|team| team.id).collect())));
    let stands = Stands { reader, user, member, department: own.department };
    for fact in facts {
        let ids = match fact {
            Fact::Me | Fact::Teams | Fact::Queues | Fact::Attribute(_) | Fact::Reference(_) => continue,
            listed => stands.ids(*listed).await?,
        };
        if let Some(ids) = ids.filter(|ids| ids.len() <= FACT_IDS_MAX) {
            standing.push((*fact, list(ids)));
        }
    }
    standing.extend(own.facts);
    let principal = Principal::new(member.kind, member.user, own.display.unwrap_or_else(|| member.login.clone()));
    let teams = teams.into_iter().map(|team| team.name).collect();
    Ok(Some(Principal { roles: member.roles.clone(), teams, standing: std::sync::Arc::new(Standing::from_iter(standing)), ..principal }))
}

fn list(ids: Vec<Uuid>) -> Value {
    Value::List(ids.into_iter().map(Value::Id).collect())
}

/// What the user's record says itself.
struct Own {
    display: Option<String>,
    team: Option<Uuid>,
    department: Option<Uuid>,
    facts: Vec<(Fact, Value)>,
}

impl Own {
    async fn read(reader: &Reader<'_>, user: &Object, facts: &[Fact], id: Uuid) -> Result<Option<Self>, StoreError> {
        let slot_of = |name: &str| user.relation_named(name).map(|relation| Slot::Relation(relation.ix));
        let fixed = [
            user.display.map(Slot::Field),
            user.field_named("status").map(|field| Slot::Field(field.ix)),
            slot_of("team"),
            slot_of("department"),
        ];
        let asked: Vec<(Fact, Slot)> = facts
            .iter()
            .filter_map(|fact| match fact {
                Fact::Attribute(field) => Some((*fact, Slot::Field(*field))),
                Fact::Reference(relation) => Some((*fact, Slot::Relation(*relation))),
                _ => None,
            })
            .collect();
        let slots = fixed.iter().flatten().copied().chain(asked.iter().map(|(_, slot)| *slot)).collect();
        let Some(row) = reader.rows(user.ix, |params| by_id(params, id), slots).await?.pop() else { return Ok(None) };
        let mut values = row.values.into_iter();
        let mut next = |present: bool| if present { values.next() } else { None };
        let [display, status, team, department] = fixed.map(|slot| next(slot.is_some()));
        if status.as_ref().and_then(Value::as_text).is_some_and(|status| NOT_AT_WORK.contains(&status)) {
            return Ok(None);
        }
        Ok(Some(Self {
            display: display.as_ref().and_then(Value::as_text).map(str::to_owned),
            team: team.as_ref().and_then(Value::as_id),
            department: department.as_ref().and_then(Value::as_id),
            facts: asked.into_iter().map(|(fact, _)| fact).zip(values).collect(),
        }))
    }
}

struct Team {
    id: Uuid,
    name: String,
    is_queue: bool,
}

/// The team a user belongs to, and those he leads.
async fn teams(reader: &Reader<'_>, user: Uuid, own: Option<Uuid>) -> Result<Vec<Team>, StoreError> {
    let Some(team) = reader.object("team") else { return Ok(Vec::new()) };
    let (name, queue, lead) = (team.field_named("name"), team.field_named("is_queue"), team.relation_named("lead"));
    let slots = [name, queue].into_iter().flatten().map(|field| Slot::Field(field.ix)).collect();
    let rows = reader.rows(
        team.ix,
        |params| {
            let belongs = own.map(|own| by_id(params, own));
            let leads = lead.map(|lead| Predicate::Ref { relation: lead.ix, op: RefOp::Eq(params.push(Value::Id(user))) });
            Predicate::Any(belongs.into_iter().chain(leads).collect())
        },
        slots,
    );
    let read = |row: tenon_query::Row| {
        let mut values = row.values.into_iter();
        let name = name.and_then(|_| values.next()).and_then(|name| name.as_text().map(str::to_owned)).unwrap_or_default();
        Team { id: row.id, name, is_queue: queue.is_some() && values.next() == Some(Value::Bool(true)) }
    };
    Ok(rows.await?.into_iter().map(read).collect())
}

/// Where one member stands in the trees of the organisation.
struct Stands<'a> {
    reader: &'a Reader<'a>,
    user: &'a Object,
    member: &'a StoredMember,
    department: Option<Uuid>,
}

impl Stands<'_> {
    /// The ids of a fact; none where the tenant has no such object.
    async fn ids(&self, fact: Fact) -> Result<Option<Vec<Uuid>>, StoreError> {
        let me = self.member.user;
        Ok(match fact {
            Fact::Reports => Some(self.reader.below(self.user, &[me]).await?),
            Fact::Territories => self.roots("territory").await?,
            Fact::TerritoriesBelow => self.below("territory").await?,
            Fact::Departments => self.roots("department").await?,
            Fact::DepartmentsBelow => self.below("department").await?,
            Fact::Partners => self.roots("partner").await?,
            Fact::PartnersBelow => self.below("partner").await?,
            Fact::Accounts => self.roots("account").await?,
            Fact::AccountsBelow => self.below("account").await?,
            Fact::Me | Fact::Teams | Fact::Queues | Fact::Attribute(_) | Fact::Reference(_) => None,
        })
    }

    async fn below(&self, name: &str) -> Result<Option<Vec<Uuid>>, StoreError> {
        match (self.reader.object(name), self.roots(name).await?) {
            (Some(object), Some(roots)) => Ok(Some(self.reader.below(object, &roots).await?)),
            _ => Ok(None),
        }
    }

    async fn roots(&self, name: &str) -> Result<Option<Vec<Uuid>>, StoreError> {
        let Some(object) = self.reader.object(name) else { return Ok(None) };
        let me = self.member.user;
        Ok(Some(match name {
            "territory" => self.linked(object, me).await?,
            "department" => {
                let mut own = self.reader.pointing(object, "head", me).await?;
                own.extend(self.department.filter(|id| !own.contains(id)));
                own
            }
            "partner" => self.live(object, self.member.partner).await?,
            _ => self.live(object, self.account().await?).await?,
        }))
    }

    /// The records that are linked with this user by a many-to-many relation.
    async fn linked(&self, object: &Object, user: Uuid) -> Result<Vec<Uuid>, StoreError> {
        let is_ours = |edge: &&tenon_model::Edge| matches!(edge.kind, EdgeKind::Linked { .. }) && edge.target == self.user.ix;
        let is_declared = |edge: &&tenon_model::Edge| {
            object.relation_named(edge.name.as_str()).is_some_and(|relation| matches!(relation.shape, RelationShape::Many(_)))
        };
        let Some(edge) = object.edges.iter().filter(is_ours).find(is_declared) else { return Ok(Vec::new()) };
        let table = self.reader.table(self.user.ix)?;
        let filter = |params: &mut tenon_query::Params| Predicate::ToMany {
            edge: edge.kind,
            table,
            quantifier: Quantifier::Some,
            holds: Box::new(by_id(params, user)),
            link: None,
        };
        self.reader.ids(object.ix, filter).await
    }

    /// The portal user's account: his own, or his contact's.
    async fn account(&self) -> Result<Option<Uuid>, StoreError> {
        if self.member.kind != ActorKind::PortalUser || self.member.account.is_some() {
            return Ok(self.member.account);
        }
        let (Some(id), Some(contact)) = (self.member.contact, self.reader.object("contact")) else { return Ok(None) };
        let Some(account) = contact.relation_named("account") else { return Ok(None) };
        let row = self.reader.rows(contact.ix, |params| by_id(params, id), vec![Slot::Relation(account.ix)]).await?.pop();
        Ok(row.and_then(|row| row.values.first().and_then(Value::as_id)))
    }

    async fn live(&self, object: &Object, id: Option<Uuid>) -> Result<Vec<Uuid>, StoreError> {
        match id {
            Some(id) => self.reader.ids(object.ix, |params| by_id(params, id)).await,
            None => Ok(Vec::new()),
        }
    }
}
