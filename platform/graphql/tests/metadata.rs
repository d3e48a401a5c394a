//! The metadata API from request to answer: always on SQLite, on PostgreSQL where `TENON_TEST_POSTGRES` says so.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "these are tests, in their helpers too")]

use std::sync::Arc;

use serde_json::json;
use tenon_catalog::Catalog;
use tenon_context::{OpContext, OpContextParts, Principal, Via};
use tenon_graphql::{GraphqlRequest, MetadataApi, Outcome};
use tenon_model::Settings;
use tenon_packages::Packages;
use tenon_store::{Database, NewTenant, Store, StoreConfig};
use tenon_value::{DateTime, Json, Locale, RequestId, TenantId, Uuid};

fn now() -> DateTime {
    "2026-11-21T08:00:00.000Z".parse().unwrap()
}

struct House {
    catalog: Arc<Catalog>,
    api: MetadataApi,
    tenant: TenantId,
    _data: tempfile::TempDir,
}

impl House {
    async fn new(database: Database) -> Self {
        let data = tempfile::tempdir().unwrap();
        let store = Store::open(StoreConfig::new(data.path(), database)).await.unwrap();
        let catalog = Arc::new(Catalog::new(store.clone()));
        let packages = Packages::new(store.clone(), Arc::clone(&catalog), now);
        let name = format!("t{}", Uuid::now_v7().simple());
        let new = NewTenant { name, sandbox: false, settings: Settings::default(), created_at: now() };
        let tenant = store.tenant_create(&new).await.unwrap().id;
        packages.install_base(tenant).await.unwrap();
        let api = MetadataApi::new(store, Arc::clone(&catalog), packages);
        Self { catalog, api, tenant, _data: data }
    }

    #[expect(clippy::disallowed_methods, reason = "a test makes its own context")]
    async fn cx(&self, roles: &[&str]) -> OpContext {
        let model = self.catalog.model(self.tenant).await.unwrap();
        let principal = Principal { roles: roles.iter().map(|role| (*role).to_owned()).collect(), ..Principal::system() };
        let parts = OpContextParts {
            model,
            principal,
            now: now(),
            deadline: None,
            request: RequestId::generate(),
            locale: Locale::Zh,
            via: Via::Graphql,
        };
        OpContext::assume(parts)
    }

    async fn send(&self, request: GraphqlRequest) -> (Outcome, Json) {
        let response = self.api.execute(self.cx(&[Principal::ADMINISTRATOR]).await, request).await;
        (response.outcome, serde_json::from_slice(&response.body).unwrap())
    }

    async fn ask(&self, query: &str, variables: Json) -> Json {
        let request = GraphqlRequest {
            query: query.to_owned(),
            variables: variables.as_object().cloned().unwrap_or_default(),
            ..GraphqlRequest::default()
        };
        self.send(request).await.1
    }

    /// The answer's data, where nothing went wrong.
    async fn data(&self, query: &str, variables: Json) -> Json {
        let answer = self.ask(query, variables).await;
        assert!(answer.get("errors").is_none(), "{answer:#}");
        answer["data"].clone()
    }

    /// `extensions` of the first error.
    async fn error(&self, query: &str, variables: Json) -> Json {
        let answer = self.ask(query, variables).await;
        answer["errors"][0]["extensions"].clone()
    }
}

fn databases() -> Vec<Database> {
    #[expect(clippy::disallowed_methods, reason = "a test asks which databases there are")]
    let url = std::env::var("TENON_TEST_POSTGRES").ok();
    std::iter::once(Database::Sqlite).chain(url.map(|url| Database::Postgres { url })).collect()
}

const CREATE: &str = r#"mutation {
  createObject(input: {
    name: "visit", label: { en: "Visit", zh: "拜访" }
    fields: [
      { name: "title", type: text, required: true, max: 80, label: { en: "Title", zh: "标题" } }
      { name: "level", type: choice, options: ["a", { name: "b", label: { zh: "乙" } }], label: { en: "Level", zh: "级别" } }
    ]
    relations: [{ name: "account", to: ["account"], onDelete: restrict, label: { en: "Account", zh: "客户" }, inverse: { name: "visits", label: { en: "Visits", zh: "拜访" } } }]
  }) { name plural label state package recordCount graphql { type single plural create filter }
       fields { name graphqlName type label required max sortable filterOps options { name graphqlName label state } }
       relations { name to onDelete inverse { name label object } } }
}"#;

#[tokio::test]
async fn an_object_is_created_with_everything_and_answers_in_the_callers_language() {
    for database in databases() {
        let house = House::new(database).await;
        let visit = house.data(CREATE, json!({})).await["createObject"].clone();
        assert_eq!(visit["label"], "拜访");
        assert_eq!(visit["plural"], "visits");
        assert_eq!(visit["package"], "tenant");
        assert_eq!(visit["recordCount"], 0);
        assert_eq!(
            visit["graphql"],
            json!({"type": "Visit", "single": "visit", "plural": "visits", "create": "createVisit", "filter": "VisitFilter"})
        );
        assert_eq!(visit["fields"][0]["max"], "80");
        assert_eq!(visit["fields"][0]["filterOps"][0], "eq");
        assert_eq!(visit["fields"][1]["options"][1], json!({"name": "b", "graphqlName": "B", "label": "乙", "state": "active"}));
        let relation = json!({"name": "account", "to": ["account"], "onDelete": "restrict", "inverse": {"name": "visits", "label": "拜访", "object": "account"}});
        assert_eq!(visit["relations"], json!([relation]));
        assert!(house.catalog.model(house.tenant).await.unwrap().object_named("visit").is_some());
    }
}

#[tokio::test]
async fn mistakes_are_told_all_at_once_with_their_places_and_nothing_happens() {
    for database in databases() {
        let house = House::new(database).await;
        let wrong = r#"mutation { createObject(input: { name: "visit", label: { en: "Visit", zh: "拜访" }, fields: [
          { name: "title", type: text, label: { en: "T", zh: "标" } } { name: "客户", type: text, label: { en: "C", zh: "客" } } { name: "sum", type: formula, expr: "1", label: { en: "S", zh: "和" } } ] }) { name } }"#;
        let answer = house.ask(wrong, json!({})).await;
        assert_eq!(answer["data"], Json::Null);
        let rules: Vec<_> =
            answer["errors"].as_array().unwrap().iter().map(|one| one["extensions"]["rule"].as_str().unwrap().to_owned()).collect();
        assert!(rules.contains(&"name/ascii".to_owned()) && rules.contains(&"metadata/not-enforced-yet".to_owned()), "{answer:#}");
        let named = answer["errors"].as_array().unwrap().iter().find(|one| one["extensions"]["rule"] == "name/ascii").unwrap();
        assert_eq!(named["extensions"]["inputPath"], json!(["input", "fields", 1]));
        assert_eq!(named["extensions"]["code"], "INVALID");
        assert!(named["extensions"]["help"].is_string());
        assert_eq!(named["path"], json!(["createObject"]));
        assert!(house.catalog.model(house.tenant).await.unwrap().object_named("visit").is_none());
    }
}

#[tokio::test]
async fn a_document_of_several_changes_is_one_transaction() {
    for database in databases() {
        let house = House::new(database).await;
        let before = house.data("{ model { version } }", json!({})).await["model"]["version"].clone();
        let half = r#"mutation { a: addField(object: "account", input: { name: "tier", type: integer, label: { en: "Tier", zh: "级" } }) { name }
                                 b: retireField(object: "account", field: "no_such_field") { name } }"#;
        let error = house.error(half, json!({})).await;
        assert_eq!((&error["rule"], &error["inputPath"]), (&json!("metadata/unknown-element"), &json!(["field"])));
        assert_eq!(house.data("{ model { version } }", json!({})).await["model"]["version"], before);
        let whole = half.replace("no_such_field", "website");
        house.data(&whole, json!({})).await;
        let version = house
            .data(
                "{ model { version } object(name: \"account\") { overrides fields(names: [\"tier\", \"website\"]) { name package } } }",
                json!({}),
            )
            .await;
        assert_eq!(version["model"]["version"].as_u64(), before.as_u64().map(|version| version + 1));
        assert_eq!(version["object"], json!({"overrides": ["account.fields.website"], "fields": [{"name": "tier", "package": "tenant"}]}));
    }
}

#[tokio::test]
async fn plan_apply_and_pull_go_round() {
    for database in databases() {
        let house = House::new(database).await;
        let text = "format: tenon/v1\nobject: deal\nlabel: { en: Deal, zh: 交易 }\nfields:\n  name: { type: text, label: { en: Name, zh: 名称 } }\n";
        let files = json!({"files": [{"path": "objects/deal/object.yaml", "text": text}]});
        let plan_files = "mutation($files: [FileInput!]) { plan(files: $files) { hash empty risk operations { path op risk api text } diagnostics { code file line } } }";
        let plan = house.data(plan_files, files.clone()).await["plan"].clone();
        assert_eq!((&plan["empty"], &plan["risk"]), (&json!(false), &json!("instant")));
        assert_eq!(plan["operations"][0]["op"], "add");
        assert_eq!(plan["operations"][0]["api"], "additive");
        let listed = house.data("{ plans { hash } }", json!({})).await;
        assert_eq!(listed["plans"][0]["hash"], plan["hash"]);
        let apply = "mutation($plan: String!, $confirm: [String!]) { apply(plan: $plan, confirm: $confirm) { version operations { path } jobs { id } } }";
        house.data(apply, json!({"plan": plan["hash"]})).await;
        assert_eq!(house.error(apply, json!({"plan": plan["hash"]})).await["rule"], "plan_stale");
        assert_eq!(house.data(plan_files, files).await["plan"]["empty"], true);
        let pulled = house.data("{ pull { path text } }", json!({})).await["pull"].clone();
        assert_eq!(house.data(plan_files, json!({"files": pulled})).await["plan"]["empty"], true);
        let broken = house
            .data(plan_files, json!({"files": [{"path": "objects/deal/object.yaml", "text": "format: tenon/v1\nobject: deal\nlabl: x\n"}]}))
            .await;
        let unknown = json!({"code": "metadata/unknown-key", "file": "objects/deal/object.yaml", "line": 3});
        assert!(broken["plan"]["diagnostics"].as_array().unwrap().contains(&unknown), "{broken:#}");
        let draft = "mutation { plan(operations: [{ retire: \"deal\" }]) { hash risk operations { risk api } } }";
        let retire = house.data(draft, json!({})).await["plan"].clone();
        assert_eq!((&retire["risk"], &retire["operations"][0]["api"]), (&json!("destructive"), &json!("breaking")));
        let refused = house.error(apply, json!({"plan": retire["hash"]})).await;
        assert_eq!((&refused["code"], &refused["rule"], &refused["paths"]), (&json!("REFUSED"), &json!("confirm"), &json!(["deal"])));
        house.data(apply, json!({"plan": retire["hash"], "confirm": ["deal"]})).await;
    }
}

#[tokio::test]
async fn every_kind_of_change_has_its_mutation() {
    let house = House::new(Database::Sqlite).await;
    house.data(CREATE, json!({})).await;
    let renamed = house
        .data(
            r#"mutation { updateField(object: "visit", field: "title", input: { rename: "subject", max: null }) { name max } }"#,
            json!({}),
        )
        .await;
    assert_eq!(renamed["updateField"], json!({"name": "subject", "max": "255"}));
    let former = house
        .data("{ object(name: \"visit\") { fields(include: [deprecated]) { name deprecated { until replacedBy } } } }", json!({}))
        .await;
    assert!(
        former["object"]["fields"]
            .as_array()
            .unwrap()
            .contains(&json!({"name": "title", "deprecated": {"until": "2027-02-19", "replacedBy": "subject"}})),
        "{former:#}"
    );
    house
        .data(r#"mutation { updateRelation(object: "visit", relation: "account", input: { onDelete: clear }) { onDelete } }"#, json!({}))
        .await;
    house.data(r#"mutation { addRelation(object: "visit", input: { name: "people", to: ["contact"], many: true, label: { en: "P", zh: "人" }, link: [{ name: "role", type: text, label: { en: "R", zh: "角" } }] }) { many link { name type } } }"#, json!({})).await;
    let view = house.data(r#"mutation { saveView(object: "visit", input: { name: "all", type: "table", label: { en: "All", zh: "全部" }, columns: ["subject", "level"] }) { name label definition } }"#, json!({})).await;
    assert_eq!(view["saveView"]["label"], "全部");
    house.data(r#"mutation { saveLayout(object: "visit", input: { name: "record", tabs: { main: { label: { en: "M", zh: "主" }, sections: { s: { fields: ["subject"] } } } } }) { name definition } }"#, json!({})).await;
    house
        .data(
            r#"mutation { saveLabels(locale: "zh", labels: { visit: "走访", account: { fields: { website: "主页" } } }) { version } }"#,
            json!({}),
        )
        .await;
    let labels = house
        .data(
            "{ objects(names: [\"visit\", \"account\"]) { name label fields(names: [\"website\"]) { label } views { name } } }",
            json!({}),
        )
        .await;
    assert!(labels["objects"].as_array().unwrap().iter().any(|one| one["label"] == "走访"), "{labels:#}");
    let reset = house.data(r#"mutation { resetOverride(path: "account.fields.website") { path state } }"#, json!({})).await;
    assert_eq!(reset["resetOverride"]["state"], "active");
    for (change, back) in [("retireObject", "restoreObject")] {
        let state = |data: &Json, word: &str| data[word]["state"].clone();
        assert_eq!(
            state(&house.data(&format!("mutation {{ {change}(object: \"visit\") {{ state }} }}"), json!({})).await, change),
            "retired"
        );
        assert_eq!(state(&house.data(&format!("mutation {{ {back}(object: \"visit\") {{ state }} }}"), json!({})).await, back), "active");
    }
    house.data(r#"mutation { retireRelation(object: "visit", relation: "people") { state } }"#, json!({})).await;
    house
        .data(r#"mutation { restore(path: "visit.relations.people") { state } retire(path: "visit.views.all") { state name } }"#, json!({}))
        .await;
    let settings = house
        .data(
            r#"mutation { updateSettings(input: { zone: "Europe/Berlin", weekStart: sunday }) { zone weekStart baseCurrency } }"#,
            json!({}),
        )
        .await;
    assert_eq!(settings["updateSettings"], json!({"zone": "Europe/Berlin", "weekStart": "sunday", "baseCurrency": "CNY"}));
    let error = house.error(r#"mutation { updateSettings(input: { fiscalYearStart: 13 }) { zone } }"#, json!({})).await;
    assert_eq!(error["inputPath"], json!(["input", "fiscalYearStart"]));
}

#[tokio::test]
async fn describe_tells_everything_a_front_end_needs_at_start() {
    let house = House::new(Database::Sqlite).await;
    let query = "{ describe { version me { display locale roles rights } tenant { zone locale baseCurrency sandbox now } navigation { items { object label } }
        objects { name label can { create update } graphql { type } fields { name type label } relations { name to } views { name type label definition } layouts { name } }
        limits { name max } actions { name } extensions { id } } packages { name version } }";
    let answer = house.data(query, json!({})).await;
    let describe = &answer["describe"];
    assert_eq!(describe["tenant"]["now"], "2026-11-21T08:00:00.000Z");
    assert_eq!(describe["me"]["locale"], "zh");
    assert!(describe["objects"].as_array().unwrap().len() > 15);
    assert_eq!(answer["packages"], json!([{"name": "crm", "version": "1.0.0"}]));
}

#[tokio::test]
async fn bad_documents_are_refused_with_the_words_of_the_api() {
    let house = House::new(Database::Sqlite).await;
    let outcome = async |query: &str| {
        let (outcome, answer) = house.send(GraphqlRequest { query: query.to_owned(), ..GraphqlRequest::default() }).await;
        (outcome, answer["errors"][0]["extensions"].clone(), answer.get("data").is_some())
    };
    let (rejected, error, has_data) = outcome("{ nope }").await;
    assert_eq!(
        (rejected, &error["code"], &error["rule"], has_data),
        (Outcome::Rejected, &json!("INVALID"), &json!("graphql/validation"), false)
    );
    let (_, answer) = house.send(GraphqlRequest { query: "{ nope }".to_owned(), ..GraphqlRequest::default() }).await;
    assert_eq!(answer["errors"][0]["message"], "Cannot query field \"nope\" on type \"Query\".");
    let (rejected, error, _) = outcome("{ model {").await;
    assert_eq!((rejected, &error["rule"]), (Outcome::Rejected, &json!("graphql/parse")));
    let (rejected, error, _) = outcome(&"{ a ".repeat(4_000)).await;
    assert_eq!((rejected, &error["limit"]), (Outcome::Rejected, &json!("nesting")));
    let query = r#"mutation { retire(path: "account") { path } }"#.to_owned();
    let (by_get, _) = house.send(GraphqlRequest { query: query.clone(), is_get: true, ..GraphqlRequest::default() }).await;
    assert_eq!(by_get, Outcome::MutationByGet);
    let response = house.api.execute(house.cx(&["nobody"]).await, GraphqlRequest { query, ..GraphqlRequest::default() }).await;
    let answer: Json = serde_json::from_slice(&response.body).unwrap();
    assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN");
    let hidden = house
        .api
        .execute(house.cx(&["nobody"]).await, GraphqlRequest { query: "{ objects { name } }".to_owned(), ..GraphqlRequest::default() })
        .await;
    assert_eq!(serde_json::from_slice::<Json>(&hidden.body).unwrap()["data"]["objects"], json!([]));
}
