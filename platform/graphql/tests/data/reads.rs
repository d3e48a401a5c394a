//! Reads, groups and writes of one small story, answers written out by hand.

use serde_json::json;

use crate::house::{House, databases};

const ACME: &str = "0198c1d2-7a3e-7f00-8000-000000000001";

async fn filled(house: &House) {
    let created = house
        .data(&format!(
            r#"mutation {{ createAccount(input: {{ id: "{ACME}", name: "Acme", opportunities: {{ create: [
                {{ name: "One", amount: {{ amount: "10.5" }}, closeDate: "2026-12-01", stage: WON, probability: 50 }}
                {{ name: "Two", amount: {{ amount: 20 }}, isKey: true }}
            ] }} }}) {{ version opportunities {{ nodes {{ name stage amount {{ amount currency }} account {{ id }} createdBy {{ kind }} }} }} }} }}"#
        ))
        .await;
    let nodes = json!([
        { "name": "One", "stage": "WON", "amount": { "amount": "10.50", "currency": "CNY" }, "account": { "id": ACME }, "createdBy": { "kind": "SYSTEM" } },
        { "name": "Two", "stage": "PROSPECTING", "amount": { "amount": "20.00", "currency": "CNY" }, "account": { "id": ACME }, "createdBy": { "kind": "SYSTEM" } },
    ]);
    assert_eq!(created, json!({ "createAccount": { "version": 1, "opportunities": { "nodes": nodes } } }));
}

#[tokio::test]
async fn pages_are_walked_by_their_cursors() {
    for database in databases() {
        let house = House::new(database).await;
        filled(&house).await;
        let page = |after: &str| {
            format!(
                "{{ opportunities(orderBy: [{{ name: DESC }}], first: 1{after}) {{ nodes {{ name }} pageInfo {{ hasNextPage hasPreviousPage endCursor }} }} }}"
            )
        };
        let first = house.data(&page("")).await["opportunities"].take();
        assert_eq!((&first["nodes"][0]["name"], &first["pageInfo"]["hasNextPage"]), (&json!("Two"), &json!(true)));
        let cursor = first["pageInfo"]["endCursor"].as_str().unwrap();
        let second = house.data(&page(&format!(", after: \"{cursor}\""))).await["opportunities"].take();
        assert_eq!(second["nodes"], json!([{ "name": "One" }]));
        assert_eq!((&second["pageInfo"]["hasNextPage"], &second["pageInfo"]["hasPreviousPage"]), (&json!(false), &json!(true)));
        let foreign = format!("{{ opportunities(first: 1, after: \"{cursor}\") {{ nodes {{ name }} }} }}");
        assert_eq!(house.refusal(&foreign).await, "cursor");
    }
}

#[tokio::test]
async fn groups_say_what_they_are_and_lead_to_their_rows() {
    for database in databases() {
        let house = House::new(database).await;
        filled(&house).await;
        let groups = house.data("{ opportunitiesAggregate(groupBy: [{ account: { record: true } }, { closeDate: { by: QUARTER } }], orderBy: [{ count: DESC }]) { key { account { record { name } } closeDate { start end label } } count drillDown sum { amount { amount } } } }").await;
        let groups = groups["opportunitiesAggregate"].as_array().unwrap().clone();
        assert_eq!(groups.len(), 2);
        assert_eq!(
            groups[0]["key"],
            json!({ "account": { "record": { "name": "Acme" } }, "closeDate": { "start": "2026-10-01", "end": "2026-12-31", "label": "2026-Q4" } })
        );
        for (group, name) in groups.iter().zip(["One", "Two"]) {
            let variables = json!({ "filter": group["drillDown"] });
            let rows =
                house.ask_with("query($filter: OpportunityFilter) { opportunities(filter: $filter) { nodes { name } } }", variables).await;
            assert_eq!(rows["data"]["opportunities"]["nodes"], json!([{ "name": name }]), "{group}");
        }
    }
}

#[tokio::test]
async fn what_is_wrong_is_refused_by_its_rule() {
    for database in databases() {
        let house = House::new(database).await;
        for (query, rule) in [
            ("{ nope }", "graphql/validation"),
            ("{", "graphql/parse"),
            ("query($a: Int!) { accounts(first: $a) { nodes { id } } }", "graphql/variables"),
            ("{ account(id: \"x\") { id } }", "id"),
            ("{ accounts(first: 2001) { nodes { id } } }", "page_size"),
            ("{ accounts(filter: { name: null }) { nodes { id } } }", "null_operand"),
            ("mutation { deleteAccounts(filter: {}) { affected } }", "unbounded_filter"),
            ("mutation { createOpportunity(input: { amount: { amount: \"1.234\" }, name: \"a\" }) { id } }", "scale"),
            ("mutation { updateAccount(id: \"0198c1d2-7a3e-7f00-8000-00000000000f\", input: { name: \"x\" }) { id } }", ""),
        ] {
            if rule.is_empty() {
                assert_eq!(house.ask(query).await["errors"][0]["extensions"]["code"], "NOT_FOUND");
            } else {
                assert_eq!(house.refusal(query).await, rule, "{query}");
            }
        }
    }
}

#[tokio::test]
async fn the_deepest_question_is_answered_or_refused() {
    for database in databases() {
        let house = House::new(database).await;
        let deep = format!("{{ accounts(filter: {}{}) {{ nodes {{ id }} }} }}", "{ not: ".repeat(190), "{} ".to_owned() + &"}".repeat(190));
        let response = house.ask(&deep).await;
        assert!(response["data"]["accounts"]["nodes"].is_array() || response["errors"].is_array(), "{response}");
    }
}
