//! Lists behind edges: gathered per edge over all parents, so that children are saved in bulk.

use tenon_diagnostics::{InputPath, Kind, Problem};
use tenon_model::{EdgeKind, Object};
use tenon_query::ManyWrite;

use crate::attempt::Attempt;
use crate::halt::Tried;
use crate::job::Work;

/// One list to be written: the place of its parent among the works, and what is asked for.
pub(crate) type Lists<'i> = Vec<(usize, &'i ManyWrite)>;

impl Attempt<'_> {
    /// Carries out what the inputs ask of lists, after their parents were written.
    pub(crate) async fn save_manys<'i>(&mut self, object: &Object, works: &mut [Work<'i>]) -> Tried<()> {
        let mut edges: Vec<(EdgeKind, Lists<'i>)> = Vec::new();
        for (at, work) in works.iter().enumerate() {
            let replayed = work.old.is_some() && work.status == crate::Status::Created;
            if replayed {
                continue;
            }
            let input = work.job.input;
            for (edge, write) in &input.manys {
                match edges.iter_mut().find(|(known, _)| known == edge) {
                    Some((_, lists)) => lists.push((at, write)),
                    None => edges.push((*edge, vec![(at, write)])),
                }
            }
        }
        for (edge, lists) in edges {
            if !self.may_write(edge) {
                return Err(Problem::of_kind(Kind::Forbidden).object(object.name.as_str()).into());
            }
            match edge {
                EdgeKind::Children { object: child, relation } => self.save_children(object, works, (child, relation), lists).await?,
                EdgeKind::Linked { link, here } => self.save_links(object, works, (link, here), lists).await?,
                EdgeKind::Descendants { .. } => {
                    return Err(Problem::invalid(
                        "read_only",
                        "descendants are changed by their own parents",
                        "下级记录只能通过其直接上级修改",
                    )
                    .into());
                }
            }
        }
        Ok(())
    }
}

impl Attempt<'_> {
    /// Whether the relation behind an edge may be written.
    fn may_write(&self, edge: EdgeKind) -> bool {
        match edge {
            EdgeKind::Children { object, relation } => self.policy.may_write_relation(object, relation),
            EdgeKind::Linked { link, .. } => {
                self.model.link(link).is_some_and(|link| self.policy.may_write_relation(link.source, link.relation))
            }
            EdgeKind::Descendants { .. } => true,
        }
    }
}

/// A record that is not at the other end of the edge.
pub(crate) fn not_there(object: &Object, id: tenon_value::RecordId, path: InputPath) -> Problem {
    crate::save::missing(object, id).at(path)
}
