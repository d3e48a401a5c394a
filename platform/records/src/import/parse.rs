//! From the JSON of a mapping file to a [`Mapping`]. All mistakes are reported at once, each with its place.

use std::collections::HashMap;

use tenon_diagnostics::{InputPath, Problem, Problems, nearest};
use tenon_query::OnMatch;
use tenon_value::{Json, JsonMap};

use super::mapping::{Column, Empty, Encoding, Mapping, MatchBy, Missing, Reading};

type Members = JsonMap<String, Json>;

impl Mapping {
    /// The mapping in a file's JSON (YAML files are turned into it by the compiler's reader).
    ///
    /// # Errors
    /// All that is wrong with the file in itself; what it says of objects and columns is checked by the import.
    pub fn from_json(json: &Json) -> Result<Self, Problems> {
        let mut reader = Reader::default();
        let mapping = reader.mapping(json);
        match mapping {
            Some(mapping) if reader.problems.is_empty() => Ok(mapping),
            _ => Err(reader.problems),
        }
    }
}

#[derive(Default)]
struct Reader {
    problems: Problems,
}

const TOP: [&str; 7] = ["format", "mapping", "read", "match", "on_match", "columns", "compute"];
const READ: [&str; 5] = ["encoding", "delimiter", "date", "decimal", "zone"];
const COLUMN: [&str; 6] = ["to", "by", "replace", "missing", "with", "empty"];

impl Reader {
    fn mapping(&mut self, json: &Json) -> Option<Mapping> {
        let root = InputPath::default();
        let members = self.members(json, &root)?;
        self.known(members, &TOP, &root);
        if members.get("format").and_then(Json::as_str) != Some("tenon/v1") {
            self.say("import/format", &root.key("format"), "the file begins with `format: tenon/v1`", "文件须以 `format: tenon/v1` 开头");
        }
        let object = self.text(members, "mapping", &root);
        if object.is_none() {
            self.say("import/object", &root.key("mapping"), "`mapping` names the object", "`mapping` 须写明对象");
        }
        let read = members.get("read").map_or_else(Reading::default, |read| self.reading(read, &root.key("read")));
        let match_by = self.text(members, "match", &root).map(|text| match text.strip_prefix("external_id.") {
            Some(system) => MatchBy::External(system.to_owned()),
            None if text == "id" => MatchBy::Id,
            None => MatchBy::Key(text),
        });
        let on_match = self.word(members, "on_match", &root, &[("update", OnMatch::Update), ("skip", OnMatch::Skip)]).unwrap_or_default();
        let columns = self.columns(members, &root.key("columns"));
        let compute = self.compute(members, &root.key("compute"));
        Some(Mapping { object: object?, read, match_by, on_match, columns, compute })
    }

    fn reading(&mut self, json: &Json, path: &InputPath) -> Reading {
        let mut reading = Reading::default();
        let Some(members) = self.members(json, path) else { return reading };
        self.known(members, &READ, path);
        let words = [("utf-8", Encoding::Utf8), ("utf8", Encoding::Utf8), ("gbk", Encoding::Gbk), ("gb18030", Encoding::Gbk)];
        reading.encoding = self.word(members, "encoding", path, &words).unwrap_or_default();
        if let Some(text) = self.text(members, "delimiter", path) {
            match text.as_bytes() {
                [one] if *one != b'"' && *one != b'\n' && *one != b'\r' => reading.delimiter = *one,
                _ => self.say("import/delimiter", &path.key("delimiter"), "the delimiter is one ASCII character", "分隔符须为一个 ASCII 字符"),
            }
        }
        reading.date = self.text(members, "date", path);
        if let Some(pattern) = &reading.date
            && super::date::Pattern::parse(pattern).is_none()
        {
            self.say(
                "import/date",
                &path.key("date"),
                "a date pattern has %d, %m and %Y or %y, perhaps %H %M %S, and what stands between",
                "日期格式须含 %d、%m 和 %Y 或 %y,可含 %H %M %S 及其间的符号",
            );
        }
        reading.decimal = self.word(members, "decimal", path, &[(".", '.'), (",", ',')]).unwrap_or('.');
        reading.zone = self.text(members, "zone", path);
        if reading.zone.as_deref().is_some_and(|zone| jiff::tz::TimeZone::get(zone).is_err()) {
            self.say("import/zone", &path.key("zone"), "the zone is an IANA name such as Asia/Shanghai", "时区须为 IANA 名称,例如 Asia/Shanghai");
        }
        reading
    }

    fn columns(&mut self, members: &Members, path: &InputPath) -> Vec<(String, Vec<Column>)> {
        let Some(columns) = members.get("columns").and_then(Json::as_object).filter(|columns| !columns.is_empty()) else {
            self.say("import/columns", path, "`columns` says where at least one column goes", "`columns` 至少须说明一列");
            return Vec::new();
        };
        columns
            .iter()
            .map(|(header, json)| {
                let path = path.key(header.clone());
                let targets = match json {
                    Json::String(skip) if skip == "skip" => Vec::new(),
                    Json::Array(list) => list.iter().enumerate().filter_map(|(at, json)| self.column(json, &path.index(at))).collect(),
                    json => self.column(json, &path).into_iter().collect(),
                };
                // YAML cannot tell where a header has blanks around it; neither do we.
                (header.trim().to_owned(), targets)
            })
            .collect()
    }

    fn column(&mut self, json: &Json, path: &InputPath) -> Option<Column> {
        if let Json::String(to) = json {
            if to == "skip" {
                self.say("import/target", path, "`skip` stands alone", "`skip` 须单独使用");
                return None;
            }
            return Some(Column { to: to.clone(), ..Column::default() });
        }
        let members = self.members(json, path)?;
        self.known(members, &COLUMN, path);
        let to = self.text(members, "to", path);
        if to.is_none() {
            self.say("import/target", &path.key("to"), "`to` says where the column goes", "`to` 须写明目标");
        }
        let missing = [("error", Missing::Error), ("empty", Missing::Empty), ("create", Missing::Create)];
        Some(Column {
            to: to?,
            by: self.text(members, "by", path),
            replace: self.texts(members, "replace", path).into_iter().collect::<HashMap<_, _>>(),
            missing: self.word(members, "missing", path, &missing).unwrap_or_default(),
            with: self.texts(members, "with", path),
            empty: self.word(members, "empty", path, &[("keep", Empty::Keep), ("clear", Empty::Clear)]).unwrap_or_default(),
        })
    }

    fn compute(&mut self, members: &Members, path: &InputPath) -> Vec<(String, [String; 2])> {
        let Some(json) = members.get("compute") else { return Vec::new() };
        let Some(functions) = self.members(json, path) else { return Vec::new() };
        let mut computed = Vec::new();
        for (target, json) in functions {
            let arguments = json.as_object().filter(|function| function.len() == 1).and_then(|function| function.get("days_between")).and_then(Json::as_array);
            match arguments.map(Vec::as_slice) {
                Some([Json::String(from), Json::String(to)]) => computed.push((target.clone(), [from.clone(), to.clone()])),
                _ => self.say(
                    "import/compute",
                    &path.key(target.clone()),
                    "the only function is `days_between: [column, column]`",
                    "目前只支持 `days_between: [列, 列]`",
                ),
            }
        }
        computed
    }

    fn members<'j>(&mut self, json: &'j Json, path: &InputPath) -> Option<&'j Members> {
        if json.as_object().is_none() {
            self.say("import/type", path, "a mapping of names is expected here", "此处应为键值映射");
        }
        json.as_object()
    }

    fn known(&mut self, members: &Members, keys: &[&'static str], path: &InputPath) {
        for key in members.keys().filter(|key| !keys.contains(&key.as_str())) {
            let help = nearest(key, keys.iter().copied()).map_or_else(String::new, |key| format!(", did you mean `{key}`?"));
            let help_zh = nearest(key, keys.iter().copied()).map_or_else(String::new, |key| format!(",是否为 `{key}`?"));
            self.say("import/unknown_key", &path.key(key.clone()), format!("there is no key `{key}`{help}"), format!("没有 `{key}` 这个键{help_zh}"));
        }
    }

    fn text(&mut self, members: &Members, key: &'static str, path: &InputPath) -> Option<String> {
        match members.get(key)? {
            Json::String(text) => Some(text.clone()),
            _ => {
                self.say("import/type", &path.key(key), format!("`{key}` is a text"), format!("`{key}` 应为文本"));
                None
            }
        }
    }

    fn texts(&mut self, members: &Members, key: &'static str, path: &InputPath) -> Vec<(String, String)> {
        let Some(json) = members.get(key) else { return Vec::new() };
        let path = path.key(key);
        let Some(pairs) = self.members(json, &path) else { return Vec::new() };
        let mut texts = Vec::with_capacity(pairs.len());
        for (from, to) in pairs {
            match to {
                Json::String(to) => texts.push((from.clone(), to.clone())),
                // `true` and numbers are what YAML makes of unquoted words; the file meant the text.
                Json::Number(_) | Json::Bool(_) => texts.push((from.clone(), to.to_string())),
                Json::Null => texts.push((from.clone(), String::new())),
                _ => self.say("import/type", &path.key(from.clone()), "keys and values are texts", "键和值都应为文本"),
            }
        }
        texts
    }

    fn word<T: Copy>(&mut self, members: &Members, key: &'static str, path: &InputPath, words: &[(&'static str, T)]) -> Option<T> {
        let text = self.text(members, key, path)?;
        let found = words.iter().find(|(word, _)| word.eq_ignore_ascii_case(&text)).map(|(_, value)| *value);
        if found.is_none() {
            let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            let known = known.join(", ");
            self.say("import/type", &path.key(key), format!("`{key}` is one of: {known}"), format!("`{key}` 应为其一:{known}"));
        }
        found
    }

    fn say(&mut self, rule: &'static str, path: &InputPath, en: impl Into<String>, zh: impl Into<String>) {
        self.problems.push(Problem::invalid(rule, en, zh).at(path.clone()));
    }
}
