//! A mapping bound to an object: every target found, every mistake said, before the first row.

use std::collections::HashMap;

use indexmap::IndexMap;
use tenon_access::Policy;
use tenon_diagnostics::{InputPath, Problems, nearest};
use tenon_model::{Field, FieldIx, FieldKind, Model, Object, ObjectIx, Relation, RelationIx, RelationShape, UniqueKey, UniquePart};
use tenon_query::{Action, Target};

use super::mapping::{Aim, Mapping, Missing, Reading, wrong};

/// By what a related record is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// Its id.
    Id,
    /// Its id in another system.
    External(String),
    /// A unique field: place of the key, and the field.
    Unique(usize, FieldIx),
}

/// Where a cell goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Goal {
    /// A field.
    Field(FieldIx),
    /// A part of a composite field, by its API name.
    Part(FieldIx, String),
    /// A to-one relation.
    Relation { relation: RelationIx, target: ObjectIx, by: By, missing: Missing },
    /// An id in another system.
    External(String),
}

/// One target of a column, bound.
#[derive(Clone, Debug)]
pub(crate) struct BoundAim {
    /// Place of the column in the file.
    pub(crate) column: usize,
    /// Its name.
    pub(crate) name: String,
    pub(crate) goal: Goal,
    pub(crate) replace: IndexMap<String, String>,
    pub(crate) with: Vec<(String, String)>,
    pub(crate) clear: bool,
}

/// A mapping bound to an object and a file's columns.
#[derive(Clone, Debug)]
pub(crate) struct Bound {
    pub(crate) object: ObjectIx,
    pub(crate) reading: Reading,
    pub(crate) aims: Vec<BoundAim>,
    /// Field, and the places of the two columns.
    pub(crate) compute: Vec<(FieldIx, [usize; 2])>,
    pub(crate) key: Option<Target>,
}

/// Binds a mapping.
pub(crate) fn bind((model, policy): (&Model, &Policy), mapping: &Mapping, columns: &[String]) -> Result<Bound, Problems> {
    let root = InputPath::default();
    let Some(object) = model.object_named(&mapping.object).filter(|object| policy.may(object.ix, Action::Read)) else {
        let problem = wrong(
            "import/object",
            format!("there is no object `{}`", mapping.object),
            format!("没有对象 `{}`", mapping.object),
            &root.key("mapping"),
        );
        return Err(problem.into());
    };
    let mut binder = Binder { model, policy, object, columns, problems: Problems::default(), taken: HashMap::new() };
    binder.header(mapping);
    let mut aims = Vec::new();
    for (name, targets) in &mapping.columns {
        let path = root.key("columns").key(name.clone());
        for aim in targets {
            aims.extend(binder.aim(name, aim, &path));
        }
    }
    let compute = mapping
        .compute
        .iter()
        .filter_map(|(target, between)| binder.compute(target, between, &root.key("compute").key(target.clone())))
        .collect();
    let key = mapping.matching.as_deref().and_then(|key| binder.key(key, &aims, &root.key("match")));
    binder.problems.into_result()?;
    Ok(Bound { object: object.ix, reading: mapping.reading.clone(), aims, compute, key })
}

struct Binder<'m> {
    model: &'m Model,
    /// What is not seen is not there: it is not named, and not suggested.
    policy: &'m Policy,
    object: &'m Object,
    columns: &'m [String],
    problems: Problems,
    /// Targets already aimed at.
    taken: HashMap<String, String>,
}

impl Binder<'_> {
    /// Every column of the file must be mapped, and every mapped one be in the file.
    fn header(&mut self, mapping: &Mapping) {
        let path = InputPath::default().key("columns");
        let mut seen = HashMap::new();
        for column in self.columns {
            if seen.insert(column, ()).is_some() {
                self.wrong("import/header", format!("the file has two columns `{column}`"), format!("文件中有两个列 `{column}`"), &path);
            }
            if !mapping.columns.contains_key(column) {
                let (en, zh) = (
                    format!("column `{column}` of the file is not mapped; write `{column}: skip` to leave it out"),
                    format!("文件的列 `{column}` 未映射;如需忽略请写 `{column}: skip`"),
                );
                self.wrong("import/unmapped_column", en, zh, &path.key(column.clone()));
            }
        }
        for column in mapping.columns.keys().filter(|column| !self.columns.contains(column)) {
            self.unknown_column(column, &path.key(column.clone()));
        }
    }

    fn unknown_column(&mut self, column: &str, path: &InputPath) {
        let hint = nearest(column, self.columns.iter().map(String::as_str)).map(|hint| format!(" (`{hint}`?)")).unwrap_or_default();
        self.wrong(
            "import/unknown_column",
            format!("the file has no column `{column}`{hint}"),
            format!("文件中没有列 `{column}`{hint}"),
            path,
        );
    }

    fn place(&mut self, column: &str, path: &InputPath) -> Option<usize> {
        let place = self.columns.iter().position(|known| known == column);
        if place.is_none() {
            self.unknown_column(column, path);
        }
        place
    }

    fn aim(&mut self, column: &str, aim: &Aim, path: &InputPath) -> Option<BoundAim> {
        let place = self.columns.iter().position(|known| known == column)?;
        if let Some(other) = self.taken.insert(aim.to.clone(), column.to_owned()) {
            self.wrong(
                "import/target_twice",
                format!("`{}` is already set by column `{other}`", aim.to),
                format!("`{}` 已由列 `{other}` 赋值", aim.to),
                path,
            );
        }
        let goal = self.goal(aim, path)?;
        for (part, _) in &aim.with {
            let field = aim.to.split('.').next().unwrap_or_default();
            if self.taken.insert(format!("{field}.{part}"), column.to_owned()).is_some() {
                self.wrong("import/target_twice", format!("`{field}.{part}` is set twice"), format!("`{field}.{part}` 被重复赋值"), path);
            }
        }
        Some(BoundAim {
            column: place,
            name: column.to_owned(),
            goal,
            replace: aim.replace.clone(),
            with: aim.with.clone(),
            clear: aim.clear,
        })
    }

    fn goal(&mut self, aim: &Aim, path: &InputPath) -> Option<Goal> {
        if let Some(system) = aim.to.strip_prefix("external_id.") {
            return Some(Goal::External(system.to_owned()));
        }
        let (name, part) = aim.to.split_once('.').map_or((aim.to.as_str(), None), |(name, part)| (name, Some(part)));
        let shown = |relation: &&Relation| self.policy.may_read_relation(self.object.ix, relation.ix);
        if let Some(relation) = self.object.relation_named(name).filter(|_| part.is_none()).filter(shown) {
            let written = self.policy.may_write_relation(self.object.ix, relation.ix);
            if relation.shape != RelationShape::One || relation.read_only || !written {
                self.wrong(
                    "import/target",
                    format!("`{name}` cannot be set by a column: only to-one relations can"),
                    format!("`{name}` 不能由列赋值:仅支持一对一关联"),
                    path,
                );
                return None;
            }
            let target = relation.target()?;
            let by = self.by(target, aim.by.as_deref(), path)?;
            return Some(Goal::Relation { relation: relation.ix, target, by, missing: aim.missing });
        }
        let field = self.field(name, path)?;
        if aim.by.is_some() || aim.missing != Missing::Error {
            self.wrong(
                "import/by",
                format!("`by` and `missing` belong to relations; `{name}` is a field"),
                format!("`by` 和 `missing` 仅用于关联;`{name}` 是字段"),
                path,
            );
        }
        let (ix, parts) = (field.ix, parts_of(&field.kind));
        match part {
            None => Some(Goal::Field(ix)),
            Some(part) if parts.contains(&part) => Some(Goal::Part(ix, part.to_owned())),
            Some(part) => {
                self.wrong("import/target", format!("`{name}` has no part `{part}`"), format!("`{name}` 没有部分 `{part}`"), path);
                None
            }
        }
    }

    fn field(&mut self, name: &str, path: &InputPath) -> Option<Field> {
        let (policy, ix) = (self.policy, self.object.ix);
        match self.object.field_named(name).filter(|field| policy.may_select_field(ix, field.ix)) {
            Some(field) if field.read_only || field.system || !policy.may_write_field(ix, field.ix) => {
                self.wrong("read_only", format!("`{name}` is set by the system"), format!("`{name}` 由系统生成"), path);
                None
            }
            Some(field) => Some(field.clone()),
            None => {
                let known = self
                    .object
                    .active_fields()
                    .filter(|field| policy.may_select_field(ix, field.ix))
                    .map(|field| field.name.as_str())
                    .chain(
                        self.object
                            .active_relations()
                            .filter(|relation| policy.may_read_relation(ix, relation.ix))
                            .map(|relation| relation.name.as_str()),
                    );
                let hint = nearest(name, known).map(|hint| format!(" (`{hint}`?)")).unwrap_or_default();
                let object = &self.object.name;
                self.wrong(
                    "import/target",
                    format!("`{object}` has no field or relation `{name}`{hint}"),
                    format!("`{object}` 没有字段或关联 `{name}`{hint}"),
                    path,
                );
                None
            }
        }
    }

    /// How the target of a relation is found.
    fn by(&mut self, target: ObjectIx, by: Option<&str>, path: &InputPath) -> Option<By> {
        let object = self.model.object(target).filter(|object| self.policy.may(object.ix, Action::Read))?;
        let found = match by {
            None => None,
            Some("id") => Some(By::Id),
            Some(by) => by.strip_prefix("external_id.").map(|system| By::External(system.to_owned())).or_else(|| {
                let field = object.field_named(by).filter(|field| self.policy.may_read_field(target, field.ix))?.ix;
                let key = object.unique.iter().position(|key| key.parts == [UniquePart::Field(field)])?;
                Some(By::Unique(key, field))
            }),
        };
        if found.is_none() {
            let keys: Vec<&str> = object
                .unique
                .iter()
                .filter(|key| key.parts.len() == 1 && self.is_shown(object, key))
                .map(|key| key.name.as_str())
                .collect();
            let keys = keys.join(", ");
            let (en, zh) = (
                format!("say by which unique key of `{}` it is found: `by: external_id.SYSTEM`, `by: id`, or one of: {keys}", object.name),
                format!("请指明按 `{}` 的哪个唯一键查找:`by: external_id.系统`、`by: id`,或:{keys}", object.name),
            );
            self.wrong("import/by", en, zh, path);
        }
        found
    }

    fn compute(&mut self, target: &str, between: &[String; 2], path: &InputPath) -> Option<(FieldIx, [usize; 2])> {
        let field = self.field(target, path)?;
        if !matches!(field.kind, FieldKind::Integer { .. }) {
            self.wrong(
                "import/compute",
                format!("days are counted into an integer field; `{target}` is none"),
                format!("天数只能写入整数字段;`{target}` 不是"),
                path,
            );
        }
        if self.taken.insert(target.to_owned(), "compute".to_owned()).is_some() {
            self.wrong("import/target_twice", format!("`{target}` is set twice"), format!("`{target}` 被重复赋值"), path);
        }
        let [from, to] = between;
        Some((field.ix, [self.place(from, path)?, self.place(to, path)?]))
    }

    /// The key by which records are matched; what it names must be set by a column.
    fn key(&mut self, key: &str, aims: &[BoundAim], path: &InputPath) -> Option<Target> {
        if let Some(system) = key.strip_prefix("external_id.") {
            let set = aims.iter().filter(|aim| matches!(aim.goal, Goal::External(_))).count();
            let this = aims.iter().any(|aim| aim.goal == Goal::External(system.to_owned()));
            if !this || set != 1 {
                self.wrong(
                    "import/match",
                    format!("exactly one column must go to `{key}`, and none to another system"),
                    format!("必须恰有一列映射到 `{key}`,且不得映射到其他系统"),
                    path,
                );
            }
            return Some(Target::External);
        }
        let found =
            self.object.unique.iter().enumerate().find(|(_, unique)| unique.name.as_str() == key && self.is_shown(self.object, unique));
        let Some((place, unique)) = found else {
            let (en, zh) = (
                format!("`{key}` is no unique key of `{}`: write `external_id.SYSTEM`, a unique field or a named key", self.object.name),
                format!("`{key}` 不是 `{}` 的唯一键:请写 `external_id.系统`、唯一字段或命名键", self.object.name),
            );
            self.wrong("import/match", en, zh, path);
            return None;
        };
        let set = |part: &UniquePart| {
            aims.iter().any(|aim| match (&aim.goal, part) {
                (Goal::Field(field) | Goal::Part(field, _), UniquePart::Field(wanted)) => field == wanted,
                (Goal::Relation { relation, .. }, UniquePart::Relation(wanted)) => relation == wanted,
                _ => false,
            })
        };
        if !unique.parts.iter().all(set) {
            self.wrong(
                "import/match",
                format!("every part of the key `{key}` must be set by a column"),
                format!("键 `{key}` 的每个部分都必须由列赋值"),
                path,
            );
        }
        Some(Target::Unique(place))
    }

    /// Whether all parts of a key may be read.
    fn is_shown(&self, object: &Object, key: &UniqueKey) -> bool {
        key.parts.iter().all(|part| match part {
            UniquePart::Field(field) => self.policy.may_read_field(object.ix, *field),
            UniquePart::Relation(relation) => self.policy.may_read_relation(object.ix, *relation),
        })
    }

    fn wrong(&mut self, rule: &'static str, en: impl Into<String>, zh: impl Into<String>, path: &InputPath) {
        self.problems.push(wrong(rule, en, zh, path));
    }
}

/// The parts of a composite type that columns may set.
const fn parts_of(kind: &FieldKind) -> &'static [&'static str] {
    match kind {
        FieldKind::Money { .. } => &["amount", "currency"],
        FieldKind::Address => &["country", "region", "city", "district", "street", "postal_code"],
        FieldKind::Geo => &["lat", "lng"],
        _ => &[],
    }
}
