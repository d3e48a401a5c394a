//! The mapping file: which column of a file goes where. Grammar: docs/api.md.

use indexmap::IndexMap;
use tenon_diagnostics::{InputPath, Problem, Problems, nearest};
use tenon_query::OnMatch;
use tenon_value::{Json, JsonMap};

/// Columns of a mapping at most.
const COLUMNS_MAX: usize = 1_000;

/// Bytes of a file as text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, a byte order mark dropped.
    #[default]
    Utf8,
    /// GBK, as spreadsheets in China save it.
    Gbk,
}

/// How cells are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reading {
    /// None: guessed from the file.
    pub(crate) encoding: Option<Encoding>,
    pub(crate) delimiter: u8,
    /// `strftime`-like; none: ISO 8601.
    pub(crate) date: Option<String>,
    pub(crate) decimal: char,
    pub(crate) zone: Option<String>,
}

/// What an unknown key of a relation does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Missing {
    /// The row fails.
    #[default]
    Error,
    /// The relation stays empty; counted.
    Empty,
    /// A record with that key is made.
    Create,
}

/// One target of a column.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Aim {
    pub(crate) to: String,
    pub(crate) by: Option<String>,
    pub(crate) replace: IndexMap<String, String>,
    pub(crate) missing: Missing,
    pub(crate) with: Vec<(String, String)>,
    /// An empty cell clears.
    pub(crate) clear: bool,
}

/// A checked mapping file; not yet bound to an object's fields.
#[derive(Clone, Debug, PartialEq)]
pub struct Mapping {
    pub(crate) object: String,
    pub(crate) reading: Reading,
    pub(crate) matching: Option<String>,
    pub(crate) on_match: OnMatch,
    /// Column → its targets; none: skipped.
    pub(crate) columns: IndexMap<String, Vec<Aim>>,
    /// Target → the two columns between which days are counted.
    pub(crate) compute: Vec<(String, [String; 2])>,
}

impl Mapping {
    /// The object whose records the file holds.
    #[must_use]
    pub fn object(&self) -> &str {
        &self.object
    }

    /// The same mapping, with another answer to records that are there.
    #[must_use]
    pub fn on_match(mut self, on_match: OnMatch) -> Self {
        self.on_match = on_match;
        self
    }

    /// Reads a mapping from the JSON of its file.
    ///
    /// # Errors
    /// All that is wrong with it, each with the path of its key.
    pub fn from_json(file: &Json) -> Result<Self, Problems> {
        let mut reader = Reader::default();
        let mapping = reader.mapping(file);
        reader.problems.into_result().map(|()| mapping)
    }
}

/// A problem of a mapping file.
pub(crate) fn wrong(rule: &'static str, en: impl Into<String>, zh: impl Into<String>, path: &InputPath) -> Problem {
    Problem::invalid(rule, en, zh).at(path.clone())
}

impl Reading {
    /// How a file is read of which nothing is said, with this delimiter.
    pub(crate) const fn plain(delimiter: u8) -> Self {
        Self { encoding: None, delimiter, date: None, decimal: '.', zone: None }
    }
}

#[derive(Default)]
struct Reader {
    problems: Problems,
}

impl Reader {
    fn mapping(&mut self, file: &Json) -> Mapping {
        let root = InputPath::default();
        let members = self.object(file, &root);
        self.keys(&members, &["format", "mapping", "read", "match", "on_match", "columns", "compute"], &root);
        if members.get("format").and_then(Json::as_str) != Some("tenon/v1") {
            self.wrong("import/format", "the first line is `format: tenon/v1`", "第一行必须是 `format: tenon/v1`", &root.key("format"));
        }
        let columns = members.get("columns").cloned().unwrap_or_default();
        let compute = members.get("compute").cloned().unwrap_or_else(|| Json::Object(JsonMap::new()));
        Mapping {
            object: self.text(members.get("mapping"), &root.key("mapping")),
            reading: self.reading(members.get("read"), &root.key("read")),
            matching: members.get("match").map(|key| self.text(Some(key), &root.key("match"))),
            on_match: self.word(members.get("on_match"), &[("update", OnMatch::Update), ("skip", OnMatch::Skip)], &root.key("on_match")),
            columns: self.columns(&columns, &root.key("columns")),
            compute: self.compute(&compute, &root.key("compute")),
        }
    }

    fn reading(&mut self, read: Option<&Json>, path: &InputPath) -> Reading {
        let empty = Json::Object(JsonMap::new());
        let members = self.object(read.unwrap_or(&empty), path);
        self.keys(&members, &["encoding", "delimiter", "date", "decimal", "zone"], path);
        let delimiter = members.get("delimiter").map_or_else(|| ",".to_owned(), |text| self.text(Some(text), &path.key("delimiter")));
        // Bytes from 0x40 on may be the second half of a GBK letter.
        let delimiter = match delimiter.as_bytes() {
            [byte] if *byte < 0x40 && *byte != b'"' => *byte,
            _ => {
                self.wrong(
                    "import/delimiter",
                    "`delimiter` is one of , ; or a tab",
                    "`delimiter` 应为逗号、分号或制表符",
                    &path.key("delimiter"),
                );
                b','
            }
        };
        Reading {
            encoding: members.contains_key("encoding").then(|| {
                let words = [("utf-8", Encoding::Utf8), ("utf8", Encoding::Utf8), ("gbk", Encoding::Gbk)];
                self.word(members.get("encoding"), &words, &path.key("encoding"))
            }),
            delimiter,
            date: members.get("date").map(|text| self.text(Some(text), &path.key("date"))),
            decimal: if self.word(members.get("decimal"), &[(".", false), (",", true)], &path.key("decimal")) { ',' } else { '.' },
            zone: members.get("zone").map(|text| self.text(Some(text), &path.key("zone"))),
        }
    }

    fn columns(&mut self, columns: &Json, path: &InputPath) -> IndexMap<String, Vec<Aim>> {
        let members = self.object(columns, path);
        if members.is_empty() || members.len() > COLUMNS_MAX {
            self.wrong(
                "import/columns",
                format!("`columns` names 1 to {COLUMNS_MAX} columns"),
                format!("`columns` 必须包含 1 到 {COLUMNS_MAX} 列"),
                path,
            );
        }
        members.iter().map(|(column, aims)| (column.clone(), self.column(aims, &path.key(column.clone())))).collect()
    }

    fn column(&mut self, column: &Json, path: &InputPath) -> Vec<Aim> {
        match column {
            Json::String(word) if word == "skip" => Vec::new(),
            Json::Array(aims) => aims.iter().enumerate().map(|(at, aim)| self.aim(aim, &path.index(at))).collect(),
            one => vec![self.aim(one, path)],
        }
    }

    fn aim(&mut self, aim: &Json, path: &InputPath) -> Aim {
        if let Json::String(to) = aim {
            return Aim { to: to.clone(), ..Aim::default() };
        }
        let members = self.object(aim, path);
        self.keys(&members, &["to", "by", "replace", "missing", "with", "empty"], path);
        let empty = Json::Object(JsonMap::new());
        let pairs = |reader: &mut Self, name: &'static str| {
            let at = path.key(name);
            let pairs = reader.object(members.get(name).unwrap_or(&empty), &at);
            pairs.iter().map(|(key, value)| (key.clone(), reader.text(Some(value), &at.key(key.clone())))).collect::<Vec<_>>()
        };
        Aim {
            replace: pairs(self, "replace").into_iter().collect(),
            with: pairs(self, "with"),
            to: self.text(members.get("to"), &path.key("to")),
            by: members.get("by").map(|by| self.text(Some(by), &path.key("by"))),
            missing: self.word(
                members.get("missing"),
                &[("error", Missing::Error), ("empty", Missing::Empty), ("create", Missing::Create)],
                &path.key("missing"),
            ),
            clear: self.word(members.get("empty"), &[("keep", false), ("clear", true)], &path.key("empty")),
        }
    }

    fn compute(&mut self, compute: &Json, path: &InputPath) -> Vec<(String, [String; 2])> {
        let members = self.object(compute, path);
        let mut computed = Vec::new();
        for (target, function) in &members {
            let at = path.key(target.clone());
            let function = self.object(function, &at);
            self.keys(&function, &["days_between"], &at);
            match function.get("days_between").and_then(Json::as_array).map(Vec::as_slice) {
                Some([Json::String(from), Json::String(to)]) => computed.push((target.clone(), [from.clone(), to.clone()])),
                _ => self.wrong(
                    "import/compute",
                    "write `days_between: [first column, second column]`",
                    "应写作 `days_between: [第一列, 第二列]`",
                    &at,
                ),
            }
        }
        computed
    }

    fn object(&mut self, json: &Json, path: &InputPath) -> JsonMap<String, Json> {
        if let Json::Object(members) = json {
            return members.clone();
        }
        self.wrong("import/type", "a mapping of names is expected here", "此处应为键值映射", path);
        JsonMap::new()
    }

    fn text(&mut self, json: Option<&Json>, path: &InputPath) -> String {
        match json {
            Some(Json::String(text)) => text.clone(),
            Some(Json::Number(number)) => number.to_string(),
            Some(_) => {
                self.wrong("import/type", "a text is expected here", "此处应为文本", path);
                String::new()
            }
            None => {
                self.wrong("required", "this key is missing", "缺少此键", path);
                String::new()
            }
        }
    }

    fn word<T: Copy + Default>(&mut self, json: Option<&Json>, words: &[(&str, T)], path: &InputPath) -> T {
        let Some(json) = json else { return T::default() };
        let found = json.as_str().and_then(|word| words.iter().find(|(known, _)| known.eq_ignore_ascii_case(word)));
        if let Some((_, value)) = found {
            return *value;
        }
        let known = words.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ");
        self.wrong("import/word", format!("this is one of: {known}"), format!("可选值:{known}"), path);
        T::default()
    }

    fn keys(&mut self, members: &JsonMap<String, Json>, known: &[&str], path: &InputPath) {
        for key in members.keys().filter(|key| !known.contains(&key.as_str())) {
            let hint = nearest(key, known.iter().copied());
            let (en, zh) = hint.map_or_else(Default::default, |hint| (format!(", did you mean `{hint}`"), format!(",是否想写 `{hint}`")));
            self.wrong("import/unknown_key", format!("there is no key `{key}`{en}"), format!("没有键 `{key}`{zh}"), &path.key(key.clone()));
        }
    }

    fn wrong(&mut self, rule: &'static str, en: impl Into<String>, zh: impl Into<String>, path: &InputPath) {
        self.problems.push(wrong(rule, en, zh, path));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_mapping_is_read_whole() {
        let mapping = Mapping::from_json(&json!({
            "format": "tenon/v1", "mapping": "opportunity", "read": { "date": "%d-%m-%y" }, "match": "external_id.maven",
            "columns": { "id": "external_id.maven", "quarter": "skip", "product": { "to": "product", "by": "name", "replace": { "GTXPro": "GTX Pro" }, "missing": "empty" } },
            "compute": { "days_to_close": { "days_between": ["engaged", "closed"] } }
        }));
        let mapping = mapping.unwrap();
        assert_eq!(mapping.object(), "opportunity");
        assert_eq!(mapping.columns["quarter"], Vec::new());
        assert_eq!(mapping.columns["product"][0].missing, Missing::Empty);
        assert_eq!(mapping.compute, [("days_to_close".to_owned(), ["engaged".to_owned(), "closed".to_owned()])]);
    }

    #[test]
    fn all_mistakes_are_said_at_once() {
        let problems = Mapping::from_json(
            &json!({ "format": "v2", "maping": "x", "columns": { "a": { "to": 1.5, "bye": "x" }, "b": [] }, "on_match": "merge" }),
        );
        let problems = problems.unwrap_err();
        let rules: Vec<&str> = problems.as_slice().iter().filter_map(|problem| problem.rule.as_deref()).collect();
        assert_eq!(rules, ["import/unknown_key", "import/format", "required", "import/word", "import/unknown_key"]);
    }
}
