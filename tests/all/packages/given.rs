//! What an administrator gives a package: settings, checked by their types, and secrets, which go in and never come out.

use serde_json::{Value, json};
use tenon_tests::{Tenant, TestServer};

use super::house::{Courier, ask, install, rule, trusting};

const MANIFEST: &str = "settings:
  days: { type: integer, min: 1, max: 30, default: 3, label: { en: Days, zh: 天数 } }
  greeting: { type: text, max: 20 }
  mode: { type: choice, options: [test, live], default: test }
grants:
  secrets:
    shop_key: { use: [hmac, verify], why: { en: Tells real orders from others. } }
    vault: { use: [encrypt, decrypt] }
  http:
    shop: { host: api.shop.example, methods: [POST], paths: [\"/v1/*\"] }
";
/// RFC 4231, test case 2.
const DATA: &str = "what do ya want for nothing?";
const DIGEST: &str = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";

async fn said(tenant: &Tenant, what: &str, name: &str, data: &str) -> anyhow::Result<String> {
    let document = "mutation($what: String, $name: String, $data: String) {
        courierAsk(input: { what: $what, name: $name, data: $data }) { said } }";
    let data = tenant.data(document, json!({ "what": what, "name": name, "data": data })).await?;
    Ok(data["courierAsk"]["said"].as_str().unwrap_or_default().to_owned())
}

async fn set(tenant: &Tenant, name: &str, value: Value) -> anyhow::Result<Value> {
    let document =
        "mutation($name: String!, $value: JSON) { setPackageSetting(package: \"courier\", name: $name, value: $value) { version } }";
    tenant.post("metadata", &json!({ "query": document, "variables": { "name": name, "value": value } }), &[]).await?.json()
}

async fn keep(tenant: &Tenant, name: &str, secret: Value) -> anyhow::Result<Value> {
    let document =
        "mutation($name: String!, $secret: String) { setPackageSecret(package: \"courier\", name: $name, secret: $secret) { version } }";
    tenant.post("metadata", &json!({ "query": document, "variables": { "name": name, "secret": secret } }), &[]).await?.json()
}

const LIST: &str = "{ packages { name settings { name type default value } secrets { name uses isSet updatedBy } } }";

async fn listed(tenant: &Tenant) -> anyhow::Result<Value> {
    let all = tenant.metadata(LIST, json!({})).await?;
    Ok(all["packages"].as_array().into_iter().flatten().find(|one| one["name"] == "courier").cloned().unwrap_or_default())
}

pub(super) async fn settings_and_secrets(
    courier: Courier,
    server: TestServer,
    tenant: Tenant,
    other: Tenant,
) -> anyhow::Result<TestServer> {
    for tenant in [&tenant, &other] {
        install(tenant, courier.package("1.0.0", MANIFEST)?.signed()).await?;
    }
    settings(&tenant, &other).await?;
    secrets(&tenant, &other).await?;
    denied(&tenant).await?;
    let server = server.restart(&[], trusting).await?;
    let (tenant, other) = (server.serve(&tenant), server.serve(&other));
    assert_eq!(said(&tenant, "hmac", "shop_key", DATA).await?, DIGEST, "it is there after a restart");
    gone(courier, &tenant, &other).await?;
    Ok(server)
}

async fn settings(tenant: &Tenant, other: &Tenant) -> anyhow::Result<()> {
    assert_eq!(said(tenant, "setting", "days", "").await?, "3");
    assert_eq!(said(tenant, "setting", "greeting", "").await?, "null");
    assert_eq!(said(tenant, "setting", "nothing", "").await?, "NOT_FOUND");
    for (name, value) in [("days", json!(7)), ("greeting", json!("hello")), ("mode", json!("live"))] {
        let answer = set(tenant, name, value.clone()).await?;
        assert_eq!(answer["errors"], Value::Null, "{name}: {answer}");
        assert_eq!(said(tenant, "setting", name, "").await?, value.to_string());
    }
    for (name, value, rule_of_it) in [
        ("days", json!(31), "package/value"),
        ("days", json!("7"), "package/value"),
        ("mode", json!("prod"), "package/value"),
        ("greeting", json!("x".repeat(21)), "package/value"),
        ("shop_key", json!("x"), "package/no-setting"),
    ] {
        assert_eq!(rule(&set(tenant, name, value).await?), rule_of_it, "{name}");
    }
    // A dry run leaves nothing; nothing gives the default again; another tenant has its own.
    let document = "mutation { setPackageSetting(package: \"courier\", name: \"days\", value: 9) { version } }";
    let dry = tenant.post("metadata", &json!({ "query": document, "extensions": { "dryRun": true } }), &[]).await?.json()?;
    assert_eq!(dry["errors"], Value::Null, "{dry}");
    assert_eq!(said(tenant, "setting", "days", "").await?, "7");
    set(tenant, "days", Value::Null).await?;
    assert_eq!(said(tenant, "setting", "days", "").await?, "3");
    assert_eq!(said(other, "setting", "mode", "").await?, "\"test\"");
    let shown = listed(tenant).await?;
    assert_eq!(shown["settings"][0], json!({ "name": "days", "type": "integer", "default": 3, "value": null }));
    assert_eq!(shown["settings"][1]["value"], json!("hello"));
    Ok(())
}

async fn secrets(tenant: &Tenant, other: &Tenant) -> anyhow::Result<()> {
    assert_eq!(said(tenant, "is set", "shop_key", "").await?, "false");
    assert_eq!(said(tenant, "hmac", "shop_key", DATA).await?, "NOT_FOUND");
    assert_eq!(keep(tenant, "shop_key", json!("Jefe")).await?["errors"], Value::Null);
    assert_eq!(keep(tenant, "vault", json!("a vault's key")).await?["errors"], Value::Null);
    assert_eq!(said(tenant, "is set", "shop_key", "").await?, "true");
    assert_eq!(said(tenant, "hmac", "shop_key", DATA).await?, DIGEST);
    assert_eq!(said(tenant, "verify", "shop_key", DATA).await?, "true");
    assert_eq!(said(tenant, "round trip", "vault", "a token").await?, "a token");
    // What was not agreed to is not done.
    assert_eq!(said(tenant, "sign", "shop_key", DATA).await?, "FORBIDDEN");
    assert_eq!(said(tenant, "hmac", "vault", DATA).await?, "FORBIDDEN");
    assert_eq!(said(tenant, "hmac", "other", DATA).await?, "NOT_FOUND");
    assert_eq!(said(other, "hmac", "shop_key", DATA).await?, "NOT_FOUND", "another tenant has none");
    for (name, secret, rule_of_it) in [("days", json!("x"), "package/no-secret"), ("shop_key", json!(""), "package/value")] {
        assert_eq!(rule(&keep(tenant, name, secret).await?), rule_of_it, "{name}");
    }
    assert_eq!(said(tenant, "hmac", "shop_key", DATA).await?, DIGEST, "what was refused changed nothing");

    // It is nowhere to be read: not in the list, not in the audit trail, not in the package's lines.
    let shown = listed(tenant).await?;
    assert_eq!(shown["secrets"][0]["isSet"], json!(true));
    assert_eq!(shown["secrets"][0]["uses"], json!(["hmac", "verify"]));
    let trail = tenant.metadata("{ audit(filter: { kinds: [\"package_changed\"] }, first: 100) { nodes { facts } } }", json!({})).await?;
    assert!(trail.to_string().contains("secret_set"), "{trail}");
    let lines = tenant.metadata("{ packages { name logs { message } } }", json!({})).await?;
    for told in [shown.to_string(), lines.to_string(), trail.to_string()] {
        assert!(!told.contains("Jefe") && !told.contains("vault's"), "{told}");
    }
    Ok(())
}

/// Who lacks the right `packages` sets nothing and sees nothing.
async fn denied(tenant: &Tenant) -> anyhow::Result<()> {
    let rep = tenant.with_roles(&["sales_rep"]).await?;
    for answer in [set(&rep, "days", json!(5)).await?, keep(&rep, "shop_key", json!("mine")).await?] {
        assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN", "{answer}");
    }
    let shown = listed(&rep).await?;
    assert_eq!((&shown["settings"], &shown["secrets"]), (&json!([]), &json!([])), "{shown}");
    // The plugin that acts for him still works with them.
    assert_eq!(said(&rep, "hmac", "shop_key", DATA).await?, DIGEST);
    Ok(())
}

/// Forgotten by hand, and with the package.
async fn gone(courier: Courier, tenant: &Tenant, other: &Tenant) -> anyhow::Result<()> {
    keep(tenant, "vault", Value::Null).await?;
    assert_eq!(said(tenant, "is set", "vault", "").await?, "false");
    tenant.metadata("mutation { uninstallPackage(package: \"courier\", purge: true) { version } }", json!({})).await?;
    let refused = ask(tenant, "mutation { setPackageSecret(package: \"courier\", name: \"vault\", secret: \"x\") { version } }").await?;
    assert_eq!(rule(&refused), "package/not-installed");
    install(tenant, courier.package("1.0.1", MANIFEST)?.signed()).await?;
    assert_eq!(said(tenant, "is set", "shop_key", "").await?, "false", "a purge forgets secrets");
    assert_eq!(said(tenant, "setting", "mode", "").await?, "\"test\"");

    // A call that was not agreed to is refused by its function, before anything of it runs.
    let uploaded = super::house::upload(other, courier.package("1.0.2", "")?.signed()).await?;
    let told = String::from_utf8_lossy(&uploaded.body).into_owned();
    assert!(uploaded.status == 400 && told.contains("plugin/not-granted") && told.contains("tenon:plugin/config@1.0.0#get"), "{told}");
    // What makes no sense is not even packed.
    let senseless = courier.package("1.0.3", "settings: { days: { type: money } }\n")?;
    let refused = tenon_packages::Bundle::pack(senseless.files).err().map(|error| error.to_string()).unwrap_or_default();
    assert!(refused.contains("`days`: `type` is one of"), "{refused}");
    Ok(())
}
