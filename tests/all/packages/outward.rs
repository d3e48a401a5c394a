//! Plugins reach out, and are reached: hosts they were granted, secrets put in on the way, endpoints with signatures. And everything that
//! should not be possible by that, each with its name.

use serde_json::{Value, json};
use tenon_server::ServeConfig;
use tenon_tests::{Answer, Tenant, TestServer};

use super::house::{Courier, install, trusting, upload};
use super::shop::Shop;

/// Nobody should ever read it.
const API_KEY: &str = "sk_live_open+sesame";

fn reaching(config: &mut ServeConfig) {
    trusting(config);
    config.private_outbound = true;
    // The host that never answers is not waited for.
    config.outbound.time = std::time::Duration::from_millis(500);
    config.plugin_budgets.faults_per_minute = usize::MAX;
}

fn manifest(shop: &Shop) -> String {
    format!(
        "settings: {{ address: {{ type: text, default: \"{0}\" }} }}
grants:
  records: {{ tag: {{ read: [name], write: [name] }} }}
  http:
    shop: {{ host: \"{0}\", methods: [GET, POST], paths: [\"/v1/*\"], why: {{ en: Tests. }} }}
    closed: {{ host: \"127.0.0.1:9\", methods: [GET], paths: [\"/v1/*\"] }}
  secrets:
    shop_key: {{ use: [hmac, verify] }}
    api_key: {{ for: shop, header: Authorization }}
",
        shop.address
    )
}

async fn keep(tenant: &Tenant, name: &str, secret: &str) -> anyhow::Result<()> {
    let document =
        "mutation($name: String!, $secret: String) { setPackageSecret(package: \"courier\", name: $name, secret: $secret) { version } }";
    tenant.metadata(document, json!({ "name": name, "secret": secret })).await.map(drop)
}

/// Lets the plugin do something in a job; the tags that came of it, and the job's error.
async fn send(tenant: &Tenant, how: &str) -> anyhow::Result<(Vec<String>, Value)> {
    let data = tenant.data("mutation($how: String) { courierSend(input: { how: $how }) { id } }", json!({ "how": how })).await?;
    let id = data["courierSend"]["id"].clone();
    let now = tenant.metadata("{ describe { tenant { now } } }", json!({})).await?["describe"]["tenant"]["now"].clone();
    tenant.metadata("mutation($to: DateTime!) { advanceClock(to: $to) { now } }", json!({ "to": now })).await?;
    let job = tenant.data("query($id: ID!) { job(id: $id) { state error { code limit } } }", json!({ "id": id })).await?;
    Ok((tags(tenant).await?, job["job"].clone()))
}

async fn tags(tenant: &Tenant) -> anyhow::Result<Vec<String>> {
    let data = tenant.data("{ tags(orderBy: { createdAt: ASC }, first: 100) { nodes { name } } }", json!({})).await?;
    let names = data["tags"]["nodes"].as_array().into_iter().flatten().filter_map(|node| node["name"].as_str().map(str::to_owned));
    Ok(names.collect())
}

pub(super) async fn calls(courier: Courier, server: TestServer, tenant: Tenant, other: Tenant) -> anyhow::Result<TestServer> {
    let shop = Shop::open()?;
    let file = courier.package("1.0.0", &manifest(&shop))?.signed();
    // As the server is, nobody inside is called, whatever was granted.
    install(&tenant, file.clone()).await?;
    keep(&tenant, "api_key", API_KEY).await?;
    let (made, _) = send(&tenant, "moved").await?;
    assert_eq!((made, shop.seen().len()), (vec!["moved: FORBIDDEN http/address".to_owned()], 0));

    let server = server.restart(&[], reaching).await?;
    let (tenant, other) = (server.serve(&tenant), server.serve(&other));
    echoed(&tenant, &shop).await?;
    strays(&tenant, &shop).await?;
    once(&tenant, &shop).await?;
    astray(&tenant, &shop).await?;
    assert_eq!(tags(&other).await?, Vec::<String>::new());
    ungranted(courier, &other, &shop).await?;
    if courier == Courier::InTypeScript {
        fetched(&tenant, &shop).await?;
    }
    Ok(server)
}

/// A secret goes out where it was granted for, and what comes back does not hold it.
async fn echoed(tenant: &Tenant, shop: &Shop) -> anyhow::Result<()> {
    let (made, _) = send(tenant, "echo").await?;
    let seen = shop.seen().remove(0);
    assert_eq!((seen.line.as_str(), seen.body.as_str()), ("POST /v1/echo?q=a%26b HTTP/1.1", "hello"));
    assert_eq!((seen.header("authorization"), seen.header("user-agent")), (format!("Bearer {API_KEY}").as_str(), "Tenon"));
    assert_eq!(made.last().map(String::as_str), Some("echo: 200 POST /v1/echo?q=a%26b HTTP/1.1 Bearer *** hello"));
    let lines = tenant.metadata("{ packages { name logs { message } } }", json!({})).await?.to_string();
    assert!(lines.contains("Bearer ***") && !lines.contains(API_KEY), "{lines}");
    Ok(())
}

/// What was not granted is told by its rule, and nothing of it is sent.
async fn strays(tenant: &Tenant, shop: &Shop) -> anyhow::Result<()> {
    for (how, said) in [
        ("other path", "FORBIDDEN http/grant"),
        ("other method", "FORBIDDEN http/grant"),
        ("other host", "FORBIDDEN http/grant"),
        ("steps back", "FORBIDDEN http/grant"),
        ("secret elsewhere", "FORBIDDEN http/secret"),
        ("secret to another", "FORBIDDEN http/secret"),
        ("own header", "INVALID http/request"),
        ("nowhere", "UNAVAILABLE http/unreachable"),
    ] {
        let (made, job) = send(tenant, how).await?;
        assert_eq!(made.last().map(String::as_str), Some(format!("{how}: {said}").as_str()), "{job}");
    }
    assert_eq!(shop.seen().len(), 0);
    for (how, said) in [("slow", "UNAVAILABLE http/time"), ("moved", "302"), ("much", "UNAVAILABLE http/response-bytes")] {
        let (made, job) = send(tenant, how).await?;
        assert_eq!(made.last().map(String::as_str), Some(format!("{how}: {said}").as_str()), "{job}");
    }
    assert_eq!(shop.seen().len(), 3, "where it was moved to nobody went");
    Ok(())
}

/// A step that calls is run again with the answers: what it writes is there once, what it sends is sent once.
async fn once(tenant: &Tenant, shop: &Shop) -> anyhow::Result<()> {
    let before = tags(tenant).await?.len();
    let (made, _) = send(tenant, "write and call").await?;
    assert_eq!(made[before..], ["before", "between", "write and call: 200 1, 200 2"]);
    let seen = shop.seen();
    let keys: Vec<&str> = seen.iter().map(|one| one.header("idempotency-key")).collect();
    assert_eq!(seen.iter().map(|one| one.body.as_str()).collect::<Vec<_>>(), ["1", "2"]);
    assert!(keys[0].len() == 32 && keys[1].len() == 32 && keys[0] != keys[1], "{keys:?}");
    Ok(())
}

/// Too many calls, calls inside a save, a failure after a call: faults with names, and nothing is left of them.
async fn astray(tenant: &Tenant, shop: &Shop) -> anyhow::Result<()> {
    let before = tags(tenant).await?;
    let rush = json!({ "query": "mutation { courierRush { status } }" });
    let answer = tenant.post("graphql", &rush, &[]).await?.json()?;
    let extensions = &answer["errors"][0]["extensions"];
    assert_eq!((&extensions["code"], &extensions["limit"]), (&json!("PLUGIN_FAULT"), &json!("phase")), "{answer}");
    assert_eq!(shop.seen().len(), 0);
    let (made, job) = send(tenant, "fail after").await?;
    assert_eq!((&made, &job["error"]["code"]), (&before, &json!("PLUGIN_FAULT")), "{job}");
    let (made, job) = send(tenant, "flood").await?;
    assert_eq!((&made, &job["error"]["limit"]), (&before, &json!("http_calls")), "{job}");
    // What failed is tried again meanwhile, as any job.
    let seen = shop.seen();
    let flood = seen.iter().filter(|one| one.line.starts_with("GET ")).count();
    let keys: std::collections::HashSet<&str> =
        seen.iter().filter(|one| one.body == "3").map(|one| one.header("idempotency-key")).collect();
    assert!(flood >= 20, "{flood}");
    assert_eq!(keys.len(), 1, "tried again or not, it is one piece of work");
    Ok(())
}

/// `fetch` reaches hosts by their addresses, and no others.
async fn fetched(tenant: &Tenant, shop: &Shop) -> anyhow::Result<()> {
    shop.seen();
    let (made, job) = send(tenant, "fetch").await?;
    assert_eq!(made.last().map(String::as_str), Some("fetch: 200 4"), "{job}");
    assert_eq!(shop.seen().iter().map(|one| one.line.as_str()).collect::<Vec<_>>(), ["POST /v1/count?q=a%26b HTTP/1.1"]);
    let (made, job) = send(tenant, "fetch elsewhere").await?;
    assert_eq!(made.last().map(String::as_str), Some("fetch elsewhere: FORBIDDEN http/grant"), "{job}");
    Ok(())
}

/// A component that calls what its manifest does not ask for is refused by the function's name.
async fn ungranted(courier: Courier, tenant: &Tenant, shop: &Shop) -> anyhow::Result<()> {
    let manifest = manifest(shop);
    let (without, _) = manifest.split_once("  http:").unwrap_or_default();
    let secrets = "  secrets: { shop_key: { use: [verify] } }\n";
    let refused = upload(tenant, courier.package("1.0.1", &format!("{without}{secrets}"))?.signed()).await?;
    let told = String::from_utf8_lossy(&refused.body).into_owned();
    assert!(refused.status == 400 && told.contains("plugin/not-granted") && told.contains("tenon:plugin/http@1.0.0#send"), "{told}");
    // An endpoint that checks signatures has a secret to check them by.
    let unverified = manifest.replace("use: [hmac, verify]", "use: [hmac]");
    let refused = upload(tenant, courier.package("1.0.1", &unverified)?.signed()).await?;
    let told = String::from_utf8_lossy(&refused.body).into_owned();
    assert!(refused.status == 400 && told.contains("shop_key") && told.contains("signed"), "{told}");
    Ok(())
}

async fn knock(tenant: &Tenant, path: &str, headers: &[(&str, &str)], body: &str) -> anyhow::Result<Answer> {
    let mut request = tenon_tests::Request::new("POST", format!("/t/{}/x/{path}", tenant.name)).body(body.to_owned());
    for (name, value) in headers {
        request = request.header(name, (*value).to_owned());
    }
    request.send(tenant.address).await
}

fn hmac(key: &str, data: &str) -> Vec<u8> {
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, key.as_bytes());
    ring::hmac::sign(&key, data.as_bytes()).as_ref().to_vec()
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[expect(clippy::disallowed_methods, reason = "whoever sends a webhook has a clock of his own")]
fn seconds() -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    now.as_secs().to_string()
}

pub(super) async fn endpoints(courier: Courier, server: TestServer, tenant: Tenant, other: Tenant) -> anyhow::Result<TestServer> {
    let shop = Shop::open()?;
    install(&tenant, courier.package("1.0.0", &manifest(&shop))?.signed()).await?;
    signed(&tenant, &other).await?;
    webhooks(&tenant).await?;
    callers(&tenant).await?;
    anybody(&tenant).await?;
    hurried(&tenant, &other).await?;
    assert_eq!(tags(&other).await?, Vec::<String>::new());
    // Switched off, it is there for nobody.
    tenant.metadata("mutation { disablePackage(package: \"courier\") { version } }", json!({})).await?;
    assert_eq!(knock(&tenant, "courier/open", &[], "x").await?.status, 404);
    Ok(server)
}

/// Who signs the body is let in, and a delivery that comes again is not carried out again.
async fn signed(tenant: &Tenant, other: &Tenant) -> anyhow::Result<()> {
    let signature = hexadecimal(&hmac("Jefe", "one"));
    let good = [("x-sig", signature.as_str())];
    assert_eq!(knock(tenant, "courier/signed", &good, "one").await?.status, 401, "nobody has set the secret");
    keep(tenant, "shop_key", "Jefe").await?;
    let answer = knock(tenant, "courier/signed?page=7", &good, "one").await?;
    assert_eq!(answer.json()?, json!({ "said": "made", "page": "7", "shown": "" }));
    let headers =
        ["x-content-type-options", "content-security-policy", "cache-control"].map(|name| answer.header(name).unwrap_or_default());
    assert_eq!(headers, ["nosniff", "sandbox; default-src 'none'", "no-store"]);
    let again = knock(tenant, "courier/signed?page=7", &good, "one").await?;
    assert_eq!((again.json()?, again.header("idempotency-replayed")), (answer.json()?, Some("true")));
    let prefixed = format!("sha256={}", hexadecimal(&hmac("Jefe", "two")));
    assert_eq!(knock(tenant, "courier/signed", &[("x-sig", &prefixed)], "two").await?.status, 200);
    for (headers, body) in [(&good[..], "other"), (&[][..], "one"), (&[("x-sig", "sha256=zz")][..], "one")] {
        let refused = knock(tenant, "courier/signed", headers, body).await?;
        assert_eq!((refused.status, &refused.json()?["rule"]), (401, &json!("endpoint/signature")));
    }
    assert_eq!(tags(tenant).await?, ["signed: one", "signed: two"]);
    assert_eq!(knock(other, "courier/signed", &good, "one").await?.status, 404, "another tenant has no such package");
    Ok(())
}

async fn webhooks(tenant: &Tenant) -> anyhow::Result<()> {
    let (id, time, body) = ("msg_1", seconds(), "paid");
    let signature = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, hmac("Jefe", &format!("{id}.{time}.{body}")));
    let signature = format!("v1,{signature}");
    let headers = [("webhook-id", id), ("webhook-timestamp", time.as_str()), ("webhook-signature", signature.as_str())];
    assert_eq!(knock(tenant, "courier/events", &headers, body).await?.status, 200);
    assert_eq!(knock(tenant, "courier/events", &headers, body).await?.header("idempotency-replayed"), Some("true"));
    let old = [("webhook-id", id), ("webhook-timestamp", "1614265330"), headers[2]];
    assert_eq!(knock(tenant, "courier/events", &old, body).await?.status, 401);
    assert_eq!(tags(tenant).await?.iter().filter(|tag| *tag == "events: paid").count(), 1);
    Ok(())
}

/// Who calls with a key is who acts, within what the package was granted; his key does not come to the plugin.
async fn callers(tenant: &Tenant) -> anyhow::Result<()> {
    assert_eq!(knock(tenant, "courier/mine", &[], "x").await?.status, 401);
    assert_eq!(knock(tenant, "courier/mine", &[("authorization", "Bearer tenon_nobody")], "x").await?.status, 401);
    let mine = knock(tenant, "courier/mine", &[("authorization", &format!("Bearer {}", tenant.key))], "mine").await?;
    assert_eq!(mine.json()?, json!({ "said": "made", "page": "", "shown": "" }));
    let lowest = tenant.with_roles(&["employee"]).await?;
    let theirs = knock(tenant, "courier/mine", &[("authorization", &format!("Bearer {}", lowest.key))], "theirs").await?;
    assert_eq!((theirs.status, &theirs.json()?["said"]), (200, &json!("FORBIDDEN")), "what he may not, no plugin does for him");
    Ok(())
}

/// What is open to anybody is answered, refused, and broken in the words of every other door.
async fn anybody(tenant: &Tenant) -> anyhow::Result<()> {
    let before = tags(tenant).await?;
    for (body, status, rule) in [
        ("refuse", 422, json!("NOT_LIKE_THIS")),
        ("panic", 502, Value::Null),
        ("elsewhere", 502, Value::Null),
        ("cookie", 502, Value::Null),
    ] {
        let answer = knock(tenant, "courier/open", &[], body).await?;
        let told = answer.json()?;
        assert_eq!((answer.status, &told["rule"]), (status, &rule), "{body}: {told}");
        assert!(!told.to_string().contains("secret") && answer.header("set-cookie").is_none(), "{told}");
    }
    assert_eq!(knock(tenant, "courier/open", &[], "gone").await?.status, 410);
    assert_eq!(knock(tenant, "courier/open", &[], &"x".repeat((1 << 20) + 1)).await?.status, 413);
    assert_eq!(tags(tenant).await?, before);
    let nowhere = ["courier/other", "courier/open/", "nobody/open", "Not%20a%20name/open", "courier/signed/x"];
    for path in nowhere {
        assert_eq!(knock(tenant, path, &[], "x").await?.status, 404, "{path}");
    }
    let get = tenon_tests::Request::new("GET", format!("/t/{}/x/courier/open", tenant.name)).send(tenant.address).await?;
    let unknown = tenon_tests::Request::new("POST", "/t/nobody-here/x/courier/open").body("x").send(tenant.address).await?;
    assert_eq!((get.status, unknown.status), (404, 404));
    let keyed = [("idempotency-key", "once")];
    assert_eq!(knock(tenant, "courier/open", &keyed, "keyed").await?.status, 200);
    assert_eq!(knock(tenant, "courier/open", &keyed, "keyed").await?.header("idempotency-replayed"), Some("true"));
    assert_eq!(knock(tenant, "courier/open", &keyed, "another").await?.status, 409);
    Ok(())
}

/// Who knocks too often at one package waits, whatever he knocks for; at another, and at another tenant's, he is let in.
async fn hurried(tenant: &Tenant, other: &Tenant) -> anyhow::Result<()> {
    let mut knocks = 0;
    // A minute may end in between, and the next one begins anew.
    let slowed = loop {
        anyhow::ensure!(knocks < 3 * 600, "nobody is slowed down");
        let answer = knock(tenant, "hurry/open", &[], "x").await?;
        if answer.status != 404 {
            break answer;
        }
        knocks += 1;
    };
    let told = slowed.json()?;
    assert_eq!((slowed.status, &told["code"], &told["limit"]), (429, &json!("EXHAUSTED"), &json!("endpoint_rate")), "{told}");
    let wait: u64 = slowed.header("retry-after").unwrap_or_default().parse()?;
    assert!(knocks >= 600 && (1..=60).contains(&wait), "slowed down after {knocks}, for {wait} s");
    assert_eq!(knock(tenant, "courier/open", &[], "gone").await?.status, 410);
    assert_eq!(knock(other, "hurry/open", &[], "x").await?.status, 404);
    Ok(())
}
