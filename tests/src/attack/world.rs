//! Where the attacks happen: a tenant with rows its lowest role must not see, its twin without them, and a stranger.
//!
//! Twin: the same visible records with the same ids, and none of the hidden ones; hidden and masked fields hold other
//! values there. Whatever the lowest role asks, the two must answer alike: then nothing unseen has any influence.
//! Every hidden or foreign text holds the marker, so that it is found in any answer.

use std::collections::BTreeMap;

use anyhow::Context;
use serde_json::{Map, Value, json};

use super::recipe::{self, Recipe};
use super::schema::{Schema, items, text};
use crate::{Tenant, TestServer};

/// In every text and every name that the lowest role must never see.
pub(super) const MARKER: &str = "zqx";

/// The role that attacks.
pub(super) const ROLE: &str = "attack_rep";

/// Of this object the role may write records that it then no longer sees.
pub(super) const HANDED: &str = "lead";

/// Records of each object that the role sees.
pub(super) const SEEN: usize = 4;

/// Whose a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Whose {
    /// The attacker's own.
    Seen,
    /// In the same tenant, out of sight.
    Hidden,
    /// Another tenant's.
    Foreign,
    /// Nobody's.
    Missing,
}

impl Whose {
    /// The digit in its ids and phone numbers.
    pub(super) const fn digit(self) -> u8 {
        match self {
            Self::Seen => 0,
            Self::Hidden => 1,
            Self::Foreign => 2,
            Self::Missing => 3,
        }
    }

    /// The mark in its texts.
    pub(super) const fn mark(self) -> &'static str {
        match self {
            Self::Seen => "seen",
            Self::Hidden => "zqxh",
            Self::Foreign => "zqxf",
            // Greater than what is seen, like the others: comparing with it says nothing of who has it.
            Self::Missing => "zpxm",
        }
    }
}

/// The id of record `number` of an object: whose it is can be read from it.
pub(super) fn id(whose: Whose, object: usize, number: usize) -> String {
    format!("0198c1d2-7a3e-7{}{object:02x}-8000-{number:012x}", whose.digit())
}

/// An object as seen by an administrator.
#[derive(Clone, Debug)]
pub(super) struct Object {
    /// `account`.
    pub(super) name: String,
    /// `Account`.
    pub(super) kind: String,
    /// `createAccounts`, made of the plural.
    pub(super) plural: String,
    /// How a record of it is made.
    pub(super) recipe: Recipe,
}

/// Everything an attack needs.
#[derive(Clone, Debug)]
pub(super) struct World {
    /// The tenant under attack, as its lowest role.
    pub(super) target: Tenant,
    /// Its twin, likewise.
    pub(super) twin: Tenant,
    /// The target's administrator, and the stranger's.
    pub(super) admin: Tenant,
    pub(super) stranger: Tenant,
    /// What the role sees of the schema.
    pub(super) schema: Schema,
    /// Objects by their place in ids.
    pub(super) objects: Vec<Object>,
    /// Hidden and foreign records of each object.
    pub(super) baits: usize,
    /// How its operations are named.
    pub(super) mark: &'static str,
    /// Objects, by their place, of which the attacker may see every record of his tenant.
    pub(super) open: Vec<usize>,
    /// Words with the marker that are the attacker's to see: fields a role has by having all.
    pub(super) words: Vec<String>,
}

/// Metadata of the attacked tenants beyond the base: an object out of sight, fields out of sight, masked, read-only.
const VAULT: &str = "format: tenon/v1\nobject: zqx_vault\nplural: zqx_vaults\nlabel: { en: Zqx vault, zh: zqx库 }
fields:\n  zqx_name: { type: text, label: { en: Zqx name, zh: zqx名 } }
relations:\n  zqx_account: { to: account, label: { en: Zqx account, zh: zqx客户 }, inverse: { name: zqx_vaults, label: { en: Zqx vaults, zh: zqx库 } } }\n";
const ACCOUNT: &str = "format: tenon/v1\nobject: account\nfields:
  zqx_secret: { type: text, label: { en: Zqx secret, zh: zqx密 } }
  zqx_amount: { type: money, label: { en: Zqx amount, zh: zqx额 } }
  masked_code: { type: text, label: { en: Masked code, zh: 编码 } }
  fixed_note: { type: text, label: { en: Fixed note, zh: 固定 } }
relations:\n  zqx_vault: { to: zqx_vault, label: { en: Zqx home, zh: zqx家 }, inverse: false }\n";

impl World {
    /// Makes the three tenants, fills them, and gives the role its rights.
    pub(super) async fn create(server: &TestServer, baits: usize) -> anyhow::Result<Self> {
        let admin = server.tenant(None, None, None).await?;
        let twin_admin = server.tenant(None, None, None).await?;
        let stranger = server.tenant(None, None, None).await?;
        let files = [("objects/zqx_vault/object.yaml", VAULT), ("objects/account/object.yaml", ACCOUNT)];
        let files: Vec<(String, String)> = files.map(|(path, text)| (path.to_owned(), text.to_owned())).to_vec();
        for tenant in [&admin, &twin_admin, &stranger] {
            tenant.apply(&files).await.context("the metadata of the attack")?;
        }
        let full = Schema::of(&admin).await?;
        let mut objects = named(&admin).await?;
        recipe::find_all(&admin, &full, &mut objects).await?;
        let filler = Filler { objects: &objects };
        filler.fill(&admin, &[Whose::Seen, Whose::Hidden], baits, false).await.context("the target")?;
        filler.fill(&twin_admin, &[Whose::Seen], baits, true).await.context("the twin")?;
        filler.fill(&stranger, &[Whose::Foreign], baits, false).await.context("the stranger")?;
        let access = access(&objects);
        let mut lowest = Vec::new();
        for tenant in [&admin, &twin_admin] {
            tenant.apply(&access).await.context("the rights of the role")?;
            lowest.push(tenant.with_roles(&[ROLE]).await?);
        }
        let (Some(twin), Some(target)) = (lowest.pop(), lowest.pop()) else { anyhow::bail!("two tenants were made") };
        let schema = Schema::of(&target).await.context("as the lowest role")?;
        Ok(Self { target, twin, admin, stranger, schema, objects, baits, mark: "attack", open: Vec::new(), words: Vec::new() })
    }

    /// The same with documents of its own: no plan made before is used again.
    pub(super) fn marked(&self, mark: &'static str) -> Self {
        Self { mark, ..self.clone() }
    }

    /// The place of an object by its type's name.
    pub(super) fn place(&self, kind: &str) -> Option<usize> {
        self.objects.iter().position(|object| object.kind == kind)
    }
}

async fn named(admin: &Tenant) -> anyhow::Result<Vec<Object>> {
    let found = admin.metadata("{ objects { name graphql { type plural } } }", json!({})).await?;
    let one = |one: &Value| Object {
        name: text(&one["name"]),
        kind: text(&one["graphql"]["type"]),
        plural: text(&one["graphql"]["plural"]),
        recipe: Recipe::default(),
    };
    Ok(items(&found["objects"]).iter().map(one).collect())
}

/// The files that give the role its rights: everything of what is owned by the first user, nothing else.
fn access(objects: &[Object]) -> Vec<(String, String)> {
    let mut files = vec![(
        format!("roles/{ROLE}.yaml"),
        format!("format: tenon/v1\nrole: {ROLE}\nlabel: {{ en: Attacker, zh: 攻击者 }}\nspecial: [export, import, mass_update]\n"),
    )];
    let login = recipe::text_of(Whose::Seen, objects.iter().position(|one| one.name == "user").unwrap_or_default(), 0);
    for object in objects.iter().filter(|object| !object.name.contains(MARKER)) {
        let fields = match object.name.as_str() {
            "account" => "{ '*': write, zqx_secret: none, zqx_amount: none, zqx_vault: none, masked_code: mask, fixed_note: read }",
            _ => "{ '*': write }",
        };
        let check = if object.name == HANDED { ", check: \"owner != null\"" } else { "" };
        files.push((
            format!("objects/{}/access.yaml", object.name),
            format!(
                "format: tenon/v1\nobject: {}\nroles:\n  {ROLE}:\n    can: [create, read, update, delete, restore, destroy, share, import, export]\n    \
                 rows: {{ read: \"owner.login == '{login}'\", update: \"owner.login == '{login}'\"{check} }}\n    fields: {fields}\n",
                object.name
            ),
        ));
    }
    files
}

/// Makes records by their recipes.
struct Filler<'a> {
    objects: &'a [Object],
}

impl Filler<'_> {
    async fn fill(&self, tenant: &Tenant, whose: &[Whose], baits: usize, is_twin: bool) -> anyhow::Result<()> {
        for whose in whose {
            let count = if *whose == Whose::Seen { SEEN } else { baits };
            for place in recipe::order(self.objects) {
                let bare: Vec<Value> = (0..count).map(|number| self.input(place, *whose, number, is_twin)).collect();
                self.create(tenant, place, bare).await?;
            }
        }
        self.own(tenant, whose).await?;
        self.tie(tenant, whose).await
    }

    fn input(&self, place: usize, whose: Whose, number: usize, is_twin: bool) -> Value {
        let Some(object) = self.objects.get(place) else { return Value::Null };
        let mut input = object.recipe.input(self.objects, (place, whose, number));
        if object.kind == "Account" {
            let (secret, middle) = if is_twin { ("ZQX twin's", 9_999 - number) } else { ("ZQX", number) };
            input.insert("zqxSecret".to_owned(), json!(format!("{secret} {number}")));
            input.insert("zqxAmount".to_owned(), json!({ "amount": middle.to_string() }));
            input.insert("maskedCode".to_owned(), json!(format!("138{middle:04}5678")));
        }
        Value::Object(input)
    }

    async fn create(&self, tenant: &Tenant, place: usize, inputs: Vec<Value>) -> anyhow::Result<()> {
        let Some(object) = self.objects.get(place) else { return Ok(()) };
        let plural = recipe::upper(&object.plural);
        let document = format!("mutation ($inputs: [Create{}Input!]!) {{ create{plural}(inputs: $inputs) {{ created }} }}", object.kind);
        for chunk in inputs.chunks(200) {
            tenant.data(&document, json!({ "inputs": chunk })).await.with_context(|| format!("records of `{}`", object.name))?;
        }
        Ok(())
    }

    /// Owners: the first user of each sort. A user cannot own what is made before him, so it is said afterwards.
    async fn own(&self, tenant: &Tenant, whose: &[Whose]) -> anyhow::Result<()> {
        let user = self.objects.iter().position(|object| object.kind == "User").context("no users")?;
        for whose in whose {
            let owner = json!({ "owner": { "connect": { "id": id(*whose, user, 0) } } });
            for (place, object) in self.objects.iter().enumerate() {
                let filter = json!({ "externalId": { "system": recipe::SYSTEM, "isNull": false } });
                let plural = recipe::upper(&object.plural);
                let document = format!(
                    "mutation ($ids: [ID!], $input: Update{}Input!) {{ update{plural}(ids: $ids, input: $input) {{ affected }} }}",
                    object.kind
                );
                let found = tenant
                    .data(
                        &format!("query ($f: {}Filter) {{ {}(filter: $f, first: 2000) {{ nodes {{ id }} }} }}", object.kind, object.plural),
                        json!({ "f": filter }),
                    )
                    .await?;
                let prefix = id(*whose, place, 0);
                let prefix = prefix.get(..18).unwrap_or_default();
                let ids: Vec<String> = items(&found[&object.plural]["nodes"]).iter().map(|node| text(&node["id"])).collect();
                let ids: Vec<String> = ids.into_iter().filter(|id| id.starts_with(prefix)).collect();
                if !ids.is_empty() {
                    tenant
                        .data(&document, json!({ "ids": ids, "input": owner }))
                        .await
                        .with_context(|| format!("owners of `{}`", object.name))?;
                }
            }
        }
        Ok(())
    }

    /// Ties seen and hidden records to each other by every relation that may be empty, and deletes the last of each sort.
    async fn tie(&self, tenant: &Tenant, whose: &[Whose]) -> anyhow::Result<()> {
        let kinds: BTreeMap<&str, usize> = self.objects.iter().enumerate().map(|(place, object)| (object.kind.as_str(), place)).collect();
        for (place, object) in self.objects.iter().enumerate() {
            for (from, to, number) in [
                (Whose::Seen, Whose::Seen, 1),
                (Whose::Seen, Whose::Hidden, 2),
                (Whose::Hidden, Whose::Seen, 1),
                (Whose::Foreign, Whose::Foreign, 1),
            ] {
                let is_there = |one: Whose| whose.contains(&one);
                if !is_there(from) {
                    continue;
                }
                let mut input = Map::new();
                for (relation, kind, is_many) in &object.recipe.relations {
                    let Some(target) = kinds.get(kind.as_str()).filter(|_| is_there(to)) else { continue };
                    let connect = json!({ "id": id(to, *target, 0) });
                    let value = if *is_many { json!({ "connect": [connect] }) } else { json!({ "connect": connect }) };
                    input.insert(relation.clone(), value);
                }
                // The twin's record must be as old as the target's: it is changed as often.
                let tied = format!("tied-{place}-{number}-{}", from.mark());
                input.insert("externalIds".to_owned(), json!([{ "system": "tie", "id": tied }]));
                self.update(tenant, place, &id(from, place, number), &input).await?;
            }
        }
        self.bin(tenant, whose).await
    }

    /// Deletes the last of each sort, children before what they need: the recycle bin has something in it, too.
    async fn bin(&self, tenant: &Tenant, whose: &[Whose]) -> anyhow::Result<()> {
        for place in recipe::order(self.objects).into_iter().rev() {
            let Some(object) = self.objects.get(place) else { continue };
            let document = format!("mutation ($id: ID!) {{ delete{}(id: $id) {{ id }} }}", object.kind);
            for one in whose {
                let record = id(*one, place, SEEN - 1);
                tenant.data(&document, json!({ "id": record })).await.with_context(|| format!("deleting `{}`", object.name))?;
            }
        }
        Ok(())
    }

    /// Updates one record, leaving out relation by relation what is refused: what cannot be tied is not tied anywhere.
    async fn update(&self, tenant: &Tenant, place: usize, record: &str, input: &Map<String, Value>) -> anyhow::Result<()> {
        let Some(object) = self.objects.get(place) else { return Ok(()) };
        let document = format!(
            "mutation ($id: ID!, $input: Update{}Input!) {{ update{}(id: $id, input: $input) {{ id }} }}",
            object.kind, object.kind
        );
        tenant
            .data(&document, json!({ "id": record, "input": input }))
            .await
            .with_context(|| format!("tying `{}`: {input:?}", object.name))?;
        Ok(())
    }
}
