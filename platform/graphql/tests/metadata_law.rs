//! Roles and rights through the metadata API, and how it cuts what it tells: on SQLite.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "these are tests, in their helpers too")]

use std::sync::Arc;

use serde_json::json;
use tenon_catalog::Catalog;
use tenon_context::{ActorKind, OpContext, OpContextParts, Principal, Standing, Via};
use tenon_graphql::{GraphqlRequest, MetadataApi};
use tenon_hooks::NoHooks;
use tenon_identity::{Identity, IdentityParts, NewMember};
use tenon_model::{Fact, Settings};
use tenon_packages::Packages;
use tenon_records::Pipeline;
use tenon_store::{Database, NewTenant, Store, StoreConfig};
use tenon_value::{DateTime, Json, Locale, RequestId, TenantId, Uuid, Value};

fn now() -> DateTime {
    "2026-11-21T08:00:00.000Z".parse().unwrap()
}

struct House {
    catalog: Arc<Catalog>,
    identity: Identity,
    api: MetadataApi,
    tenant: TenantId,
    _data: tempfile::TempDir,
}

impl House {
    async fn new() -> Self {
        let data = tempfile::tempdir().unwrap();
        let store = Store::open(StoreConfig::new(data.path(), Database::Sqlite)).await.unwrap();
        let catalog = Arc::new(Catalog::new(store.clone()));
        let packages = Packages::new(store.clone(), Arc::clone(&catalog), now);
        let new = NewTenant { name: "house".to_owned(), sandbox: false, settings: Settings::default(), created_at: now() };
        let tenant = store.tenant_create(&new).await.unwrap().id;
        packages.install_base(tenant).await.unwrap();
        let identity = Identity::new(IdentityParts {
            store: store.clone(),
            catalog: Arc::clone(&catalog),
            pipeline: Pipeline::new(store.clone(), Arc::new(NoHooks)),
            clock: now,
            mailer: None,
            public_url: "http://house.example".to_owned(),
        });
        let api = MetadataApi::new(store, Arc::clone(&catalog), packages).with_identity(identity.clone());
        Self { catalog, identity, api, tenant, _data: data }
    }

    /// Somebody of these roles, of whom everything is known.
    #[expect(clippy::disallowed_methods, reason = "a test makes its own context")]
    async fn cx(&self, roles: &[&str]) -> OpContext {
        let model = self.catalog.model(self.tenant).await.unwrap();
        let somebody = Uuid::from_u128(1);
        let known = model.facts.iter().map(|fact| match fact {
            Fact::Me => (*fact, Value::Id(somebody)),
            _ => (*fact, Value::List(Vec::new())),
        });
        let standing: Standing = known.collect();
        let roles = roles.iter().map(|role| (*role).to_owned()).collect();
        let principal = Principal { roles, standing: Arc::new(standing), ..Principal::new(ActorKind::User, somebody, "Ann".to_owned()) };
        let parts = OpContextParts {
            model,
            principal,
            now: now(),
            deadline: None,
            request: RequestId::generate(),
            locale: Locale::En,
            via: Via::Graphql,
        };
        OpContext::assume(parts)
    }

    /// Somebody of one role who may sign in.
    async fn member(&self, email: &str, role: &str) -> Uuid {
        let mut cx = self.cx(&ADMINISTRATOR).await;
        cx.principal = Principal::system();
        let new = NewMember::staff(email, vec![role.to_owned()]);
        let password = self.identity.password_of(&new, "a door of seven locks").await.unwrap();
        self.identity.member_with_password(&cx, new, password).await.unwrap().user
    }

    async fn ask(&self, roles: &[&str], query: &str, variables: Json) -> Json {
        let request = GraphqlRequest {
            query: query.to_owned(),
            variables: variables.as_object().cloned().unwrap_or_default(),
            ..GraphqlRequest::default()
        };
        let response = self.api.execute(self.cx(roles).await, request).await;
        serde_json::from_slice(&response.body).unwrap()
    }

    async fn data(&self, roles: &[&str], query: &str) -> Json {
        let answer = self.ask(roles, query, json!({})).await;
        assert!(answer.get("errors").is_none(), "{answer:#}");
        answer["data"].clone()
    }

    async fn error(&self, roles: &[&str], query: &str, variables: Json) -> Json {
        self.ask(roles, query, variables).await["errors"][0]["extensions"].clone()
    }
}

const ADMINISTRATOR: [&str; 1] = [Principal::ADMINISTRATOR];

#[tokio::test]
async fn rights_of_a_role_are_saved_and_what_its_rules_come_to_is_told() {
    let house = House::new().await;
    let auditor = r#"mutation { createRole(input: { name: "auditor", label: { en: "Auditor", zh: "审计员" }, parent: "employee", special: ["audit"], landing: "account.all" })
      { name label parent special landing portal package state } }"#;
    let role = house.data(&ADMINISTRATOR, auditor).await["createRole"].clone();
    let expected = json!({"name": "auditor", "label": "Auditor", "parent": "employee", "special": ["audit"], "landing": "account.all", "portal": false, "package": "tenant", "state": "active"});
    assert_eq!(role, expected);
    house.member("ann@house.example", "auditor").await;
    let save = r#"mutation { saveAccess(object: "account", input: { role: "auditor", can: ["read", "update"], rows: { read: "territory in my.territories || name == 'a'", update: "territory == null" }, fields: { phone: mask, _all: read } })
      { roles(names: ["auditor"]) { role can rows { read update delete } fields report { key served compares { path indexed } samples { display rows } } } } }"#;
    // `*` is no name of an input object's field in a literal.
    let save = save.replace("{ phone: mask, _all: read }", "$fields").replacen("mutation", "mutation($fields: JSON)", 1);
    let answer = house.ask(&ADMINISTRATOR, &save, json!({"fields": {"*": "read", "phone": "mask"}})).await;
    let saved = &answer["data"]["saveAccess"]["roles"][0];
    assert_eq!(
        (&saved["role"], &saved["can"], &saved["fields"]),
        (&json!("auditor"), &json!(["read", "update"]), &json!({"*": "read", "phone": "mask"})),
        "{answer:#}"
    );
    assert_eq!(saved["rows"], json!({"read": "territory in my.territories || name == 'a'", "update": "territory == null", "delete": null}));
    let reports = saved["report"].as_array().unwrap();
    assert_eq!(reports.iter().map(|report| report["key"].as_str().unwrap()).collect::<Vec<_>>(), ["read", "update"]);
    assert_eq!(reports[0]["served"], false);
    assert_eq!(reports[0]["compares"], json!([{"path": "territory", "indexed": true}, {"path": "name", "indexed": false}]));
    assert_eq!(
        reports[1]["samples"].as_array().map(|samples| samples.iter().map(|one| one["rows"].clone()).collect::<Vec<_>>()),
        Some(vec![json!(0)]),
        "{answer:#}"
    );
    let shown =
        house.data(&ADMINISTRATOR, r#"{ object(name: "account") { roles access { roles(names: ["auditor"]) { role package } } } }"#).await;
    assert!(shown["object"]["roles"].as_array().unwrap().contains(&json!("auditor")), "{shown:#}");
    assert_eq!(shown["object"]["access"]["roles"], json!([{"role": "auditor", "package": "tenant"}]));
}

#[tokio::test]
async fn a_role_is_renamed_retired_and_restored_with_its_rights() {
    let house = House::new().await;
    house.data(&ADMINISTRATOR, r#"mutation { createRole(input: { name: "auditor", label: { en: "Auditor", zh: "审计员" } }) { name } saveAccess(object: "tag", input: { role: "auditor", can: ["read"] }) { object } }"#).await;
    house
        .data(
            &ADMINISTRATOR,
            r#"mutation { updateRole(role: "auditor", input: { rename: "inspector", landing: "tag" }) { name landing } }"#,
        )
        .await;
    let rights =
        r#"{ roles(names: ["inspector", "auditor"]) { name } object(name: "tag") { access { roles(names: ["inspector"]) { can } } } }"#;
    let expected = json!({"roles": [{"name": "inspector"}], "object": {"access": {"roles": [{"can": ["read"]}]}}});
    assert_eq!(house.data(&ADMINISTRATOR, rights).await, expected);
    let retired = house.data(&ADMINISTRATOR, r#"mutation { retireRole(role: "inspector") { name state } }"#).await;
    assert_eq!(retired["retireRole"]["state"], "retired");
    assert_eq!(house.data(&ADMINISTRATOR, rights).await, json!({"roles": [], "object": {"access": {"roles": []}}}));
    house.data(&ADMINISTRATOR, r#"mutation { restoreRole(role: "inspector") { name state } }"#).await;
    assert_eq!(house.data(&ADMINISTRATOR, rights).await, expected);
}

#[tokio::test]
async fn who_develops_gives_himself_no_rights() {
    let house = House::new().await;
    let developer = ["isv_developer"];
    house.data(&developer, r#"mutation { addField(object: "account", input: { name: "tier_note", type: text, label: { en: "Tier", zh: "级" } }) { name } }"#).await;
    let give = r#"mutation { saveAccess(object: "account", input: { role: "isv_developer", can: ["read"] }) { object } }"#;
    let refused = house.error(&developer, give, json!({})).await;
    assert_eq!((&refused["code"], &refused["rule"]), (&json!("FORBIDDEN"), &json!("rights")));
    let file = json!({"files": [{"path": "roles/isv_developer.yaml", "text": "format: tenon/v1\nrole: isv_developer\nspecial: [metadata, packages, users]\n"}]});
    let planned =
        house.ask(&developer, "mutation($files: [FileInput!]) { plan(files: $files) { hash operations { path risk api } } }", file).await;
    assert_eq!(
        planned["data"]["plan"]["operations"],
        json!([{"path": "role:isv_developer", "risk": "instant", "api": "none"}]),
        "{planned:#}"
    );
    let applied = house
        .error(&developer, "mutation($plan: String!) { apply(plan: $plan) { version } }", json!({"plan": planned["data"]["plan"]["hash"]}))
        .await;
    assert_eq!(applied["rule"], "rights");
    let rights = house.data(&developer, r#"{ describe { me { rights } objects { name } } object(name: "account") { name can { read } fields(names: ["credit_limit"]) { name can { read write } } } }"#).await;
    assert_eq!(rights["describe"]["me"]["rights"], json!(["metadata", "packages"]));
    // He sees how customers are kept, and no customer.
    assert!(rights["describe"]["objects"].as_array().unwrap().iter().all(|object| object["name"] != "account"));
    assert_eq!(
        rights["object"],
        json!({"name": "account", "can": {"read": false}, "fields": [{"name": "credit_limit", "can": {"read": false, "write": false}}]})
    );
}

#[tokio::test]
async fn what_a_role_does_not_see_is_in_no_list_view_layout_or_count() {
    let house = House::new().await;
    let query = r#"{ describe { me { roles rights landing } navigation { items { object } }
      objects { name recordCount can { read update delete export } fields { name can { read write mask } sortable filterOps } relations { name to } views { name definition } layouts { name definition } overrides roles access { object } } } }"#;
    let seen = house.data(&["sales_rep"], query).await["describe"].clone();
    assert_eq!(seen["me"], json!({"roles": ["sales_rep"], "rights": [], "landing": "opportunity.pipeline"}));
    let object = |name: &str| seen["objects"].as_array().unwrap().iter().find(|object| object["name"] == name).unwrap().clone();
    let campaign = object("campaign");
    let text = campaign.to_string();
    for hidden in ["budget", "\"cost\"", "expected_revenue"] {
        assert!(!text.contains(hidden), "{hidden} in {campaign:#}");
    }
    assert!(text.contains("start_date"));
    assert_eq!(
        (&campaign["can"], &campaign["access"]),
        (&json!({"read": true, "update": false, "delete": false, "export": false}), &Json::Null)
    );
    assert_eq!(campaign["roles"], json!(["sales_rep"]));
    let user = object("user");
    let mobile = user["fields"].as_array().unwrap().iter().find(|field| field["name"] == "mobile").unwrap();
    assert_eq!(
        *mobile,
        json!({"name": "mobile", "can": {"read": false, "write": false, "mask": true}, "sortable": false, "filterOps": []})
    );
    assert!(!user.to_string().contains("employee_number"));
    let outside = house.data(&["partner_user"], query).await["describe"].clone();
    // A role of portal users is nothing to one of the staff.
    assert_eq!((&outside["objects"], &outside["navigation"]["items"]), (&json!([]), &json!([])));
    let nobody = house.data(&[], "{ objects { name } object(name: \"account\") { name } model { objects } roles { name } }").await;
    assert_eq!(nobody, json!({"objects": [], "object": null, "model": {"objects": 0}, "roles": []}));
}

#[tokio::test]
async fn looking_as_somebody_else_takes_the_right_to_and_shows_what_he_sees() {
    let house = House::new().await;
    let bob = house.member("bob@house.example", "sales_rep").await;
    let query = r#"query($as: ID) { describe(as: $as) { me { id roles rights } objects { name fields { name } } } }"#;
    let asked = json!({"as": bob.to_string()});
    assert_eq!(house.error(&["sales_manager"], query, asked.clone()).await["rule"], "impersonate");
    let seen = house.ask(&ADMINISTRATOR, query, asked).await["data"]["describe"].clone();
    assert_eq!(seen["me"], json!({"id": bob.to_string(), "roles": ["sales_rep"], "rights": []}));
    let campaign = seen["objects"].as_array().unwrap().iter().find(|object| object["name"] == "campaign").unwrap().to_string();
    assert!(!campaign.contains("budget"), "{campaign}");
    let unknown = json!({"as": Uuid::from_u128(99).to_string()});
    assert_eq!(house.error(&ADMINISTRATOR, query, unknown).await["code"], "NOT_FOUND");
    let noted = house.data(&ADMINISTRATOR, "{ describe { version } }").await;
    assert!(noted["describe"]["version"].is_u64());
}
