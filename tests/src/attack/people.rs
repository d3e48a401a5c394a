//! The shipped roles, held by members who sign in: staff, and portal users of a partner.
//!
//! Which objects a role reads whoever holds it stands in the reviewed matrix (`tests/golden/access-matrix.md`). Of all
//! others a new member sees the one record made his own, and every further id is answered like one that nobody has.

use std::collections::BTreeMap;

use anyhow::Context;
use serde_json::{Value, json};

use super::case::Case;
use super::recipe::upper;
use super::records;
use super::report::Report;
use super::schema::{Schema, items};
use super::slot::Sort;
use super::world::{MARKER, Whose, World, id};
use crate::{Setting, Tenant};

/// Questions and writes for each role, for each 200 ids asked for.
const QUESTIONS: usize = 64;
const WRITES: usize = 24;

/// The partner whose people the portal users are: nobody hidden belongs to it.
const PARTNER: usize = 2;

/// A role of the base package.
struct Role {
    name: String,
    is_portal: bool,
}

/// Each role by itself.
pub(super) async fn run(world: &World, (ids, seed): (usize, usize), report: &mut Report) -> anyhow::Result<()> {
    let matrix = std::fs::read_to_string(Setting::repository().join("tests/golden/access-matrix.md"))?;
    for role in roles()? {
        let read = read_by_all(&matrix, &role.name);
        let (member, user) = member(world, &role).await.with_context(|| format!("somebody with the role {}", role.name))?;
        let schema = Schema::of(&member).await.with_context(|| format!("the schema of {}", role.name))?;
        if schema.get("ZqxVault").is_some() {
            report.finds(&format!("{}: introspection", role.name), "names an object that no role was given");
        }
        let open: Vec<usize> =
            world.objects.iter().enumerate().filter(|(_, object)| read.contains(&object.name)).map(|(place, _)| place).collect();
        let fields = schema.outputs().flat_map(|(_, definition)| &definition.fields).map(|field| field.name.clone());
        let mut words: Vec<String> = fields.filter(|name| name.contains(MARKER)).collect();
        if !words.is_empty() {
            // And what stands in them.
            words.push("ZQX ".to_owned());
        }
        let own = World { target: member.clone(), twin: member, schema, mark: "people", open, words, ..world.clone() };
        lists(&own, &role, report).await?;
        seen_through(&own, &role, &user, report).await?;
        let cases = cases(&own, (ids, seed));
        let mut found = Report::default();
        records::run(&own, &cases, &mut found).await?;
        report.adopt(&role.name, found);
    }
    Ok(())
}

/// What the package ships.
fn roles() -> anyhow::Result<Vec<Role>> {
    let mut roles = Vec::new();
    for file in std::fs::read_dir(Setting::repository().join("metadata/crm/roles"))? {
        let path = file?.path();
        let name = path.file_stem().and_then(std::ffi::OsStr::to_str).unwrap_or_default().to_owned();
        roles.push(Role { name, is_portal: std::fs::read_to_string(&path)?.lines().any(|line| line.trim() == "portal: true") });
    }
    roles.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(roles)
}

/// The objects whose records do not depend on who asks: of which the matrix gives the role every record, or those of a
/// rule that names nobody (`is_active == true`).
fn read_by_all(matrix: &str, role: &str) -> Vec<String> {
    let mut open = Vec::new();
    for section in matrix.split("\n## ").skip(1) {
        let object = section.lines().next().unwrap_or_default();
        let mut columns = BTreeMap::new();
        let mut cell = "";
        for line in section.lines() {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            if cells.get(1) == Some(&"") && columns.is_empty() {
                columns = cells.iter().enumerate().map(|(at, name)| (*name, at)).collect();
            } else if cells.get(1) == Some(&"read") && cell.is_empty() {
                cell = columns.get(role).and_then(|at| cells.get(*at)).copied().unwrap_or_default();
            } else if let Some((number, rule)) = line.split_once(". `")
                && cell.split(' ').any(|one| one == number)
                && !rule.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').any(|word| matches!(word, "me" | "my"))
            {
                cell = "✔";
            }
        }
        if cell == "✔" {
            open.push(object.to_owned());
        }
    }
    open
}

/// Somebody new with the role, to whom one record of each object is given.
async fn member(world: &World, role: &Role) -> anyhow::Result<(Tenant, String)> {
    let login = format!("{}@people.example", role.name);
    let partner = world.objects.iter().position(|object| object.name == "partner").context("partners")?;
    let member = if role.is_portal {
        world.admin.portal_member(&login, &[&role.name], ("partner", &id(Whose::Seen, partner, PARTNER))).await?
    } else {
        world.admin.member(&login, &[&role.name]).await?
    };
    for (place, object) in world.objects.iter().enumerate().filter(|(_, object)| !matches!(object.name.as_str(), "user" | "partner")) {
        let document = format!(
            "mutation ($ids: [ID!], $input: Update{}Input!) {{ update{}(ids: $ids, input: $input) {{ affected }} }}",
            object.kind,
            upper(&object.plural)
        );
        let mut input = json!({ "owner": { "connect": { "id": member.user } } });
        if role.is_portal && object.recipe.relations.iter().any(|(relation, _, is_many)| relation == "partner" && !is_many) {
            input["partner"] = json!({ "connect": { "id": id(Whose::Seen, partner, PARTNER) } });
        }
        world
            .admin
            .data(&document, json!({ "ids": [id(Whose::Seen, place, 1)], "input": input }))
            .await
            .with_context(|| object.name.clone())?;
    }
    Ok((Tenant { cookie: Some(member.cookie), ..world.admin.clone() }, member.user))
}

/// What a plain list gives: nothing hidden, nothing foreign, unless the matrix gives the whole object.
async fn lists(world: &World, role: &Role, report: &mut Report) -> anyhow::Result<()> {
    for (place, object) in world.objects.iter().enumerate() {
        if world.open.contains(&place) || world.schema.get(&object.kind).is_none() {
            continue;
        }
        let seen = world.target.data(&format!("{{ {}(first: 100) {{ nodes {{ id }} }} }}", object.plural), json!({})).await?;
        report.tried(&format!("role {}", role.name), world.baits);
        let theirs = |node: &&Value| {
            let id = node["id"].as_str().unwrap_or_default();
            ["0198c1d2-7a3e-71", "0198c1d2-7a3e-72"].iter().any(|hidden| id.starts_with(hidden))
        };
        if let Some(node) = items(&seen[&object.plural]["nodes"]).iter().find(theirs) {
            report.finds(&format!("{}: list of {}", role.name, object.name), &format!("shows {node}"));
        }
    }
    Ok(())
}

/// An administrator who looks as a member does sees what the member sees, at both APIs, and changes nothing there.
async fn seen_through(world: &World, role: &Role, user: &str, report: &mut Report) -> anyhow::Result<()> {
    let eyes = [("tenon-view-as".to_owned(), user.to_owned())];
    let questions = [
        ("graphql", "{ me { id roles } accounts(first: 50) { nodes { id } } }"),
        ("graphql", "{ __schema { types { name fields { name } } } }"),
        ("metadata", "{ objects { name recordCount fields { name } } describe { objects { name fields { name } } } }"),
    ];
    for (door, question) in questions {
        let body = json!({ "query": question });
        let own = world.target.post(door, &body, &[]).await?.json()?;
        let seen = world.admin.post(door, &body, &eyes).await?.json()?;
        report.tried("seen through another", 1);
        if own["data"] != seen["data"] {
            report.finds(&format!("{}: seen through another at {door}", role.name), &records::difference(&own["data"], &seen["data"]));
        }
    }
    let label = json!({ "query": "mutation { updateSettings(input: { defaultLocale: \"en\" }) { defaultLocale } }" });
    let changed = world.admin.post("metadata", &label, &eyes).await?;
    if changed.status < 400 {
        report.finds(&format!("{}: a change through another's eyes", role.name), &format!("status {}", changed.status));
    }
    Ok(())
}

/// Ids of what is not seen as a whole, at every kind of door, taken evenly.
fn cases(world: &World, (ids, seed): (usize, usize)) -> Vec<Case> {
    let all = records::cases(world, (ids.min(200), seed), &mut Report::default());
    let is_closed =
        |case: &Case| case.slot.about.as_deref().and_then(|kind| world.place(kind)).is_some_and(|place| !world.open.contains(&place));
    let baited = all.into_iter().filter(|case| case.slot.sort == Sort::Id && is_closed(case));
    let (questions, writes): (Vec<Case>, Vec<Case>) = baited.partition(|case| case.door.operation == "Query");
    let times = ids.div_ceil(200).max(1);
    let evenly = |cases: Vec<Case>, most: usize| {
        let step = cases.len().div_ceil(most * times).max(1);
        cases.into_iter().step_by(step)
    };
    evenly(questions, QUESTIONS).chain(evenly(writes, WRITES)).collect()
}
