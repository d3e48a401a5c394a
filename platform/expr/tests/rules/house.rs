//! A model with every kind of field, and records given by the words of their paths.

use std::collections::HashMap;

use tenon_compiler::{SourceFile, assemble, read};
use tenon_context::Standing;
use tenon_expr::{Fault, Scope, check, evaluate};
use tenon_model::{Expression, Fact, Leaf, Model, ModelVersion, Path, Physical, Rule, Settings};
use tenon_value::{Name, TenantId, Uuid, Value};

const FILE: &str = include_str!("model.yaml");

pub(crate) struct House {
    pub(crate) model: Model,
}

impl House {
    pub(crate) fn new() -> Self {
        let files: Vec<SourceFile> =
            FILE.split("\n---\n").enumerate().map(|(at, text)| SourceFile::new(format!("objects/o{at}/object.yaml"), text)).collect();
        let layer = read(&Name::known("tenant"), &files);
        assert!(layer.diagnostics.is_empty(), "{:#?}", layer.diagnostics);
        let assembled = assemble(TenantId(Uuid::nil()), ModelVersion(1), &Settings::default(), &[layer.layer], &Physical::default());
        Self { model: assembled.model.unwrap_or_else(|| panic!("{:#?}", assembled.diagnostics)) }
    }

    pub(crate) fn check(&self, source: &str) -> Result<Rule, Vec<Fault>> {
        let object = self.model.by_name[&Name::known("deal")];
        let user = self.model.by_name.get(&Name::known("user")).copied();
        check(source, &Scope { objects: &self.model.objects, by_name: &self.model.by_name, object, user })
    }

    pub(crate) fn rule(&self, source: &str) -> Expression {
        self.check(source).unwrap_or_else(|faults| panic!("{source}: {faults:#?}")).expression
    }

    /// The words of a path: `account.partner`.
    pub(crate) fn words(&self, path: &Path) -> String {
        let mut words = Vec::new();
        for (object, relation) in &path.hops {
            words.push(self.model.object(*object).unwrap().relation(*relation).unwrap().name.to_string());
        }
        let end = self.model.object(path.object).unwrap();
        words.push(match path.leaf {
            Leaf::Field(field, _) => end.field(field).unwrap().name.to_string(),
            Leaf::Relation(relation) => end.relation(relation).unwrap().name.to_string(),
        });
        words.join(".")
    }

    /// Whether a rule holds of a record given by the words of its paths.
    pub(crate) fn holds(&self, source: &str, record: &[(&str, Value)], mine: &Standing) -> bool {
        let record: HashMap<&str, &Value> = record.iter().map(|(words, value)| (*words, value)).collect();
        let value = |path: &Path| record.get(self.words(path).as_str()).map_or(Value::Null, |value| (*value).clone());
        evaluate(&self.rule(source), &value, mine)
    }
}

pub(crate) fn id(number: u128) -> Value {
    Value::Id(Uuid::from_u128(number))
}

/// Somebody of whom all is known that needs no field: user 1 in teams 10 and 11, of partner 20.
pub(crate) fn mine() -> Standing {
    [
        (Fact::Me, id(1)),
        (Fact::Teams, Value::List(vec![id(10), id(11)])),
        (Fact::Reports, Value::List(vec![id(1), id(2)])),
        (Fact::PartnersBelow, Value::List(vec![id(20)])),
        (Fact::Queues, Value::List(Vec::new())),
    ]
    .into_iter()
    .collect()
}
