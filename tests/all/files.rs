//! Files from outside: who brings, sees and holds them; what is refused; what becomes of those nobody holds.
//!
//! As the lowest role, with a second tenant beside it, on both databases.

use std::time::Duration;

use serde_json::{Value, json};
use tenon_tests::{Answer, Database, Request, Tenant, TestServer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::both::{Clock, on_as};

/// A picture of 2 × 1 dots.
const PNG: &[u8] = &[
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48, 0x44, 0x52, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00,
    0x00, 0x01, 0x08, 0x00, 0x00, 0x00, 0x00, 0xd1, 0x49, 0x20, 0x56, 0x00, 0x00, 0x00, 0x0b, 0x49, 0x44, 0x41, 0x54, 0x78, 0x9c, 0x63,
    0x60, 0xf8, 0x0f, 0x00, 0x01, 0x02, 0x01, 0x00, 0x42, 0xbe, 0xbc, 0x68, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42,
    0x60, 0x82,
];
const NOBODYS: &str = "0198c1d2-7a3e-7f00-8000-0000000000ff";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_are_for_who_may_read_what_holds_them_on_sqlite() {
    run(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_are_for_who_may_read_what_holds_them_on_postgres() {
    run(Database::Postgres).await;
}

async fn run(database: Database) {
    let clock = Clock::take();
    let configure = |config: &mut tenon_server::ServeConfig| {
        config.clock = clock.read;
        config.file_bytes = Some(1_000_000);
        config.files_bytes = Some(3_000_000);
        config.patience.idle = Duration::from_millis(300);
    };
    on_as(database, configure, async |server| all(server, &clock).await).await;
}

struct House {
    admin: Tenant,
    clerk: Tenant,
    guest: Tenant,
    stranger: Tenant,
}

async fn house(server: &TestServer) -> anyhow::Result<House> {
    let admin = server.tenant(None, None, None).await?;
    let label = |en: &str, zh: &str| format!("label: {{ en: {en}, zh: {zh} }}");
    let role = |name: &str| (format!("roles/{name}.yaml"), format!("format: tenon/v1\nrole: {name}\n{}\n", label("A role", "角色")));
    let object = format!(
        "format: tenon/v1\nobject: letter\nplural: letters\n{}\nfields:\n  title: {{ type: text, required: true, {} }}\n  scan: {{ type: file, {} }}\n  stamp: {{ type: image, {} }}\n",
        label("Letter", "信件"),
        label("Title", "标题"),
        label("Scan", "扫描件"),
        label("Stamp", "邮票")
    );
    let access = "format: tenon/v1\nobject: letter\nroles:\n  clerk: { can: [read, create, update, delete, restore, destroy], rows: { read: \"title != 'secret'\", update: \"title != 'secret'\" }, fields: { \"*\": write } }\n  guest: { can: [read], fields: { \"*\": read, scan: none, stamp: mask } }\n";
    let files = [
        ("objects/letter/object.yaml".to_owned(), object),
        ("objects/letter/access.yaml".to_owned(), access.to_owned()),
        role("clerk"),
        role("guest"),
    ];
    admin.apply(&files).await?;
    let (clerk, guest) = (admin.with_roles(&["clerk"]).await?, admin.with_roles(&["guest"]).await?);
    let stranger = server.tenant(None, None, None).await?;
    Ok(House { admin, clerk, guest, stranger })
}

async fn upload(who: &Tenant, name: &str, mime: &str, bytes: &[u8]) -> anyhow::Result<Answer> {
    let request = who.request("POST", "files").header("content-type", mime).header("content-disposition", name).body(bytes);
    request.send(who.address).await
}

async fn brought(who: &Tenant, name: &str, mime: &str, bytes: &[u8]) -> anyhow::Result<Value> {
    let answer = upload(who, &format!("attachment; filename=\"{name}\""), mime, bytes).await?;
    anyhow::ensure!(answer.status == 201, "{}: {}", answer.status, String::from_utf8_lossy(&answer.body));
    answer.json()
}

async fn fetch(who: &Tenant, id: &str, headers: &[(&str, &str)]) -> anyhow::Result<Answer> {
    let mut request = who.request("GET", &format!("files/{id}"));
    for (name, value) in headers {
        request = request.header(name, *value);
    }
    request.send(who.address).await
}

async fn status(who: &Tenant, id: &str) -> anyhow::Result<u16> {
    Ok(fetch(who, id, &[]).await?.status)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

async fn all(server: &TestServer, clock: &Clock) -> anyhow::Result<()> {
    let house = house(server).await?;
    names_and_types(&house).await?;
    refusals(server, &house).await?;
    let (scan, letter) = holding(&house).await?;
    seeing(&house, &scan, &letter).await?;
    answers(&house, &scan, &letter).await?;
    parts(&house, &scan).await?;
    links(&house, &letter, clock).await?;
    thumbnails(&house).await?;
    slow(&house).await?;
    collecting(server, &house, (&scan, &letter), clock).await?;
    erasing(server, &house).await?;
    quota(&house).await
}

async fn names_and_types(house: &House) -> anyhow::Result<()> {
    let clerk = &house.clerk;
    for (disposition, mime, bytes, name, kind) in [
        (
            "attachment; filename*=UTF-8''%E5%90%88%E5%90%8C%F0%A0%AE%B7.pdf",
            "application/pdf",
            &b"%PDF-1.7 x"[..],
            "合同𠮷.pdf",
            "application/pdf",
        ),
        ("attachment; filename=\"../../etc/passwd\"", "text/plain", &b"root"[..], "passwd", "text/plain"),
        (
            "attachment; filename*=UTF-8''a%0D%0ASet-Cookie%3A%20x%E2%80%AEgpj.exe",
            "",
            &b"\0\x01\x02"[..],
            "aSet-Cookie: xgpj.exe",
            "application/octet-stream",
        ),
        ("inline", "application/octet-stream", PNG, "file", "image/png"),
        ("attachment; filename=\"empty.txt\"", "text/plain", &b""[..], "empty.txt", "text/plain"),
        ("attachment; filename=\"page.html\"", "text/html", &b"<html><script>alert(1)</script>"[..], "page.html", "text/html"),
    ] {
        let answer = upload(clerk, disposition, mime, bytes).await?;
        let file = answer.json()?;
        anyhow::ensure!(answer.status == 201, "{disposition}: {file}");
        assert_eq!(
            (file["name"].as_str(), file["mimeType"].as_str(), file["size"].as_u64()),
            (Some(name), Some(kind), Some(bytes.len() as u64)),
            "{file}"
        );
        let got = fetch(clerk, file["id"].as_str().unwrap(), &[]).await?;
        assert_eq!((got.status, got.body.as_slice()), (200, bytes));
        assert_eq!(got.header("x-content-type-options"), Some("nosniff"));
        assert!(got.header("content-security-policy").unwrap_or_default().contains("sandbox"));
        let shown = got.header("content-disposition").unwrap_or_default().starts_with("inline");
        assert_eq!(shown, matches!(kind, "image/png" | "text/plain"), "{kind}");
        assert_eq!(got.header("location"), None);
    }
    // As a form, with another part beside it.
    let form = "--b\r\ncontent-disposition: form-data; name=\"note\"\r\n\r\nx\r\n--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\ncontent-type: text/csv\r\n\r\na,b\r\n--b--\r\n";
    let answer =
        clerk.request("POST", "files").header("content-type", "multipart/form-data; boundary=b").body(form).send(clerk.address).await?;
    let file = answer.json()?;
    assert_eq!((answer.status, &file["name"], &file["size"]), (201, &json!("a.csv"), &json!(3)));
    Ok(())
}

async fn refusals(server: &TestServer, house: &House) -> anyhow::Result<()> {
    let (clerk, before) = (&house.clerk, server.blobs()?);
    for (mime, bytes, status, word) in [
        ("image/png", b"<html><script>alert(1)</script>".to_vec(), 400, "file_type"),
        ("image/jpeg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>".to_vec(), 400, "file_type"),
        ("image/gif", Vec::new(), 400, "file_type"),
        ("application/pdf", PNG.to_vec(), 400, "file_type"),
        ("text/plain", vec![b'x'; 1_000_001], 413, "file_bytes"),
        ("multipart/form-data; boundary=b", b"no form".to_vec(), 400, "body"),
        ("multipart/form-data", b"no boundary".to_vec(), 400, "body"),
        ("multipart/form-data; boundary=b", b"--b--\r\n".to_vec(), 400, "required"),
    ] {
        let answer = upload(clerk, "attachment", mime, &bytes).await?;
        let said = answer.json()?;
        let named = said["rule"].as_str().or(said["limit"].as_str()).unwrap_or_default();
        assert_eq!((answer.status, named), (status, word), "{mime}: {said}");
    }
    // Said to be small, chunk by chunk too large.
    let head = format!(
        "POST /t/{}/files HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n",
        clerk.name, clerk.key
    );
    let mut stream = TcpStream::connect(clerk.address).await?;
    stream.write_all(head.as_bytes()).await?;
    let chunk = [b"10000\r\n".to_vec(), vec![b'x'; 65_536], b"\r\n".to_vec()].concat();
    for _ in 0..20 {
        if stream.write_all(&chunk).await.is_err() {
            break;
        }
    }
    let mut answer = Vec::new();
    drop(stream.read_to_end(&mut answer).await);
    assert!(answer.is_empty() || String::from_utf8_lossy(&answer).starts_with("HTTP/1.1 413"), "{}", String::from_utf8_lossy(&answer));
    let nobody = Request::new("POST", format!("/t/{}/files", clerk.name)).body("x").send(clerk.address).await?;
    assert_eq!(nobody.status, 401);
    let crossed = Tenant { name: house.stranger.name.clone(), ..clerk.clone() };
    assert_eq!(upload(&crossed, "attachment", "text/plain", b"x").await?.status, 401);
    // What was under way is taken away behind the answer.
    for _ in 0..100 {
        if server.blobs()? == before {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(server.blobs()?, before, "what was refused is not kept");
    Ok(())
}

/// A letter of the clerk with a scan.
async fn holding(house: &House) -> anyhow::Result<(String, String)> {
    let clerk = &house.clerk;
    let scan = text(&brought(clerk, "scan.txt", "text/plain", b"0123456789").await?["id"]);
    assert_eq!(status(&house.admin, &scan).await?, 404, "nobody holds it yet: it is its bringer's alone");
    let create =
        "mutation ($file: ID) { createLetter(input: { title: \"one\", scan: $file }) { id scan { id name mimeType size sha256 } } }";
    for file in [
        NOBODYS,
        &text(&brought(&house.stranger, "x.txt", "text/plain", b"x").await?["id"]),
        &text(&brought(&house.admin, "y.txt", "text/plain", b"y").await?["id"]),
    ] {
        let answer = clerk.post("graphql", &json!({ "query": create, "variables": { "file": file } }), &[]).await?.json()?;
        let error = &answer["errors"][0]["extensions"];
        assert_eq!((&error["code"], &error["rule"], &error["field"]), (&json!("INVALID"), &json!("reference"), &json!("scan")), "{answer}");
    }
    let wrong = clerk.post("graphql", &json!({ "query": create, "variables": { "file": "no id" } }), &[]).await?.json()?;
    assert_eq!(wrong["errors"][0]["extensions"]["code"], "INVALID", "{wrong}");
    let stamp = "mutation ($file: ID) { createLetter(input: { title: \"two\", stamp: $file }) { id } }";
    let wrong = clerk.post("graphql", &json!({ "query": stamp, "variables": { "file": scan } }), &[]).await?.json()?;
    assert_eq!(wrong["errors"][0]["extensions"]["rule"], "file_type", "{wrong}");
    let made = clerk.data(create, json!({ "file": scan })).await?;
    let sha256 = "84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882";
    let file = json!({ "id": scan, "name": "scan.txt", "mimeType": "text/plain", "size": 10, "sha256": sha256 });
    assert_eq!(made["createLetter"]["scan"], file);
    Ok((scan, text(&made["createLetter"]["id"])))
}

async fn seeing(house: &House, scan: &str, letter: &str) -> anyhow::Result<()> {
    assert_eq!(status(&house.admin, scan).await?, 200, "he reads the letter");
    assert_eq!(status(&house.guest, scan).await?, 404, "the field is nothing to him");
    for other in [&house.stranger, &Tenant { name: house.stranger.name.clone(), ..house.stranger.clone() }] {
        let (there, nowhere) = (fetch(other, scan, &[]).await?, fetch(other, NOBODYS, &[]).await?);
        let even = |answer: &Answer| {
            let mut body = answer.json().unwrap();
            body["requestId"] = Value::Null;
            (answer.status, body)
        };
        assert_eq!(even(&there), even(&nowhere), "another tenant's file is one that is nowhere");
    }
    // A secret letter is not the clerk's to see, and so is its scan, once the day of its bringer is over.
    let secret = text(&brought(&house.admin, "secret.txt", "text/plain", b"secret").await?["id"]);
    let made = house
        .admin
        .data("mutation ($f: ID) { createLetter(input: { title: \"secret\", scan: $f }) { id } }", json!({ "f": secret }))
        .await?;
    assert_eq!(status(&house.clerk, &secret).await?, 404);
    let take = json!({ "query": "mutation ($id: ID!, $f: ID) { updateLetter(id: $id, input: { scan: $f }) { id } }", "variables": { "id": letter, "f": secret } });
    let answer = house.clerk.post("graphql", &take, &[]).await?.json()?;
    assert_eq!(answer["errors"][0]["extensions"]["rule"], "reference", "{answer}");
    house
        .admin
        .data(
            "mutation ($id: ID!) { updateLetter(id: $id, input: { title: \"open\" }) { id } }",
            json!({ "id": made["createLetter"]["id"] }),
        )
        .await?;
    assert_eq!(status(&house.clerk, &secret).await?, 200, "open to him, and so is what it holds");
    // What he sees he may take, too.
    let both = house.clerk.post("graphql", &take, &[("x".into(), "y".into())]).await?.json()?;
    assert_eq!(both["errors"], Value::Null, "{both}");
    let back = json!({ "id": letter, "f": scan });
    house.clerk.data("mutation ($id: ID!, $f: ID) { updateLetter(id: $id, input: { scan: $f }) { id } }", back).await?;
    Ok(())
}

async fn answers(house: &House, scan: &str, letter: &str) -> anyhow::Result<()> {
    let list = "query ($f: LetterFilter) { letters(filter: $f) { nodes { title } } }";
    for (filter, titles) in [
        (json!({ "scan": { "isNull": true } }), vec![]),
        (json!({ "scan": { "name": { "eq": "scan.txt" } } }), vec!["one"]),
        (json!({ "scan": { "name": { "iContains": "SCAN" } } }), vec!["one"]),
        (json!({ "scan": { "name": { "startsWith": "secret" } } }), vec!["open"]),
        (json!({ "scan": { "mimeType": { "in": ["text/plain"] }, "size": { "gt": 9 } } }), vec!["one"]),
        (json!({ "scan": { "size": { "between": { "from": 1, "to": 6 } } } }), vec!["open"]),
        (json!({ "not": { "scan": { "name": { "eq": "scan.txt" } } } }), vec!["open"]),
    ] {
        let data = house.clerk.data(list, json!({ "f": filter })).await?;
        let got: Vec<&str> = data["letters"]["nodes"].as_array().unwrap().iter().filter_map(|node| node["title"].as_str()).collect();
        assert_eq!(got, titles, "{filter}");
    }
    let history = "query ($id: ID!) { letter(id: $id) { history { nodes { version changes { field old new } } } } }";
    let data = house.clerk.data(history, json!({ "id": letter })).await?;
    let newest = &data["letter"]["history"]["nodes"][0]["changes"][0];
    assert_eq!((&newest["field"], &newest["new"]), (&json!("scan"), &json!(scan)), "{data}");
    let guest = house.guest.data("query ($id: ID!) { letter(id: $id) { title stamp { name } } }", json!({ "id": letter })).await?;
    assert_eq!(guest["letter"], json!({ "title": "one", "stamp": null }));
    let hidden = house.guest.post("graphql", &json!({ "query": "{ letters { nodes { scan { name } } } }" }), &[]).await?.json()?;
    assert_eq!(hidden["errors"][0]["extensions"]["rule"], "graphql/validation");
    Ok(())
}

async fn parts(house: &House, scan: &str) -> anyhow::Result<()> {
    let whole = fetch(&house.clerk, scan, &[]).await?;
    let tag = whole.header("etag").unwrap().to_owned();
    assert_eq!((tag.len(), whole.header("accept-ranges"), whole.header("content-length")), (66, Some("bytes"), Some("10")));
    for (headers, status, body, range) in [
        (vec![("range", "bytes=2-4")], 206, "234", Some("bytes 2-4/10")),
        (vec![("range", "bytes=7-")], 206, "789", Some("bytes 7-9/10")),
        (vec![("range", "bytes=-2")], 206, "89", Some("bytes 8-9/10")),
        (vec![("range", "bytes=0-99")], 206, "0123456789", Some("bytes 0-9/10")),
        (vec![("range", "bytes=10-")], 416, "", Some("bytes */10")),
        (vec![("range", "bytes=-0")], 416, "", Some("bytes */10")),
        (vec![("range", "bytes=0-1,3-4")], 200, "0123456789", None),
        (vec![("range", "bytes=4-2")], 200, "0123456789", None),
        (vec![("range", "nonsense")], 200, "0123456789", None),
        (vec![("range", "bytes=2-4"), ("if-range", tag.as_str())], 206, "234", Some("bytes 2-4/10")),
        (vec![("range", "bytes=2-4"), ("if-range", "\"other\"")], 200, "0123456789", None),
        (vec![("if-none-match", tag.as_str())], 304, "", None),
        (vec![("if-none-match", "*")], 304, "", None),
        (vec![("if-none-match", "\"other\"")], 200, "0123456789", None),
        (vec![("accept-encoding", "gzip, br, zstd")], 200, "0123456789", None),
    ] {
        let answer = fetch(&house.clerk, scan, &headers).await?;
        assert_eq!(
            (answer.status, String::from_utf8_lossy(&answer.body).as_ref(), answer.header("content-range")),
            (status, body, range),
            "{headers:?}"
        );
    }
    let head = house.clerk.request("HEAD", &format!("files/{scan}")).send(house.clerk.address).await?;
    assert_eq!((head.status, head.body.len(), head.header("content-length")), (200, 0, Some("10")));
    let large = text(&brought(&house.clerk, "large.txt", "text/plain", &vec![b'a'; 700_000]).await?["id"]);
    let whole = fetch(&house.clerk, &large, &[("accept-encoding", "gzip")]).await?;
    assert_eq!((whole.body.len(), whole.header("content-encoding")), (700_000, None));
    Ok(())
}

async fn links(house: &House, letter: &str, clock: &Clock) -> anyhow::Result<()> {
    let ask = "query ($id: ID!, $for: Int) { letter(id: $id) { scan { url(expiresIn: $for) saved: url(download: true) thumbnailUrl } } }";
    let data = house.clerk.data(ask, json!({ "id": letter, "for": 60 })).await?;
    let file = &data["letter"]["scan"];
    assert_eq!(file["thumbnailUrl"], Value::Null, "it is no picture");
    let open = async |url: &str| {
        let path = url.strip_prefix(&format!("http://{}", house.clerk.address)).unwrap_or(url).to_owned();
        Request::new("GET", path).send(house.clerk.address).await
    };
    let url = text(&file["url"]);
    let got = open(&url).await?;
    assert_eq!((got.status, got.body.as_slice()), (200, b"0123456789".as_slice()), "{url}");
    assert!(got.header("content-disposition").unwrap().starts_with("inline"));
    assert!(open(&text(&file["saved"])).await?.header("content-disposition").unwrap().starts_with("attachment"));
    let forged = [
        url.replace("exp=", "exp=9"),
        url.replace("sig=", "sig=A"),
        format!("{url}&download=1"),
        url.replace("?exp", "/thumb?exp"),
        url.replace(&format!("/t/{}/", house.clerk.name), &format!("/t/{}/", house.stranger.name)),
        url.replace(&format!("/t/{}/", house.clerk.name), "/t/nowhere/"),
        url.split("&sig").next().unwrap().to_owned(),
    ];
    for forged in forged {
        assert_eq!(open(&forged).await?.status, 401, "{forged}");
    }
    for seconds in [0, -1, 3_601] {
        let body = json!({ "query": ask, "variables": { "id": letter, "for": seconds } });
        let answer = house.clerk.post("graphql", &body, &[]).await?.json()?;
        assert_eq!(answer["errors"][0]["extensions"]["rule"], "range", "{answer}");
    }
    clock.advance(61_000);
    assert_eq!(open(&url).await?.status, 401, "its minute is over");
    Ok(())
}

async fn thumbnails(house: &House) -> anyhow::Result<()> {
    let clerk = &house.clerk;
    let stamp = text(&brought(clerk, "stamp.png", "image/png", PNG).await?["id"]);
    let create = "mutation ($f: ID) { createLetter(input: { title: \"stamped\", stamp: $f }) { id stamp { thumbnailUrl(width: 100) } } }";
    let made = clerk.data(create, json!({ "f": stamp })).await?;
    let small = |w: &str| clerk.request("GET", &format!("files/{stamp}/thumb?w={w}"));
    for w in ["64", "1", "4000"] {
        let answer = small(w).send(clerk.address).await?;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, Some("image/jpeg")),
            "{w}: {}",
            String::from_utf8_lossy(&answer.body)
        );
        let tag = answer.header("etag").unwrap().to_owned();
        assert_eq!(small(w).header("if-none-match", tag).send(clerk.address).await?.status, 304);
        assert_eq!(small(w).send(clerk.address).await?.body, answer.body, "the same again, from what was kept");
    }
    for w in ["x", "-1", "99999999999"] {
        assert_eq!(small(w).send(clerk.address).await?.status, 400, "{w}");
    }
    let url = text(&made["createLetter"]["stamp"]["thumbnailUrl"]);
    let path = url.strip_prefix(&format!("http://{}", clerk.address)).unwrap().to_owned();
    assert_eq!(Request::new("GET", path).send(clerk.address).await?.status, 200, "{url}");
    assert_eq!(house.guest.request("GET", &format!("files/{stamp}/thumb")).send(clerk.address).await?.status, 404);
    let broken = text(&brought(clerk, "broken.png", "image/png", &PNG[..20]).await?["id"]);
    let answer = clerk.request("GET", &format!("files/{broken}/thumb")).send(clerk.address).await?;
    assert_eq!((answer.status, answer.json()?["rule"].clone()), (400, json!("file_broken")));
    let words = text(&brought(clerk, "words.txt", "text/plain", b"words").await?["id"]);
    let answer = clerk.request("GET", &format!("files/{words}/thumb")).send(clerk.address).await?;
    assert_eq!((answer.status, answer.json()?["rule"].clone()), (400, json!("file_type")));
    Ok(())
}

/// Who begins and does not go on is not waited for.
async fn slow(house: &House) -> anyhow::Result<()> {
    let clerk = &house.clerk;
    let mut stream = TcpStream::connect(clerk.address).await?;
    let head = format!(
        "POST /t/{}/files HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-length: 1000\r\n\r\nonly this",
        clerk.name, clerk.key
    );
    stream.write_all(head.as_bytes()).await?;
    let mut answer = Vec::new();
    tokio::time::timeout(Duration::from_secs(30), stream.read_to_end(&mut answer)).await??;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("body_idle"), "{answer}");
    Ok(())
}

async fn collecting(server: &TestServer, house: &House, (scan, letter): (&str, &str), clock: &Clock) -> anyhow::Result<()> {
    let (day, clerk) = (24 * 60 * 60 * 1_000, &house.clerk);
    let untaken = text(&brought(clerk, "untaken.txt", "text/plain", b"never taken").await?["id"]);
    assert_eq!(server.sweep_files(&house.admin).await?["files"], 0, "nothing is due");
    clock.advance(day + 1_000);
    assert_eq!(status(clerk, &untaken).await?, 404, "the day of its bringer is over");
    assert_eq!(status(clerk, scan).await?, 200, "it is held");
    let blobs = server.blobs()?.len();
    let swept = server.sweep_files(&house.admin).await?;
    assert!(swept["files"].as_u64() >= Some(8), "{swept}");
    assert_eq!(server.blobs()?.len(), blobs - usize::try_from(swept["blobs"].as_u64().unwrap())?, "{swept}");
    assert_eq!(status(clerk, scan).await?, 200);
    // In the recycle bin it is still held; destroyed it is let go, and kept for thirty days.
    clerk.data("mutation ($id: ID!) { deleteLetter(id: $id) { id } }", json!({ "id": letter })).await?;
    assert_eq!(status(clerk, scan).await?, 200);
    clerk.data("mutation ($id: ID!) { destroyLetter(id: $id) { id } }", json!({ "id": letter })).await?;
    assert_eq!(status(clerk, scan).await?, 404);
    clock.advance(29 * day);
    assert_eq!(server.sweep_files(&house.admin).await?["files"], 0, "kept for thirty days");
    let blobs = server.blobs()?.len();
    clock.advance(2 * day);
    let swept = server.sweep_files(&house.admin).await?;
    assert_eq!((&swept["files"], &swept["blobs"]), (&json!(1), &json!(1)));
    assert_eq!(server.blobs()?.len(), blobs - 1);
    let doctor = tenon_server::Command::Doctor { tenant: Some(house.admin.name.clone()), fix: false };
    let report = server.command(&doctor).await.unwrap();
    assert_eq!(report[0]["findings"], json!([]), "{report}");
    // Bytes without a row, and a row without bytes.
    let kept = server.blobs()?.into_iter().find(|path| path.contains("/blobs/")).unwrap();
    let lost = format!("{}{}", &kept[..kept.len() - 4], "0000");
    std::fs::rename(&kept, &lost)?;
    let report = server.command(&doctor).await.unwrap().to_string();
    assert!(report.contains("files/lost-bytes") && report.contains("files/unnamed-bytes"), "{report}");
    // Who asks for it hears that it is not there, by every way; nothing else changes.
    let lone = text(&brought(clerk, "lone.txt", "text/plain", b"soon without its bytes").await?["id"]);
    let mut place = None;
    for path in server.blobs()?.into_iter().filter(|path| path.contains("/blobs/")) {
        if std::fs::read(&path)? == b"soon without its bytes" {
            place = Some(path);
        }
    }
    let place = place.unwrap();
    let aside = format!("{}{}", &place[..place.len() - 4], "0001");
    std::fs::rename(&place, &aside)?;
    assert_eq!(status(clerk, &lone).await?, 404, "its bytes are gone");
    assert_eq!(clerk.request("HEAD", &format!("files/{lone}")).send(clerk.address).await?.status, 404);
    std::fs::rename(&aside, &place)?;
    assert_eq!(status(clerk, &lone).await?, 200);
    std::fs::rename(&lost, &kept)?;
    Ok(())
}

async fn erasing(server: &TestServer, house: &House) -> anyhow::Result<()> {
    let admin = &house.admin;
    let photo = text(&brought(admin, "face.png", "image/png", &[PNG, b"face"].concat()).await?["id"]);
    let made =
        admin.data("mutation ($f: ID) { createContact(input: { lastName: \"Li\", photo: $f }) { id } }", json!({ "f": photo })).await?;
    let id = text(&made["createContact"]["id"]);
    let exported = admin.metadata("query ($id: ID!) { exportPerson(object: \"contact\", id: $id) }", json!({ "id": id })).await?;
    assert_eq!(exported["exportPerson"]["files"][0]["name"], "face.png", "{exported}");
    let before = server.blobs()?.len();
    let erase = "mutation ($id: ID!) { erasePerson(object: \"contact\", id: $id, confirm: $id) { fields files } }"
        .replace("$id: ID!", "$id: ID!, $c: String!")
        .replace("confirm: $id", "confirm: $c");
    let erased = admin.metadata(&erase, json!({ "id": id, "c": id })).await?;
    assert_eq!(erased["erasePerson"]["files"], 1, "{erased}");
    assert_eq!(status(admin, &photo).await?, 404);
    assert_eq!(server.blobs()?.len(), before - 1, "the bytes are gone at once");
    Ok(())
}

async fn quota(house: &House) -> anyhow::Result<()> {
    const USAGE: &str = "{ usage { databaseBytes files fileBytes fileBytesMax } }";
    let before = house.admin.metadata(USAGE, json!({})).await?["usage"].take();
    brought(&house.admin, "counted.txt", "text/plain", b"0123456789").await?;
    let after = house.admin.metadata(USAGE, json!({})).await?["usage"].take();
    let number = |usage: &Value, name: &str| usage[name].as_u64().unwrap_or_default();
    assert_eq!(number(&after, "files"), number(&before, "files") + 1, "{after}");
    assert_eq!(number(&after, "fileBytes"), number(&before, "fileBytes") + 10, "{after}");
    assert!(number(&after, "databaseBytes") > 100_000 && number(&after, "fileBytesMax") == 3_000_000, "{after}");
    for at in 0..6_u8 {
        let answer = upload(&house.clerk, "attachment", "text/plain", &vec![b'a' + at; 900_000]).await?;
        if answer.status != 201 {
            let said = answer.json()?;
            assert_eq!((answer.status, &said["limit"], &said["max"]), (413, &json!("files_bytes"), &json!(3_000_000)), "{said}");
            let other = upload(&house.stranger, "attachment", "text/plain", &vec![b'a'; 900_000]).await?;
            assert_eq!(other.status, 201, "another tenant has room of its own");
            return Ok(());
        }
    }
    anyhow::bail!("there was room for everything")
}
