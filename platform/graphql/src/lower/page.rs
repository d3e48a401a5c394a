//! A page: filter, order, window, and the selection on connection, edges and nodes.

use tenon_access::Place;
use tenon_diagnostics::{InputPath, Problem};
use tenon_model::{Link, Object, State};
use tenon_query::{Action, Cursor, Deleted, Direction, Output, Select, Slot, Window};
use tenon_value::Value;

use super::Lower;
use super::record::{is_composite, slot};
use crate::collect::Collected;
use crate::cursor::Signer;
use crate::limits;
use crate::shape::{EdgePart, LinkPart, PagePart, PageShape};
use crate::syntax::ast::{Field, Value as Input};

/// What a page is of.
pub(super) struct PageOf<'a> {
    pub(super) target: &'a Object,
    /// Binds cursors: which list this is.
    pub(super) context: String,
    pub(super) type_name: String,
    pub(super) edge_type: String,
    pub(super) link: Option<&'a Link>,
    pub(super) default: u64,
    pub(super) deleted: Deleted,
    /// Where its records stand in the plan.
    pub(super) place: Place,
}

pub(super) fn bad_cursor() -> Problem {
    Problem::invalid("cursor", "this cursor is damaged, or of another list", "游标已损坏，或来自另一个列表")
}

impl<'a> Lower<'a> {
    /// The plan and the shape of a page.
    pub(super) fn page(&mut self, of: PageOf<'a>, collected: &Collected<'a>) -> Option<(Select, PageShape<'a>)> {
        let field = collected.first()?;
        let (collector, root) = (self.collector, InputPath::default());
        let filter_input = collector.input(field, "filter").filter(|filter| !filter.is_null());
        let filter = filter_input.as_deref().map(|input| self.filter(of.target, input, &root.key("filter")));
        let (filter, sought) = self.searching(of.target, field, filter);
        let order_input = collector.input(field, "orderBy").filter(|order| !order.is_null());
        let order = self.order(of.target, order_input.as_deref(), &root.key("orderBy"));
        self.search = None;
        let said = |input: Option<&Input>| input.map(|input| input.to_json().to_string()).unwrap_or_default();
        let context = format!("{}|{}|{}|{:?}{sought}", of.context, said(order_input.as_deref()), said(filter_input.as_deref()), of.deleted);
        let signer = self.signer.bound(&context);
        let mut output = Output::default();
        let (mut shape, wishes) = self.connection(&of, &collected.fields, &mut output);
        let begins_at_cursor = ["after", "before"].iter().any(|name| collector.argument(field, name).is_some_and(|given| !given.is_null()));
        let place = match () {
            () if self.exporting && of.place == Place::Root => Place::Export,
            () if begins_at_cursor => Place::Cursor,
            () if wishes.count.is_some() && !wishes.rows => Place::Count,
            () => of.place,
        };
        let table = self.table(of.target.ix, Action::Read, place)?;
        if wishes.cursors {
            shape.terms = (0..order.len()).map(|term| slot(&mut output, Slot::OrderTerm(u8::try_from(term).unwrap_or(u8::MAX)))).collect();
            shape.signer = Some(signer.clone());
        }
        let window = self.window(field, of.default, (&signer, order.len()), &wishes)?;
        let count = wishes.count.map(|limit| {
            let limit = limit.map_or(Value::Null, |limit| Value::Int(i64::try_from(limit).unwrap_or(i64::MAX)));
            self.param(limit)
        });
        Some((Select { table, filter, deleted: of.deleted, order, window, output, count }, shape))
    }

    fn connection(&mut self, of: &PageOf<'a>, fields: &[&'a Field], output: &mut Output) -> (PageShape<'a>, Wishes) {
        let mut wishes = Wishes::default();
        let mut parts = Vec::new();
        for collected in self.collector.collect_below(fields, |_| true) {
            let Some(field) = collected.first() else { continue };
            let part = match &*field.name.text {
                "nodes" => {
                    wishes.rows = true;
                    PagePart::Nodes(self.record(of.target, &collected.fields, output))
                }
                "edges" => {
                    wishes.rows = true;
                    PagePart::Edges(of.edge_type.clone(), self.edge_parts(of, &collected.fields, output, &mut wishes))
                }
                "pageInfo" => {
                    let subs = self.subs(&collected.fields);
                    wishes.rows = true;
                    wishes.cursors |= subs.iter().any(|sub| sub.name.ends_with("Cursor"));
                    wishes.next |= subs.iter().any(|sub| sub.name == "hasNextPage");
                    wishes.previous |= subs.iter().any(|sub| sub.name == "hasPreviousPage");
                    PagePart::PageInfo(subs)
                }
                "totalCount" => {
                    let limit = match self.collector.argument(field, "limit") {
                        None => Some(10_000),
                        Some(limit) => limit.as_int().map(|limit| {
                            u64::try_from(limit).unwrap_or_else(|_| {
                                let problem = Problem::invalid("range", "a count cannot end below 0", "计数上限不能小于 0");
                                self.wrong(&InputPath::default().key("limit"), problem);
                                0
                            })
                        }),
                    };
                    wishes.count = Some(match wishes.count {
                        None => limit,
                        Some(known) => known.zip(limit).map(|(known, limit)| known.max(limit)),
                    });
                    PagePart::TotalCount(limit, self.subs(&collected.fields))
                }
                _ => PagePart::TypeName,
            };
            parts.push((collected.key, part));
        }
        (PageShape { type_name: of.type_name.clone(), parts, terms: Vec::new(), signer: None }, wishes)
    }

    fn edge_parts(
        &mut self,
        of: &PageOf<'a>,
        fields: &[&'a Field],
        output: &mut Output,
        wishes: &mut Wishes,
    ) -> Vec<(&'a str, EdgePart<'a>)> {
        let mut parts = Vec::new();
        for collected in self.collector.collect_below(fields, |_| true) {
            let Some(field) = collected.first() else { continue };
            let part = match (&*field.name.text, of.link) {
                ("cursor", _) => {
                    wishes.cursors = true;
                    EdgePart::Cursor
                }
                ("node", _) => EdgePart::Node(self.record(of.target, &collected.fields, output)),
                ("link", Some(link)) => EdgePart::Link(link, self.link_parts(link, &collected.fields, output)),
                _ => EdgePart::TypeName,
            };
            parts.push((collected.key, part));
        }
        parts
    }

    fn link_parts(&self, link: &'a Link, fields: &[&'a Field], output: &mut Output) -> Vec<(&'a str, LinkPart<'a>)> {
        let mut parts = Vec::new();
        for collected in self.collector.collect_below(fields, |_| true) {
            let Some(field) = collected.first() else { continue };
            let name = &*field.name.text;
            let attribute = link.fields.iter().find(|field| field.graphql == name && field.state == State::Active);
            let part = match (name, attribute) {
                (_, Some(attribute)) => {
                    let place = slot(output, Slot::LinkField(attribute.ix));
                    if is_composite(&attribute.kind) {
                        LinkPart::Composite(place, attribute, self.subs(&collected.fields))
                    } else {
                        LinkPart::Leaf(place, attribute)
                    }
                }
                ("createdAt", None) => LinkPart::CreatedAt(slot(output, Slot::LinkCreatedAt)),
                _ => LinkPart::TypeName,
            };
            parts.push((collected.key, part));
        }
        parts
    }

    /// A page size within its bounds.
    pub(super) fn size(&mut self, size: i64, path: &InputPath) -> Option<i64> {
        if size < 0 {
            self.wrong(path, Problem::invalid("range", "a page cannot have fewer than 0 rows", "每页行数不能为负数"));
            return None;
        }
        let max = i64::try_from(limits::PAGE_SIZE).unwrap_or(i64::MAX);
        if size > max {
            self.wrong(path, Problem::exhausted("page_size", limits::PAGE_SIZE, u64::try_from(size).unwrap_or(u64::MAX)));
            return None;
        }
        Some(size)
    }

    fn window(&mut self, field: &'a Field, default: u64, (signer, terms): (&Signer, usize), wishes: &Wishes) -> Option<Window> {
        let (collector, root) = (self.collector, InputPath::default());
        let given = |name: &str| collector.argument(field, name).filter(|value| !value.is_null());
        let (first, last) = (given("first").and_then(Input::as_int), given("last").and_then(Input::as_int));
        let (size, direction, name) = match (first, last) {
            (Some(_), Some(_)) => {
                self.wrong(
                    &root.key("last"),
                    Problem::invalid("range", "give `first` or `last`, not both", "`first` 和 `last` 只能给一个"),
                );
                return None;
            }
            (None, Some(last)) => (last, Direction::Backward, "last"),
            (first, None) => (first.unwrap_or_else(|| i64::try_from(default).unwrap_or(0)), Direction::Forward, "first"),
        };
        let size = self.size(size, &root.key(name))?;
        // Where only the count is asked for, no row is read.
        let size = self.param(Value::Int(if wishes.rows { size } else { 0 }));
        let mut read = |name: &'static str| {
            let text = given(name)?.as_text().unwrap_or_default();
            match signer.read(text, terms) {
                Some(values) => Some(self.place(&values)),
                None => {
                    self.wrong(&root.key(name), bad_cursor());
                    None
                }
            }
        };
        let (after, before) = (read("after"), read("before"));
        let exact_ends = match direction {
            Direction::Forward => wishes.previous,
            Direction::Backward => wishes.next,
        };
        Some(Window::Page { size, direction, after, before, exact_ends })
    }

    fn place(&mut self, values: &[Value]) -> Cursor {
        let mut cursor = Cursor { values: Vec::with_capacity(values.len()), nulls: 0 };
        for (at, value) in values.iter().enumerate() {
            if value.is_null() {
                cursor.nulls |= 1_u32.checked_shl(u32::try_from(at).unwrap_or(u32::MAX)).unwrap_or(0);
            }
            let param = self.param(value.clone());
            cursor.values.push(param);
        }
        cursor
    }
}

/// What a connection's selection asks for.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "four independent wishes, each a yes or no")]
struct Wishes {
    rows: bool,
    cursors: bool,
    next: bool,
    previous: bool,
    /// The count, and its limit if it has one.
    count: Option<Option<u64>>,
}
