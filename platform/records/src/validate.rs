//! The rule every saved record obeys: what is required is there. All that is missing is said at once.

use tenon_diagnostics::Problem;
use tenon_model::{FieldKind, ObjectIx, RelationShape};
use tenon_value::Value;

use crate::attempt::Attempt;
use crate::halt::Tried;
use crate::job::Work;

impl Attempt<'_> {
    /// Looks for required fields and relations left empty: of new records all, of others those emptied now.
    pub(crate) fn require(&mut self, object: ObjectIx, works: &mut [Work<'_>]) -> Tried<()> {
        let object = self.object(object)?;
        let fields: Vec<_> = object
            .active_fields()
            .filter(|field| field.required && !field.system && !matches!(field.kind, FieldKind::AutoNumber { .. }))
            .collect();
        let relations: Vec<_> = object
            .active_relations()
            .filter(|relation| {
                (relation.required || relation.part_of) && !relation.system && !matches!(relation.shape, RelationShape::Many(_))
            })
            .collect();
        if fields.is_empty() && relations.is_empty() {
            return Ok(());
        }
        for work in works.iter_mut() {
            let emptied = |before: Option<&Value>, after: &Value| after.is_null() && before.is_none_or(|before| !before.is_null());
            let mut missing = Vec::new();
            for field in &fields {
                if emptied(work.old.as_ref().map(|old| old.field(field.ix)), work.new.field(field.ix)) {
                    missing.push((field.name.as_str(), field.graphql.clone(), self.policy.may_select_field(object.ix, field.ix)));
                }
            }
            for relation in relations.iter().filter(|relation| !work.unknown.contains(&relation.ix)) {
                if emptied(work.old.as_ref().map(|old| old.relation(relation.ix)), work.new.relation(relation.ix)) {
                    missing.push((relation.name.as_str(), relation.graphql.clone(), self.policy.may_read_relation(object.ix, relation.ix)));
                }
            }
            for (name, graphql, told) in missing {
                work.failed = true;
                if !told {
                    let problem = Problem::forbidden(
                        "required",
                        "what is required here is not this role's to fill in",
                        "必填内容不在当前角色可填写的范围内",
                    );
                    self.found.push(work.job.root, problem.object(object.name.as_str()).at(work.job.path.clone()));
                    continue;
                }
                let problem = Problem::invalid("required", format!("`{name}` is required"), format!("`{name}` 为必填项"));
                self.found.push(work.job.root, problem.object(object.name.as_str()).field(name).at(work.job.path.key(graphql)));
            }
        }
        Ok(())
    }
}
