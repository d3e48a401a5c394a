//! Relations as the metadata API shows them.

use std::sync::Arc;

use async_graphql::{Context, Object, SimpleObject};
use tenon_model::{EdgeKind, LinkEnd, ObjectIx, RelationIx, RelationShape};

use super::can::FieldCan;
use super::door::door;
use super::field::{Field, Owner};
use super::sight::Sight;
use super::words::{OnDelete, State};

/// A relation of an object.
#[derive(Clone)]
pub(super) struct Relation {
    pub(super) sight: Arc<Sight>,
    pub(super) object: ObjectIx,
    pub(super) at: RelationIx,
}

/// The list on the target that leads back.
#[derive(SimpleObject)]
pub(super) struct Inverse {
    name: String,
    graphql_name: String,
    label: Option<String>,
    object: String,
}

fn missing() -> async_graphql::Error {
    async_graphql::Error::new("there is no such relation")
}

impl Relation {
    fn relation(&self) -> async_graphql::Result<&tenon_model::Relation> {
        self.sight.model.object(self.object).and_then(|object| object.relation(self.at)).ok_or_else(missing)
    }

    /// True for the edge that leads back by this relation.
    fn is_back(&self, kind: EdgeKind, relation: &tenon_model::Relation) -> bool {
        match kind {
            EdgeKind::Children { object, relation } => object == self.object && relation == self.at,
            EdgeKind::Linked { link, here } => relation.shape == RelationShape::Many(link) && here == LinkEnd::Target,
            EdgeKind::Descendants { .. } => false,
        }
    }

    fn locale(&self, ctx: &Context<'_>, locale: Option<&str>) -> tenon_value::Locale {
        locale.and_then(tenon_value::Locale::from_tag).unwrap_or(door(ctx).cx.locale)
    }
}

#[Object]
impl Relation {
    async fn id(&self) -> async_graphql::Result<async_graphql::ID> {
        Ok(self.relation()?.id.0.to_string().into())
    }

    async fn name(&self) -> async_graphql::Result<String> {
        Ok(self.relation()?.name.to_string())
    }

    async fn graphql_name(&self) -> async_graphql::Result<String> {
        Ok(self.relation()?.graphql.clone())
    }

    async fn label(&self, ctx: &Context<'_>, locale: Option<String>) -> async_graphql::Result<Option<String>> {
        Ok(self.relation()?.label.get(self.locale(ctx, locale.as_deref())).map(str::to_owned))
    }

    async fn about(&self, ctx: &Context<'_>, locale: Option<String>) -> async_graphql::Result<Option<String>> {
        Ok(self.relation()?.about.get(self.locale(ctx, locale.as_deref())).map(str::to_owned))
    }

    /// Objects it can point to.
    async fn to(&self) -> async_graphql::Result<Vec<String>> {
        let seen = self.relation()?.targets.iter().filter(|target| self.sight.sees(**target));
        let targets = seen.filter_map(|target| self.sight.model.object(*target));
        Ok(targets.map(|object| object.name.to_string()).collect())
    }

    async fn required(&self) -> async_graphql::Result<bool> {
        Ok(self.relation()?.required)
    }

    async fn many(&self) -> async_graphql::Result<bool> {
        Ok(matches!(self.relation()?.shape, RelationShape::Many(_)))
    }

    async fn polymorphic(&self) -> async_graphql::Result<bool> {
        Ok(self.relation()?.shape == RelationShape::Any)
    }

    async fn tree(&self) -> async_graphql::Result<bool> {
        Ok(self.relation()?.tree)
    }

    async fn part_of(&self) -> async_graphql::Result<bool> {
        Ok(self.relation()?.part_of)
    }

    async fn read_only(&self) -> async_graphql::Result<bool> {
        Ok(self.relation()?.read_only)
    }

    /// One of the relations every record has.
    async fn system(&self) -> async_graphql::Result<bool> {
        Ok(self.relation()?.system)
    }

    async fn on_delete(&self) -> async_graphql::Result<OnDelete> {
        Ok(match self.relation()?.on_delete {
            tenon_model::OnDelete::Restrict => OnDelete::Restrict,
            tenon_model::OnDelete::Clear => OnDelete::Clear,
            tenon_model::OnDelete::Cascade => OnDelete::Cascade,
        })
    }

    async fn inverse(&self, ctx: &Context<'_>, locale: Option<String>) -> async_graphql::Result<Option<Inverse>> {
        let relation = self.relation()?;
        let locale = self.locale(ctx, locale.as_deref());
        let seen = relation.targets.iter().filter(|target| self.sight.sees(**target));
        let targets = seen.filter_map(|target| self.sight.model.object(*target));
        let back = targets.flat_map(|object| object.edges.iter().map(move |edge| (object, edge)));
        let found = back.into_iter().find(|(_, edge)| edge.state == tenon_model::State::Active && self.is_back(edge.kind, relation));
        Ok(found.map(|(object, edge)| Inverse {
            name: edge.name.to_string(),
            graphql_name: edge.graphql.clone(),
            label: edge.label.get(locale).map(str::to_owned),
            object: object.name.to_string(),
        }))
    }

    /// Attributes of each link of a many-to-many relation.
    async fn link(&self) -> async_graphql::Result<Vec<Field>> {
        let RelationShape::Many(link) = self.relation()?.shape else { return Ok(Vec::new()) };
        let fields = self.sight.model.link(link).map_or(&[][..], |link| link.fields.as_slice());
        let field =
            |field: &tenon_model::Field| Field { sight: Arc::clone(&self.sight), owner: Owner::Link(link), at: field.ix.0, alias: None };
        Ok(fields.iter().map(field).collect())
    }

    async fn can(&self) -> async_graphql::Result<FieldCan> {
        let right = self.sight.policy.relation_right(self.object, self.at);
        Ok(FieldCan::of(right, !self.relation()?.read_only && self.sight.writes(self.object)))
    }

    async fn state(&self) -> async_graphql::Result<State> {
        let one = self.relation()?;
        Ok(State::of(&self.sight.model, one.id, one.state))
    }

    async fn package(&self) -> async_graphql::Result<String> {
        Ok(self.relation()?.package.to_string())
    }
}
