//! Ties a mapping to the model and to the columns of a file. All that is wrong is said before the first row.

use std::collections::{HashMap, HashSet};

use tenon_diagnostics::{InputPath, Problem, Problems, nearest};
use tenon_model::{Field, FieldIx, FieldKind, Model, Object, ObjectIx, Part, Relation, RelationIx, RelationShape, UniquePart};
use tenon_query::{OnMatch, Target};
use tenon_value::fold;

use super::date::Pattern;
use super::mapping::{Column, Empty, Mapping, MatchBy, Missing};

/// By what a related record is found.
#[derive(Clone, Debug)]
pub(crate) enum By {
    Id,
    External(String),
    /// A unique key of one field, and that field.
    Unique(usize, FieldIx),
}

/// A relation that a column sets.
#[derive(Clone, Debug)]
pub(crate) struct ToOne {
    pub(crate) relation: RelationIx,
    pub(crate) target: ObjectIx,
    pub(crate) by: By,
    pub(crate) missing: Missing,
}

/// Where a cell goes.
#[derive(Clone, Debug)]
pub(crate) enum Sink {
    Field(FieldIx),
    Part(FieldIx, Part),
    One(ToOne),
    External(String),
    Id,
}

/// One way of a cell, bound.
#[derive(Clone, Debug)]
pub(crate) struct Way {
    pub(crate) sink: Sink,
    pub(crate) replace: HashMap<String, String>,
    pub(crate) with: Vec<(Part, String)>,
    pub(crate) empty: Empty,
}

/// A column, bound.
#[derive(Clone, Debug)]
pub(crate) struct BoundColumn {
    pub(crate) header: String,
    pub(crate) ways: Vec<Way>,
}

/// How rows find their records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Finding {
    Never,
    ById,
    By(Target, Vec<UniquePart>),
}

/// A mapping, bound.
#[derive(Clone, Debug)]
pub(crate) struct Bound {
    pub(crate) object: ObjectIx,
    pub(crate) columns: Vec<BoundColumn>,
    pub(crate) places: HashMap<String, usize>,
    pub(crate) compute: Vec<(FieldIx, [usize; 2])>,
    pub(crate) finding: Finding,
    pub(crate) on_match: OnMatch,
    pub(crate) date: Option<Pattern>,
    pub(crate) decimal: char,
    pub(crate) zone: jiff::tz::TimeZone,
    /// Codes by code, and by folded label, of every choice field.
    pub(crate) codes: HashMap<FieldIx, HashMap<String, String>>,
}

/// Binds a mapping; `headers` are a CSV file's columns.
pub(crate) fn bind(model: &Model, mapping: &Mapping, headers: Option<&[String]>, on_match: Option<OnMatch>) -> Result<Bound, Problems> {
    let Some(object) = model.object_named(&mapping.object) else {
        let name = &mapping.object;
        return Err(problem("import/object", InputPath::default().key("mapping"), format!("there is no object `{name}`"), format!("没有对象 `{name}`")).into());
    };
    let mut binder = Binder { model, object, problems: Problems::default(), targets: HashSet::new() };
    let columns: Vec<BoundColumn> = mapping.columns.iter().map(|(header, ways)| binder.column(header, ways)).collect();
    binder.compare(mapping, headers);
    let places: HashMap<String, usize> = columns.iter().enumerate().map(|(place, column)| (column.header.clone(), place)).collect();
    let compute = binder.compute(mapping, &places);
    let finding = binder.finding(mapping.match_by.as_ref(), &columns);
    let zone = mapping.read.zone.as_deref().unwrap_or(&model.settings.zone);
    let bound = Bound {
        object: object.ix,
        places,
        compute,
        finding,
        on_match: on_match.unwrap_or(mapping.on_match),
        date: mapping.read.date.as_deref().and_then(Pattern::parse),
        decimal: mapping.read.decimal,
        zone: jiff::tz::TimeZone::get(zone).unwrap_or(jiff::tz::TimeZone::UTC),
        codes: object.active_fields().filter(|field| !field.kind.options().is_empty()).map(|field| (field.ix, codes(field))).collect(),
        columns,
    };
    binder.problems.into_result().map(|()| bound)
}

fn codes(field: &Field) -> HashMap<String, String> {
    let mut codes = HashMap::new();
    for option in field.kind.options().iter().filter(|option| option.state == tenon_model::State::Active) {
        for label in [option.label.en.as_deref(), option.label.zh.as_deref()].into_iter().flatten() {
            codes.entry(fold(label)).or_insert_with(|| option.name.as_str().to_owned());
        }
    }
    // A code is itself, whatever other option's label is spelt like it.
    for option in field.kind.options().iter().filter(|option| option.state == tenon_model::State::Active) {
        codes.insert(option.name.as_str().to_owned(), option.name.as_str().to_owned());
    }
    codes
}

fn problem(rule: &'static str, path: InputPath, en: impl Into<String>, zh: impl Into<String>) -> Problem {
    Problem::invalid(rule, en, zh).at(path)
}

struct Binder<'m> {
    model: &'m Model,
    object: &'m Object,
    problems: Problems,
    targets: HashSet<String>,
}

impl Binder<'_> {
    fn say(&mut self, rule: &'static str, path: InputPath, en: impl Into<String>, zh: impl Into<String>) {
        self.problems.push(problem(rule, path, en, zh).object(self.object.name.as_str()));
    }

    fn column(&mut self, header: &str, ways: &[Column]) -> BoundColumn {
        let path = InputPath::default().key("columns").key(header.to_owned());
        let bound = ways.iter().filter_map(|way| self.way(way, &path)).collect();
        BoundColumn { header: header.to_owned(), ways: bound }
    }

    fn way(&mut self, column: &Column, path: &InputPath) -> Option<Way> {
        if !self.targets.insert(column.to.clone()) {
            self.twice(&column.to, path);
            return None;
        }
        let sink = self.sink(column, path)?;
        let with = self.with(column, &sink, path);
        if column.missing != Missing::Error && !matches!(sink, Sink::One(_)) {
            self.say("import/not_supported", path.key("missing"), "`missing` is for relations", "`missing` 仅用于关系");
        }
        Some(Way { sink, replace: column.replace.clone(), with, empty: column.empty })
    }

    fn twice(&mut self, target: &str, path: &InputPath) {
        self.say("import/target_twice", path.clone(), format!("`{target}` is set twice"), format!("`{target}` 被设置了两次"));
    }

    fn sink(&mut self, column: &Column, path: &InputPath) -> Option<Sink> {
        let to = column.to.as_str();
        if to == "id" {
            return Some(Sink::Id);
        }
        if let Some(system) = to.strip_prefix("external_id.") {
            return Some(Sink::External(system.to_owned()));
        }
        let (name, part) = to.split_once('.').map_or((to, None), |(name, part)| (name, Some(part)));
        if let Some(field) = self.object.field_named(name) {
            return self.field_sink(field, part, path);
        }
        match self.object.relation_named(name) {
            Some(relation) if part.is_none() => self.relation_sink(relation, column, path),
            _ => {
                let names = self.object.active_fields().map(|field| field.name.as_str());
                let names = names.chain(self.object.active_relations().map(|relation| relation.name.as_str()));
                let help = nearest(name, names).map_or_else(String::new, |near| format!(", did you mean `{near}`?"));
                self.say("import/target", path.clone(), format!("there is no `{to}`{help}"), format!("没有 `{to}`"));
                None
            }
        }
    }

    fn field_sink(&mut self, field: &Field, part: Option<&str>, path: &InputPath) -> Option<Sink> {
        let name = &field.name;
        if field.system || field.read_only || matches!(field.kind, FieldKind::AutoNumber { .. }) {
            self.say("import/target", path.clone(), format!("`{name}` is set by the system"), format!("`{name}` 由系统维护"));
            return None;
        }
        let parts = parts_of(&field.kind);
        match (part, parts.is_empty()) {
            (None, true) => Some(Sink::Field(field.ix)),
            (Some(word), false) if parts.iter().any(|(known, _)| *known == word) => {
                parts.iter().find(|(known, _)| *known == word).map(|(_, part)| Sink::Part(field.ix, *part))
            }
            _ => {
                let known: Vec<String> = parts.iter().map(|(word, _)| format!("`{name}.{word}`")).collect();
                let known = if known.is_empty() { format!("`{name}`") } else { known.join(", ") };
                self.say("import/target", path.clone(), format!("a column can go to {known}"), format!("列可写入:{known}"));
                None
            }
        }
    }

    fn relation_sink(&mut self, relation: &Relation, column: &Column, path: &InputPath) -> Option<Sink> {
        let name = &relation.name;
        if relation.read_only || matches!(relation.shape, RelationShape::Many(_) | RelationShape::Actor) {
            self.say("import/target", path.clone(), format!("a column cannot set `{name}`"), format!("列不能写入 `{name}`"));
            return None;
        }
        let Some(target) = relation.target().and_then(|target| self.model.object(target)) else {
            self.say("import/not_supported", path.clone(), format!("`{name}` points to several objects; that cannot be imported yet"), format!("`{name}` 指向多种对象,暂不支持导入"));
            return None;
        };
        let by = match column.by.as_deref() {
            Some("id") => By::Id,
            Some(by) if by.starts_with("external_id.") => By::External(by.trim_start_matches("external_id.").to_owned()),
            by => {
                let key = by.and_then(|by| {
                    let field = target.field_named(by)?;
                    let place = target.unique.iter().position(|key| key.parts == [UniquePart::Field(field.ix)])?;
                    Some(By::Unique(place, field.ix))
                });
                let Some(key) = key else {
                    let object = &target.name;
                    self.say(
                        "import/by",
                        path.key("by"),
                        format!("`by` names what finds the `{object}`: `id`, `external_id.<system>` or a unique field"),
                        format!("`by` 须写明查找 `{object}` 的方式:`id`、`external_id.<系统>` 或唯一字段"),
                    );
                    return None;
                };
                key
            }
        };
        if column.missing == Missing::Create && matches!(by, By::Id) {
            self.say("import/not_supported", path.key("missing"), "a record is made by a unique field or an external id, not by `id`", "按 `id` 查找时不能自动新建");
        }
        Some(Sink::One(ToOne { relation: relation.ix, target: target.ix, by, missing: column.missing }))
    }

    fn with(&mut self, column: &Column, sink: &Sink, path: &InputPath) -> Vec<(Part, String)> {
        let mut with = Vec::new();
        for (word, value) in &column.with {
            let path = path.key("with").key(word.clone());
            let part = match sink {
                Sink::Part(field, _) => self.object.field(*field).and_then(|field| {
                    let part = parts_of(&field.kind).iter().find(|(known, _)| known == word).map(|(_, part)| *part)?;
                    Some((part, format!("{}.{word}", field.name)))
                }),
                _ => None,
            };
            match part {
                Some((_, target)) if !self.targets.insert(target.clone()) => self.twice(&target, &path),
                Some((part, _)) => with.push((part, value.clone())),
                None => self.say("import/target", path, format!("there is no part `{word}`"), format!("没有 `{word}` 这一部分")),
            }
        }
        with
    }

    fn compare(&mut self, mapping: &Mapping, headers: Option<&[String]>) {
        let Some(headers) = headers else { return };
        let columns: HashSet<&str> = mapping.columns.iter().map(|(column, _)| column.as_str()).collect();
        for header in headers.iter().filter(|header| !columns.contains(header.as_str())) {
            let path = InputPath::default().key("columns");
            self.say(
                "import/unmapped_column",
                path,
                format!("column `{header}` of the file is not in `columns`; write `{header}: skip` to leave it out"),
                format!("文件中的列 `{header}` 未在 `columns` 中说明;如需忽略请写 `{header}: skip`"),
            );
        }
        let known: HashSet<&str> = headers.iter().map(String::as_str).collect();
        for (column, _) in mapping.columns.iter().filter(|(column, _)| !known.contains(column.as_str())) {
            let path = InputPath::default().key("columns").key(column.clone());
            let help = nearest(column, headers.iter().map(String::as_str)).map_or_else(String::new, |near| format!(", did you mean `{near}`?"));
            self.say("import/unknown_column", path, format!("the file has no column `{column}`{help}"), format!("文件中没有列 `{column}`"));
        }
    }

    fn compute(&mut self, mapping: &Mapping, places: &HashMap<String, usize>) -> Vec<(FieldIx, [usize; 2])> {
        let mut compute = Vec::new();
        for (target, arguments) in &mapping.compute {
            let path = InputPath::default().key("compute").key(target.clone());
            if !self.targets.insert(target.clone()) {
                self.twice(target, &path);
            }
            let field = self.object.field_named(target).filter(|field| {
                !field.system && !field.read_only && matches!(field.kind, FieldKind::Integer { .. } | FieldKind::Decimal { .. })
            });
            let place = |column: &String| places.get(column).copied();
            for column in arguments.iter().filter(|column| place(column).is_none()) {
                self.say("import/unknown_column", path.clone(), format!("there is no column `{column}`"), format!("没有列 `{column}`"));
            }
            match (field, arguments.each_ref().map(place)) {
                (None, _) => self.say("import/target", path, format!("`{target}` is no number field"), format!("`{target}` 不是数字字段")),
                (Some(field), [Some(from), Some(to)]) => compute.push((field.ix, [from, to])),
                _ => {}
            }
        }
        compute
    }

    fn finding(&mut self, match_by: Option<&MatchBy>, columns: &[BoundColumn]) -> Finding {
        let sinks = || columns.iter().flat_map(|column| &column.ways).map(|way| &way.sink);
        let path = InputPath::default().key("match");
        let (found, what) = match match_by {
            None => return Finding::Never,
            Some(MatchBy::Id) => (sinks().any(|sink| matches!(sink, Sink::Id)).then_some(Finding::ById), "id".to_owned()),
            Some(MatchBy::External(system)) => {
                let set = sinks().any(|sink| matches!(sink, Sink::External(known) if known == system));
                (set.then_some(Finding::By(Target::External, Vec::new())), format!("external_id.{system}"))
            }
            Some(MatchBy::Key(name)) => {
                let object = self.object;
                let key = object.unique.iter().enumerate().find(|(_, key)| key.name.as_str() == name).or_else(|| {
                    let field = object.field_named(name)?;
                    object.unique.iter().enumerate().find(|(_, key)| key.parts == [UniquePart::Field(field.ix)])
                });
                let Some((place, key)) = key else {
                    self.say("import/match", path, format!("`{name}` is no unique field or key of `{}`", object.name), format!("`{name}` 不是 `{}` 的唯一字段或唯一键", object.name));
                    return Finding::Never;
                };
                let set = |part: &UniquePart| {
                    sinks().any(|sink| match (part, sink) {
                        (UniquePart::Field(ix), Sink::Field(set)) => ix == set,
                        (UniquePart::Relation(ix), Sink::One(set)) => *ix == set.relation,
                        _ => false,
                    })
                };
                (key.parts.iter().all(set).then(|| Finding::By(Target::Unique(place), key.parts.clone())), name.clone())
            }
        };
        let several = sinks().filter(|sink| matches!(sink, Sink::External(_))).count() > 1;
        if several && matches!(found, Some(Finding::By(Target::External, _))) {
            self.say("import/not_supported", path.clone(), "rows that match by an external id set only that one", "按外部标识匹配时只能写入该外部标识");
        }
        found.unwrap_or_else(|| {
            self.say("import/match", path, format!("no column sets `{what}`, by which rows are matched"), format!("没有列写入匹配所用的 `{what}`"));
            Finding::Never
        })
    }
}

/// The parts of a composite by their words.
pub(crate) const fn parts_of(kind: &FieldKind) -> &'static [(&'static str, Part)] {
    match kind {
        FieldKind::Money { .. } => &[("amount", Part::Amount), ("currency", Part::Currency)],
        FieldKind::Geo => &[("lat", Part::Lat), ("lng", Part::Lng)],
        FieldKind::Address => &[
            ("country", Part::Country),
            ("region", Part::Region),
            ("city", Part::City),
            ("district", Part::District),
            ("street", Part::Street),
            ("postal_code", Part::PostalCode),
        ],
        _ => &[],
    }
}
