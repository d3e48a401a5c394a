//! `examples/02-import-a-real-pipeline`, run as its README says and compared with its `expected.json`.
//!
//! The example's own files are read, so that what stands in the example is what is tested. The data set is not ours:
//! `TENON_REAL_DATA` names its folder.

mod answers;

use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use serde_json::{Value, json};

use crate::matching::match_part;
use crate::server::not_run;
use crate::{Names, Setting, Tenant, TestServer};

/// The imports of the README, in its order: the name in `expected.json`, the object, the mapping, the file.
const IMPORTS: [(&str, &str, &str); 6] = [
    ("managers", "user", "sales_teams.csv"),
    ("users", "user", "sales_teams.csv"),
    ("products", "product", "products.csv"),
    ("accounts", "account", "accounts.csv"),
    ("subsidiaries", "account", "accounts.csv"),
    ("opportunities", "opportunity", "sales_pipeline.csv"),
];

/// The example and the data it is run on.
#[derive(Clone, Debug)]
pub struct RealPipeline {
    example: PathBuf,
    data: PathBuf,
}

impl RealPipeline {
    /// The example with the data the environment names; without, says `NOT RUN: real pipeline`.
    ///
    /// # Errors
    /// When the data is missing and `TENON_REAL_DATA_REQUIRED=1`.
    pub fn find(setting: &Setting) -> anyhow::Result<Option<Self>> {
        let example = Setting::repository().join("examples/02-import-a-real-pipeline");
        match &setting.real_data {
            Some(data) if data.is_dir() => Ok(Some(Self { example, data: data.clone() })),
            Some(data) => bail!("TENON_REAL_DATA names no folder: {}", data.display()),
            None if setting.real_data_required => bail!("TENON_REAL_DATA is not set, and TENON_REAL_DATA_REQUIRED is"),
            None => {
                not_run("real pipeline");
                Ok(None)
            }
        }
    }

    fn read(&self, file: &str) -> anyhow::Result<String> {
        let path = self.example.join(file);
        std::fs::read_to_string(&path).with_context(|| path.display().to_string())
    }
}

/// Imports everything, twice, and asks the questions.
///
/// # Errors
/// The first number that is not as expected.
pub async fn run(server: &TestServer, pipeline: &RealPipeline) -> anyhow::Result<()> {
    let expected: Value = serde_json::from_str(&pipeline.read("expected.json")?)?;
    let tenant = server.tenant(Some("America/New_York"), Some("en"), Some("USD")).await?;
    tenant.apply(&metadata(&pipeline.example.join("metadata"))?).await.context("the example's metadata")?;
    for import in &IMPORTS {
        let report = import_one(&tenant, pipeline, import).await.with_context(|| format!("import {}", import.0))?;
        let wanted = expected["imports"].get(import.0).with_context(|| format!("expected.json has no imports.{}", import.0))?;
        match_part(wanted, &report, &mut Names::default())
            .map_err(|mismatch| anyhow::anyhow!("import {}: {mismatch}; report {report}", import.0))?;
        if import.0 == "opportunities" {
            replaced(&expected, &report)?;
        }
    }
    answers::check(&tenant, pipeline, &expected).await?;
    again(&tenant, pipeline).await
}

/// A second run of an import changes nothing.
async fn again(tenant: &Tenant, pipeline: &RealPipeline) -> anyhow::Result<()> {
    for import in IMPORTS.iter().filter(|import| matches!(import.0, "products" | "subsidiaries")) {
        let report = import_one(tenant, pipeline, import).await.with_context(|| format!("import {} again", import.0))?;
        ensure!(report["created"] == 0 && report["updated"] == 0 && report["failed"] == 0, "import {} again: {report}", import.0);
    }
    Ok(())
}

async fn import_one(tenant: &Tenant, pipeline: &RealPipeline, import: &(&str, &str, &str)) -> anyhow::Result<Value> {
    let (name, object, file) = import;
    let mapping = pipeline.read(&format!("mappings/{name}.yaml"))?;
    let data = std::fs::read(pipeline.data.join(file)).with_context(|| (*file).to_owned())?;
    let (report, errors) = tenant.import(object, &mapping, (file, &data), false).await?;
    ensure!(report.get("failed") == Some(&json!(0)), "{report}\n{}", errors.lines().take(5).collect::<Vec<_>>().join("\n"));
    Ok(report)
}

/// The two spellings of one product are handled by the mapping and reported.
fn replaced(expected: &Value, report: &Value) -> anyhow::Result<()> {
    let wanted = expected["imports"]["replaced"].as_array().cloned().unwrap_or_default();
    let found = report.get("replaced").and_then(Value::as_array).cloned().unwrap_or_default();
    for one in wanted {
        ensure!(found.contains(&one), "the report does not name {one}; it has {found:?}");
    }
    Ok(())
}

/// Every metadata file below a folder, with its path relative to it.
fn metadata(folder: &Path) -> anyhow::Result<Vec<(String, String)>> {
    let mut files = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(&next).with_context(|| next.display().to_string())? {
            let path = entry?.path();
            if path.is_dir() {
                open.push(path);
            } else {
                files.push((path.strip_prefix(folder)?.display().to_string(), std::fs::read_to_string(&path)?));
            }
        }
    }
    files.sort();
    Ok(files)
}
