//! Files that are no packages, packages of nobody we trust, metadata that is not theirs: each refused by its name.

use serde_json::json;
use tenon_packages::{Bundle, SecretKey};
use tenon_tests::{Tenant, TestServer};

use super::house::{Package, ask, rule, upload};

pub(super) async fn all(server: TestServer, tenant: Tenant, _: Tenant) -> anyhow::Result<TestServer> {
    files(&tenant).await?;
    trust(&tenant).await?;
    names(&tenant).await?;
    needs(&tenant).await?;
    plugins(&tenant).await?;
    let listed = tenant.metadata("{ packages { name state } }", json!({})).await?;
    let installed: Vec<_> = listed["packages"].as_array().into_iter().flatten().filter(|one| one["state"] != "uploaded").collect();
    assert_eq!(installed, [&json!({ "name": "crm", "state": "installed" })], "nothing was half installed");
    Ok(server)
}

/// Status and rule (or limit) of an upload.
async fn told(tenant: &Tenant, file: Vec<u8>) -> anyhow::Result<(u16, String)> {
    let answer = upload(tenant, file).await?;
    let body = answer.json()?;
    let word = body["rule"].as_str().or_else(|| body["limit"].as_str()).unwrap_or_default().to_owned();
    Ok((answer.status, word))
}

async fn files(tenant: &Tenant) -> anyhow::Result<()> {
    let whole = Package::visits("1.0.0", "", "").signed();
    let mut flipped = whole.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    let cases: [(&str, Vec<u8>, u16); 5] = [
        ("package/not-a-package", Vec::new(), 400),
        ("package/not-a-package", b"PK\x03\x04 this is a zip".to_vec(), 400),
        ("package/truncated", whole[..whole.len() - 1].to_vec(), 400),
        ("package/damaged", flipped, 400),
        ("package_bytes", vec![0x28; 32 * 1024 * 1024 + 1], 413),
    ];
    for (word, file, status) in cases {
        assert_eq!(told(tenant, file).await?, (status, word.to_owned()));
    }
    let plain = tenant.request("POST", "packages").header("content-type", "text/plain").body(whole).send(tenant.address).await?;
    assert_eq!((plain.status, &plain.json()?["rule"]), (415, &json!("content_type")));
    Ok(())
}

async fn trust(tenant: &Tenant) -> anyhow::Result<()> {
    let files = || Package::visits("1.0.0", "", "").files;
    let unsigned = Bundle::pack(files())?.bytes()?;
    assert_eq!(told(tenant, unsigned).await?, (422, "package/unsigned".to_owned()));
    let stranger = Bundle::pack(files())?.signed(&SecretKey::generate()?).bytes()?;
    assert_eq!(told(tenant, stranger).await?, (422, "package/untrusted".to_owned()));
    let mut renamed = Package::visits("1.0.0", "", "");
    let manifest = String::from_utf8(renamed.files["package.yaml"].clone())?.replace("publisher: acme", "publisher: globex");
    renamed.text("package.yaml", &manifest);
    assert_eq!(told(tenant, renamed.signed()).await?, (422, "package/untrusted".to_owned()));

    // A version says the same for ever.
    assert_eq!(upload(tenant, Package::visits("1.0.0", "", "").signed()).await?.status, 201);
    assert_eq!(upload(tenant, Package::visits("1.0.0", "", "").signed()).await?.status, 201);
    let other = Package::visits("1.0.0", "", "  more: { type: text, label: { en: More, zh: 更多 } }\n").signed();
    assert_eq!(told(tenant, other).await?, (409, "package/version-taken".to_owned()));
    Ok(())
}

/// What a package names that is not its own stops its installation, and all of it is said at once.
async fn names(tenant: &Tenant) -> anyhow::Result<()> {
    let mut greedy = Package::visits("2.0.0", "", "");
    greedy.text(
        "objects/opportunity/object.yaml",
        "format: tenon/v1\nobject: opportunity\nfields:\n  mood: { type: text, label: { en: Mood, zh: 心情 } }\n",
    );
    greedy.text(
        "objects/visit/object.yaml",
        "format: tenon/v1\nobject: visit\nlabel: { en: Visit, zh: 拜访 }\nfields:\n  name: { type: text, label: { en: Name, zh: 名称 } }\n",
    );
    greedy.text("roles/boss.yaml", "format: tenon/v1\nrole: boss\nlabel: { en: Boss, zh: 老板 }\n");
    assert_eq!(upload(tenant, greedy.signed()).await?.status, 201);
    let refused = ask(tenant, "mutation { installPackage(package: \"acme_visits\", version: \"2.0.0\") { version } }").await?;
    let strays: Vec<_> = refused["errors"].as_array().into_iter().flatten().map(|one| &one["extensions"]["element"]).collect();
    assert_eq!(rule(&refused), "package/namespace", "{refused}");
    assert_eq!(strays.len(), 3, "{refused}");

    let mut shy = Package::visits("2.0.1", "", "");
    let manifest = String::from_utf8(shy.files["package.yaml"].clone())?.replace("requires: { crm: \"^1.0\" }\n", "");
    shy.text("package.yaml", &manifest);
    assert_eq!(upload(tenant, shy.signed()).await?.status, 201);
    let refused = ask(tenant, "mutation { installPackage(package: \"acme_visits\", version: \"2.0.1\") { version } }").await?;
    assert_eq!(rule(&refused), "package/not-required", "{refused}");

    let mut crm = Package::visits("1.0.0", "", "");
    crm.files.retain(|path, _| path == "package.yaml");
    crm.text("package.yaml", "format: tenon/v1\npackage: crm\npublisher: acme\nversion: 9.0.0\nlabel: { en: CRM, zh: CRM }\n");
    assert_eq!(told(tenant, crm.signed()).await?, (400, "package/reserved".to_owned()));
    Ok(())
}

async fn needs(tenant: &Tenant) -> anyhow::Result<()> {
    let bare = |name: &str, more: &str| {
        let mut package = Package::visits("1.0.0", "", "");
        package.files.retain(|path, _| path == "package.yaml");
        package.text(
            "package.yaml",
            &format!("format: tenon/v1\npackage: {name}\npublisher: acme\nversion: 1.0.0\nlabel: {{ en: A, zh: A }}\n{more}"),
        );
        package.signed()
    };
    for (name, more, word) in [
        ("acme_a", "requires: { acme_missing: \"^1.0\" }\n", "package/requires"),
        ("acme_b", "requires: { crm: \"^7.0\" }\n", "package/requires"),
        ("acme_c", "platform: \">=9.0\"\n", "package/platform"),
    ] {
        assert_eq!(upload(tenant, bare(name, more)).await?.status, 201);
        let refused = ask(tenant, &format!("mutation {{ installPackage(package: \"{name}\") {{ version }} }}")).await?;
        assert_eq!(rule(&refused), word, "{refused}");
    }
    for (more, word) in [("platform: soon\n", "package/manifest"), ("grants: { telepathy: true }\n", "package/manifest")] {
        assert_eq!(told(tenant, bare("acme_d", more)).await?, (400, word.to_owned()));
    }
    let missing = ask(tenant, "mutation { installPackage(package: \"nothing\") { version } }").await?;
    assert_eq!(missing["errors"][0]["extensions"]["code"], "NOT_FOUND", "{missing}");
    let back = ask(tenant, "mutation { rollbackPackage(package: \"nothing\") { version } }").await?;
    assert_eq!(rule(&back), "package/not-installed");
    Ok(())
}

/// Plugins that ask for more than there is, before anything of them has run: by the function, and by the number.
async fn plugins(tenant: &Tenant) -> anyhow::Result<()> {
    for (name, word, says) in
        [("tables", "plugin/contract", "no room for it in size `small`"), ("greedy", "plugin/not-granted", "acme:files/disk@1.0.0#read")]
    {
        let refused = upload(tenant, Package::of_plugin(name, "1.0.0", "")?.signed()).await?;
        let body = refused.json()?;
        assert_eq!((refused.status, &body["rule"]), (400, &json!(word)), "{name}: {body}");
        assert!(body.to_string().contains(says), "{name}: {body}");
    }
    Ok(())
}
