//! A lead becomes a customer: once, whole, and only with what whoever converts it sees.

use serde_json::{Value, json};
use tenon_tests::{Member, TestServer};

use super::house::{House, claim, made, patiently, word};

/// A lead becomes a customer.
pub(super) const CONVERT: &str = "mutation($input: SalesConvertInput!) { salesConvert(input: $input) { account contact opportunity } }";

async fn convert(by: &Member, input: &Value) -> anyhow::Result<Value> {
    patiently(by, CONVERT, json!({ "input": input })).await
}

/// A lead of somebody, with what the examples need.
pub(super) async fn lead_of(house: &House, owner: &str, more: &str) -> anyhow::Result<String> {
    let input = format!(
        "name: \"Ann Lee\", company: \"Harbour Works\", title: \"Buyer\", mobile: \"+8613800000000\", email: \"ann@x.example\", industry: SOFTWARE,
         source: EVENT, need: \"a crane\", estimatedAmount: {{ amount: \"1200.50\", currency: \"CNY\" }}, owner: {{ connect: {{ id: \"{owner}\" }} }} {more}"
    );
    made(&house.tenant, "Lead", &input).await
}

/// Accounts, contacts and opportunities there are.
pub(super) async fn count(house: &House) -> anyhow::Result<Value> {
    let data = house
        .tenant
        .data("{ a: accountsAggregate { count } c: contactsAggregate { count } o: opportunitiesAggregate { count } }", json!({}))
        .await?;
    Ok(json!([data["a"][0]["count"], data["c"][0]["count"], data["o"][0]["count"]]))
}

pub(super) async fn a_lead_becomes_account_contact_and_opportunity(server: &TestServer) -> anyhow::Result<()> {
    let house = House::build(server, None, "").await?;
    let li = house.rep("li").await?;
    let campaign = made(&house.tenant, "Campaign", "name: \"Fair\"").await?;
    let lead = lead_of(&house, &li.user, &format!(", campaign: {{ connect: {{ id: \"{campaign}\" }} }}")).await?;
    for by in [&li.user, &house.rep("wang").await?.user] {
        made(
            &house.tenant,
            "Activity",
            &format!("subject: \"call\", regarding: {{ connect: {{ id: \"{lead}\" }} }}, owner: {{ connect: {{ id: \"{by}\" }} }}"),
        )
        .await?;
    }
    let done = convert(&li, &json!({ "lead": lead })).await?;
    let ids = &done["data"]["salesConvert"];
    assert!(ids["account"].is_string() && ids["contact"].is_string() && ids["opportunity"].is_string(), "{done}");
    let document = "query($id: ID!) { lead(id: $id) { status convertedAt convertedAccount { id name kind industry source owner { id } }
        convertedContact { id lastName title mobile email account { id } owner { id } }
        convertedOpportunity { id name amount { amount currency } source campaign { id } account { id } primaryContact { id } owner { id }
          activities { nodes { subject account { id } } } } activities { nodes { id } } } }";
    let state = li.data(document, json!({ "id": lead })).await?["lead"].clone();
    let me = json!({ "id": li.user });
    assert_eq!(
        (&state["status"], state["convertedAt"].is_string(), &state["activities"]["nodes"]),
        (&json!("CONVERTED"), true, &json!([]))
    );
    let account =
        json!({ "id": ids["account"], "name": "Harbour Works", "kind": "COMPANY", "industry": "SOFTWARE", "source": "EVENT", "owner": me });
    assert_eq!(state["convertedAccount"], account);
    let of = json!({ "id": ids["account"] });
    let contact = json!({ "id": ids["contact"], "lastName": "Ann Lee", "title": "Buyer", "mobile": "+8613800000000", "email": "ann@x.example", "account": of, "owner": me });
    assert_eq!(state["convertedContact"], contact);
    let deal = &state["convertedOpportunity"];
    assert_eq!((&deal["amount"], &deal["source"]), (&json!({ "amount": "1200.50", "currency": "CNY" }), &json!("EVENT")));
    assert_eq!((&deal["campaign"]["id"], &deal["account"], &deal["primaryContact"]["id"]), (&json!(campaign), &of, &ids["contact"]));
    assert_eq!(
        deal["activities"]["nodes"],
        json!([{ "subject": "call", "account": of }, { "subject": "call", "account": of }]),
        "others' too"
    );

    assert_eq!(word(&convert(&li, &json!({ "lead": lead })).await?), "ALREADY_CONVERTED");
    assert_eq!(count(&house).await?, json!([1, 1, 1]));
    Ok(())
}

pub(super) async fn of_many_who_convert_one_does(server: &TestServer) -> anyhow::Result<()> {
    let house = House::build(server, None, "").await?;
    let li = house.rep("li").await?;
    let lead = lead_of(&house, &li.user, "").await?;
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let (li, input) = (li.clone(), json!({ "lead": lead }));
        all.spawn(async move { anyhow::Ok(word(&convert(&li, &input).await?)) });
    }
    let mut words = all.join_all().await.into_iter().collect::<anyhow::Result<Vec<String>>>()?;
    words.sort_unstable();
    assert_eq!((words.iter().filter(|word| *word == "done").count(), words[0].as_str()), (1, "ALREADY_CONVERTED"));
    assert_eq!(count(&house).await?, json!([1, 1, 1]));
    Ok(())
}

pub(super) async fn what_is_there_is_linked(server: &TestServer) -> anyhow::Result<()> {
    let house = House::build(server, None, "").await?;
    let li = house.rep("li").await?;
    let own = format!("owner: {{ connect: {{ id: \"{}\" }} }}", li.user);
    let account = made(&house.tenant, "Account", &format!("name: \"Known\", {own}")).await?;
    let hidden = made(&house.tenant, "Account", "name: \"Others'\"").await?;
    let lead = lead_of(&house, &li.user, "").await?;
    assert_eq!(word(&convert(&li, &json!({ "lead": lead, "account": hidden })).await?), "NOT_THERE", "what he does not see he cannot link");
    assert_eq!(count(&house).await?, json!([2, 0, 0]), "and nothing is left of the try");
    let done = convert(&li, &json!({ "lead": lead, "account": account, "withoutOpportunity": true })).await?;
    assert_eq!(
        (&done["data"]["salesConvert"]["account"], &done["data"]["salesConvert"]["opportunity"]),
        (&json!(account), &json!(null)),
        "{done}"
    );
    assert_eq!(count(&house).await?, json!([2, 1, 0]));
    let kept = house
        .tenant
        .data("query($id: ID!) { account(id: $id) { name industry contacts { nodes { lastName } } } }", json!({ "id": account }))
        .await?;
    assert_eq!(
        kept["account"],
        json!({ "name": "Known", "industry": null, "contacts": { "nodes": [{ "lastName": "Ann Lee" }] } }),
        "as it was"
    );
    Ok(())
}

pub(super) async fn what_its_converter_does_not_see_is_not_copied(server: &TestServer) -> anyhow::Result<()> {
    let house = House::build(server, None, "").await?;
    let text = |name: &str| format!("  {name}: {{ type: text, label: {{ en: {name} }} }}\n");
    let object = |name: &str, fields: &[&str]| {
        let fields: String = fields.iter().map(|field| text(field)).collect();
        (format!("objects/{name}/object.yaml"), format!("format: tenon/v1\nobject: {name}\nfields:\n{fields}"))
    };
    let access = |name: &str, rights: &str| {
        (
            format!("objects/{name}/access.yaml"),
            format!("format: tenon/v1\nobject: {name}\nroles:\n  sales_rep: {{ fields: {{ {rights} }} }}\n"),
        )
    };
    let files = [
        object("lead", &["budget", "rumour", "rating"]),
        object("account", &["budget", "rumour"]),
        object("opportunity", &["rating"]),
        access("lead", "rumour: none, email: none, mobile: mask"),
        access("opportunity", "rating: read"),
    ];
    house.tenant.apply(&files).await?;
    for (source, target) in [("budget", "ACCOUNT"), ("rumour", "ACCOUNT")] {
        made(&house.tenant, "SalesMapping", &format!("source: \"{source}\", target: {target}, field: \"{source}\"")).await?;
    }
    let li = house.rep("li").await?;
    let lead = lead_of(&house, &li.user, ", budget: \"big\", rumour: \"broke\", rating: \"a\"").await?;
    let done = convert(&li, &json!({ "lead": lead })).await?;
    assert_eq!(word(&done), "done");
    let document = "query($id: ID!) { lead(id: $id) { convertedAccount { budget rumour } convertedContact { email mobile title } } }";
    let state = house.tenant.data(document, json!({ "id": lead })).await?["lead"].clone();
    assert_eq!(state["convertedAccount"], json!({ "budget": "big", "rumour": null }));
    assert_eq!(state["convertedContact"], json!({ "email": null, "mobile": null, "title": "Buyer" }));

    // What he may not write, and what does not fit, is said and not left out.
    made(&house.tenant, "SalesMapping", "source: \"rating\", target: OPPORTUNITY, field: \"rating\"").await?;
    let lead = lead_of(&house, &li.user, ", rating: \"a\"").await?;
    let refused = convert(&li, &json!({ "lead": lead })).await?;
    assert_eq!(word(&refused), "NOT_CONVERTED");
    assert!(refused["errors"][0]["message"].as_str().is_some_and(|words| words.contains("opportunity.rating")), "{refused}");
    assert_eq!(count(&house).await?, json!([1, 1, 1]));

    // Not by who only sees the lead, nor by who does not.
    let wang = house.rep("wang").await?;
    assert_eq!(word(&convert(&wang, &json!({ "lead": lead })).await?), "NOT_YOURS");
    let stranger = house.stranger("wu").await?;
    assert_eq!(word(&convert(&stranger, &json!({ "lead": lead })).await?), "NO_LEAD");
    let pooled = house.lead("pooled").await?;
    assert_eq!(word(&convert(&li, &json!({ "lead": pooled })).await?), "NOT_YOURS", "claim it first");
    assert_eq!(claim(&li, &pooled).await?, "done");
    assert_eq!(word(&convert(&li, &json!({ "lead": pooled, "withoutOpportunity": true })).await?), "done");
    Ok(())
}
