//! What is known of who asks: reports, departments, territories, queues, attributes and accounts, each by a role that
//! shows exactly the records of one fact.

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use tenon_tests::Tenant;

use super::on_both;

/// Roles and their rule over `mark`.
const RULES: [(&str, &str, bool); 8] = [
    ("by_reports", "person in my.reports", false),
    ("by_departments", "part in my.departments", false),
    ("by_departments_below", "part in my.departments.subtree", false),
    ("by_territories_below", "place in my.territories.subtree", false),
    ("by_queues", "crew in my.queues", false),
    ("by_title", "name == me.title", false),
    ("by_department", "part == me.department", false),
    ("by_accounts_below", "customer in my.accounts.subtree", true),
];

const OBJECT: &str = "format: tenon/v1
object: mark
label: { en: Mark }
display: name
fields:
  name: { type: text, required: true }
relations:
  person: { to: user, inverse: false }
  part: { to: department, inverse: false }
  place: { to: territory, inverse: false }
  crew: { to: team, inverse: false }
  customer: { to: account, inverse: false }
";

async fn metadata(ours: &Tenant) -> anyhow::Result<()> {
    let mut access = "format: tenon/v1\nobject: mark\nroles:\n".to_owned();
    let mut files = vec![("objects/mark/object.yaml".to_owned(), OBJECT.to_owned())];
    for (role, rule, portal) in RULES {
        files.push((format!("roles/{role}.yaml"), format!("format: tenon/v1\nrole: {role}\nlabel: {{ en: {role} }}\nportal: {portal}\n")));
        access += &format!("  {role}: {{ can: [read], rows: {{ read: \"{rule}\" }}, fields: {{ \"*\": read }} }}\n");
    }
    files.push(("objects/mark/access.yaml".to_owned(), access));
    ours.apply(&files).await
}

/// Makes a record; its id.
async fn made(ours: &Tenant, what: &str, input: &str) -> anyhow::Result<String> {
    let data = ours
        .data(&format!("mutation {{ made: create{what}(input: {{ {input} }}) {{ id }} }}"), json!({}))
        .await
        .with_context(|| input.to_owned())?;
    Ok(data["made"]["id"].as_str().context("an id")?.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fact_names_the_records_it_should() {
    on_both(async |_, ours, _| {
        metadata(ours).await?;
        let to = |relation: &str, id: &str| format!("{relation}: {{ connect: {{ id: \"{id}\" }} }}");
        let top = made(ours, "Department", "name: \"Top\"").await?;
        let sub = made(ours, "Department", &format!("name: \"Sub\", {}", to("parent", &top))).await?;
        let north = made(ours, "Territory", "name: \"North\", code: \"N\"").await?;
        let capital = made(ours, "Territory", &format!("name: \"Capital\", code: \"N1\", {}", to("parent", &north))).await?;
        let queue = made(ours, "Team", "name: \"Hotline\", isQueue: true").await?;
        let shop = made(ours, "Account", "name: \"Shop\"").await?;
        let branch = made(ours, "Account", &format!("name: \"Branch\", {}", to("parent", &shop))).await?;
        let mut members = Vec::new();
        for (role, _, portal) in RULES {
            let login = format!("{role}@x.example");
            members.push(match portal {
                true => ours.portal_member(&login, &[role], ("account", &shop)).await?,
                false => ours.member(&login, &[role]).await?,
            });
        }
        let boss = members[0].user.clone();
        let report = made(ours, "User", &format!("name: \"Report\", login: \"r\", {}", to("manager", &boss))).await?;
        let below = made(ours, "User", &format!("name: \"Below\", login: \"b\", {}", to("manager", &report))).await?;
        let marks = [
            ("boss", to("person", &boss)),
            ("below", to("person", &below)),
            ("top", to("part", &top)),
            ("sub", to("part", &sub)),
            ("north", to("place", &north)),
            ("capital", to("place", &capital)),
            ("hotline", to("crew", &queue)),
            ("shop", to("customer", &shop)),
            ("branch", to("customer", &branch)),
            ("Chief", String::new()),
        ];
        for (name, relation) in &marks {
            made(ours, "Mark", &format!("name: \"{name}\", {relation}")).await?;
        }
        for (member, change) in [
            (1, to("department", &top)),
            (2, to("department", &top)),
            (4, to("team", &queue)),
            (5, "title: \"Chief\"".to_owned()),
            (6, to("department", &sub)),
        ] {
            let id = &members[member].user;
            ours.data(&format!("mutation {{ updateUser(id: \"{id}\", input: {{ {change} }}) {{ id }} }}"), json!({})).await?;
        }
        let link = format!(
            "mutation {{ updateTerritory(id: \"{north}\", input: {{ {} }}) {{ id }} }}",
            format_args!("users: {{ connect: [{{ id: \"{}\" }}] }}", members[3].user)
        );
        ours.data(&link, json!({})).await?;
        let expected: [&[&str]; 8] =
            [&["below", "boss"], &["top"], &["sub", "top"], &["capital", "north"], &["hotline"], &["Chief"], &["sub"], &["branch", "shop"]];
        for ((member, names), (role, ..)) in members.iter().zip(expected).zip(RULES) {
            let seen = member.data("{ marks { nodes { name } } }", json!({})).await?;
            let mut seen: Vec<&str> =
                seen["marks"]["nodes"].as_array().into_iter().flatten().filter_map(|one| one["name"].as_str()).collect();
            seen.sort_unstable();
            ensure!(seen == names, "{role}: {seen:?}");
        }
        // A key is nobody: no list names anything, and what it does not have at all denies.
        for (role, _, portal) in RULES {
            if !portal {
                let seen = ours.with_roles(&[role]).await?.data("{ marks { nodes { name } } }", Value::Null).await?;
                ensure!(seen["marks"]["nodes"] == json!([]), "{role}: {seen}");
            }
        }
        Ok(())
    })
    .await;
}
