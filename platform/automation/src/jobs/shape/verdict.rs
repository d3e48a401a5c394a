//! What becomes of each record, and which stand in the way.

use serde_json::json;
use tenon_diagnostics::{Message, Problem};
use tenon_model::{Object, UniqueKey};
use tenon_packages::Shaping;
use tenon_records::coerce::converted;
use tenon_store::{ShapeFound, ShapeRow};
use tenon_value::{Json, Uuid, Value};

/// Records named as samples (`shape_samples`).
const SAMPLES_MAX: usize = 20;

/// Records that stand in the way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Findings {
    /// How many.
    pub(super) count: u64,
    samples: Vec<Uuid>,
    /// The rule that the first of them breaks, and why, in both languages.
    rule: String,
    why: (String, String),
}

impl Findings {
    pub(super) fn of_json(json: &Json) -> Self {
        let text = |key: &str| json.get(key).and_then(Json::as_str).unwrap_or_default().to_owned();
        let ids = json.get("samples").and_then(Json::as_array).into_iter().flatten();
        Self {
            count: json.get("count").and_then(Json::as_u64).unwrap_or_default(),
            samples: ids.filter_map(|id| id.as_str()?.parse().ok()).collect(),
            rule: text("rule"),
            why: (text("en"), text("zh")),
        }
    }

    pub(super) fn to_json(&self) -> Json {
        if self.count == 0 {
            return Json::Null;
        }
        json!({ "count": self.count, "samples": self.ids(), "rule": self.rule, "en": self.why.0, "zh": self.why.1 })
    }

    fn ids(&self) -> Vec<String> {
        self.samples.iter().map(Uuid::to_string).collect()
    }

    fn add(&mut self, id: Uuid, problem: &Problem) {
        if self.count == 0 {
            self.rule = problem.rule.as_deref().unwrap_or_default().to_owned();
            self.why = (problem.message.en.clone(), problem.message.zh.clone());
        }
        self.count += 1;
        if self.samples.len() < SAMPLES_MAX {
            self.samples.push(id);
        }
    }

    /// Sets of records that agree in a key.
    pub(super) fn equal(&mut self, object: &Object, key: &UniqueKey, found: &ShapeFound) {
        if found.count == 0 {
            return;
        }
        let name = &key.name;
        let en = format!("several records of `{}` have the same `{name}`", object.name);
        let problem = Problem::invalid("unique", en, format!("`{}` 的多条记录 `{name}` 相同", object.name));
        for id in &found.samples {
            self.add(*id, &problem);
        }
        self.count = self.count.max(found.count);
    }

    /// What people are told; none where nothing stands in the way. Records are named to who sees all of them.
    pub(super) fn problem(&self, work: &Shaping, names: bool) -> Option<Problem> {
        let rule: &'static str = match self.rule.as_str() {
            _ if self.count == 0 => return None,
            "required" => "required",
            "unique" => "unique",
            "scale" => "scale",
            "range" => "range",
            "min" => "min",
            "max" => "max",
            "length" => "length",
            "pattern" => "pattern",
            "choice" => "choice",
            "offset_required" => "offset_required",
            _ => "type",
        };
        let ids = if names { self.ids() } else { Vec::new() };
        let some: Vec<&str> = ids.iter().take(3).map(String::as_str).collect();
        let some = if names { format!(" ({} …)", some.join(", ")) } else { String::new() };
        let count = self.count;
        let en = format!("{count} records stand in the way{some}: {}", self.why.0);
        let zh = format!("{count} 条记录不符合{some}:{}", self.why.1);
        let problem = Problem { message: Message::new(en, zh), ..Problem::invalid(rule, "", "") };
        let problem = problem.object(work.objects.1.name.as_str()).with("violations", count).with("samples", ids);
        Some(match &work.fields {
            Some((_, field)) => problem.field(field.name.as_str()),
            None => problem,
        })
    }
}

/// What the columns to come are to hold of each row; what stands in the way is added to the findings.
pub(super) fn settled(work: &Shaping, fills: bool, rows: &[ShapeRow], findings: &mut Findings) -> Vec<(Uuid, Value)> {
    let mut written = Vec::new();
    for row in rows {
        match settle(work, fills, row) {
            Ok(Some(value)) => written.push((row.id, value)),
            Ok(None) => {}
            Err(problem) => findings.add(row.id, &problem),
        }
    }
    written
}

fn settle(work: &Shaping, fills: bool, row: &ShapeRow) -> Result<Option<Value>, Box<Problem>> {
    let (value, writes) = match &work.fields {
        Some((old, new)) if work.converts => (converted(old, new, &row.value, &work.now.settings)?, true),
        Some((_, new)) if fills && row.value.is_null() => (new.default.clone(), true),
        _ => (row.value.clone(), false),
    };
    if work.required && row.live && value.is_null() {
        return Err(Box::new(Problem::invalid("required", "it is empty", "值为空")));
    }
    Ok(writes.then_some(value))
}
