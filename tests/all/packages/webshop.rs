//! `examples/05-webhook-and-job`: a signed webhook makes records, a job confirms them at the shop with a key nobody reads.

use serde_json::{Value, json};
use tenon_packages::{Bundle, files_of};
use tenon_server::ServeConfig;
use tenon_tests::{Setting, Tenant, TestServer};

use super::house::{acme, install};
use super::shop::Shop;

/// The example is published by `tenon`; its shop is on this machine.
fn reaching(config: &mut ServeConfig) {
    config.publishers = vec![format!("tenon={}", acme().public())];
    config.private_outbound = true;
}

/// The example as it stands, but for where its shop is.
fn file(shop: &Shop) -> anyhow::Result<Vec<u8>> {
    let mut files = files_of(&Setting::repository().join("examples/05-webhook-and-job"))?;
    files.insert("plugin.wasm".to_owned(), std::fs::read(Setting::read().component("05-webhook-and-job")?)?);
    let manifest = String::from_utf8(files["package.yaml"].clone())?;
    let here = manifest.replace("api.shop.example", &format!("\"{}\"", shop.address));
    anyhow::ensure!(here != manifest, "the example names its shop otherwise");
    files.insert("package.yaml".to_owned(), here.into_bytes());
    Ok(Bundle::pack(files)?.signed(&acme()).bytes()?)
}

async fn order(tenant: &Tenant, body: &Value) -> anyhow::Result<(u16, bool)> {
    let body = body.to_string();
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, b"the shop's");
    let mac = ring::hmac::sign(&key, body.as_bytes());
    let signature: String = mac.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let request = tenon_tests::Request::new("POST", format!("/t/{}/x/webshop/orders", tenant.name));
    let request = request.header("x-shop-signature", format!("sha256={signature}")).body(body);
    let answer = request.send(tenant.address).await?;
    Ok((answer.status, answer.header("idempotency-replayed").is_some()))
}

async fn advance(tenant: &Tenant) -> anyhow::Result<()> {
    let now = tenant.metadata("{ describe { tenant { now } } }", json!({})).await?["describe"]["tenant"]["now"].clone();
    tenant.metadata("mutation($to: DateTime!) { advanceClock(to: $to) { now } }", json!({ "to": now })).await.map(drop)
}

async fn orders(tenant: &Tenant) -> anyhow::Result<Value> {
    let document = "{ webshopOrders(orderBy: { number: ASC }) { nodes { number customer total { amount currency } state receipt } } }";
    Ok(tenant.data(document, json!({})).await?["webshopOrders"]["nodes"].clone())
}

pub(super) async fn orders_come_in_and_are_confirmed(server: TestServer, tenant: Tenant, other: Tenant) -> anyhow::Result<TestServer> {
    let shop = Shop::open()?;
    let server = server.restart(&[], reaching).await?;
    let (tenant, other) = (server.serve(&tenant), server.serve(&other));
    install(&tenant, file(&shop)?).await?;
    let secret =
        "mutation($name: String!, $secret: String) { setPackageSecret(package: \"webshop\", name: $name, secret: $secret) { version } }";
    tenant.metadata(secret, json!({ "name": "hook_key", "secret": "the shop's" })).await?;
    tenant.metadata(secret, json!({ "name": "api_key", "secret": "sk_shop" })).await?;
    let setting = "mutation { setPackageSetting(package: \"webshop\", name: \"warehouse\", value: \"north\") { version } }";
    tenant.metadata(setting, json!({})).await?;

    let one = json!({ "number": "W-1", "customer": "Lin", "total": "12.50", "currency": "CNY" });
    assert_eq!(order(&tenant, &one).await?, (201, false));
    assert_eq!(order(&tenant, &one).await?, (201, true), "the same delivery is answered as it was");
    let changed = json!({ "number": "W-1", "customer": "Lin", "total": "12.50", "currency": "CNY", "note": "again" });
    assert_eq!(order(&tenant, &changed).await?, (200, false), "another delivery of the same order makes no second one");
    assert_eq!(order(&other, &one).await?.0, 404);

    // What was left to be done at once is done when the clock has been asked for.
    advance(&tenant).await?;
    let total = json!({ "amount": "12.50", "currency": "CNY" });
    let confirmed = json!({ "number": "W-1", "customer": "Lin", "total": total, "state": "CONFIRMED", "receipt": "R-7" });
    assert_eq!(orders(&tenant).await?, json!([confirmed]));
    let seen = shop.seen();
    assert_eq!((seen.len(), seen[0].line.as_str()), (1, "POST /v1/orders/W-1/confirm HTTP/1.1"));
    assert_eq!((seen[0].header("authorization"), seen[0].body.as_str()), ("Bearer sk_shop", r#"{"warehouse":"north"}"#));

    // A shop that is down leaves the order as it was, and the job says so.
    assert_eq!(order(&tenant, &json!({ "number": "W-3" })).await?, (201, false));
    advance(&tenant).await?;
    assert_eq!(orders(&tenant).await?[1]["state"], json!("RECEIVED"));
    assert!(!shop.seen().is_empty());
    let rep = tenant.with_roles(&["sales_rep"]).await?;
    assert_eq!(orders(&rep).await?.as_array().map(Vec::len), Some(2), "the lowest role reads what its access says");
    let lines = tenant.metadata("{ packages { name logs { message } secrets { name isSet } } }", json!({})).await?.to_string();
    assert!(lines.contains("the shop answered 503") && !lines.contains("sk_shop"), "{lines}");
    Ok(server)
}
