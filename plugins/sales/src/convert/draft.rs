//! What new records hold of a lead: what is alike in both, and what the tenant maps. What whoever converts does not see is not
//! in the lead that he has read, and so in none of them.

use tenon_sdk::prelude::*;

/// Letters of a contact's name.
const NAME_LETTERS: usize = 80;

/// The fields that are there, under their names in the new record.
fn copied(lead: &Record, names: &[(&str, &'static str)]) -> Vec<(&'static str, Value)> {
    names.iter().filter_map(|(from, to)| Some((*to, lead.get(from)?.clone()))).collect()
}

/// Whom it is about: the company, or the person.
fn title(lead: &Record) -> String {
    let company = if is_person(lead) { None } else { lead.text("company") };
    company.or_else(|| lead.text("name")).unwrap_or_default().to_owned()
}

fn is_person(lead: &Record) -> bool {
    lead.text("kind") == Some("personal") || lead.text("company").is_none()
}

/// The account.
pub(super) fn account(lead: &Record) -> Vec<(&'static str, Value)> {
    let alike = [("industry", "industry"), ("website", "website"), ("phone", "phone"), ("address", "address"), ("source", "source")];
    let mut values = copied(lead, &alike);
    values.extend(copied(lead, &[("territory", "territory"), ("owner", "owner")]));
    values.push(("name", title(lead).into()));
    values.push(("kind", if is_person(lead) { "person" } else { "company" }.into()));
    values
}

/// The contact.
pub(super) fn contact(lead: &Record, account: &str) -> Vec<(&'static str, Value)> {
    let alike = [("title", "title"), ("mobile", "mobile"), ("phone", "phone"), ("email", "email"), ("wechat_id", "wechat_id")];
    let mut values = copied(lead, &alike);
    values.extend(copied(lead, &[("owner", "owner")]));
    let name: String = lead.text("name").unwrap_or_default().chars().take(NAME_LETTERS).collect();
    values.push(("last_name", name.into()));
    values.push(("account", Reference::new("account", account).into()));
    values
}

/// The opportunity: where it comes from goes with it.
pub(super) fn opportunity(lead: &Record, account: &str, contact: &str) -> Vec<(&'static str, Value)> {
    let alike = [("estimated_amount", "amount"), ("source", "source"), ("campaign", "campaign"), ("need", "description")];
    let mut values = copied(lead, &alike);
    values.extend(copied(lead, &[("owner", "owner")]));
    values.push(("name", title(lead).into()));
    values.push(("account", Reference::new("account", account).into()));
    values.push(("primary_contact", Reference::new("contact", contact).into()));
    values
}

/// A field of the tenant's own that goes along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mapping {
    source: String,
    target: String,
    field: String,
}

impl Mapping {
    /// All there are.
    pub(super) fn all() -> Result<Vec<Self>, Error> {
        let data = records::query("{ salesMappings(first: 200) { nodes { source target field } } }", "")?;
        Ok(data.at("salesMappings.nodes").items().iter().filter_map(Self::read).collect())
    }

    fn read(node: &Json) -> Option<Self> {
        let text = |name: &str| node.at(name).text().map(str::to_owned);
        Some(Self { source: text("source")?, target: text("target")?.to_lowercase(), field: text("field")? })
    }

    /// Puts what is mapped to a new record beside what it holds, or in its place.
    pub(super) fn apply<'m>(mappings: &'m [Self], target: &str, lead: &Record, values: &mut Vec<(&'m str, Value)>) {
        for mapping in mappings.iter().filter(|mapping| mapping.target == target) {
            let Some(value) = lead.get(&mapping.source) else { continue };
            values.retain(|(name, _)| *name != mapping.field);
            values.push((&mapping.field, value.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tenon_sdk::testing;

    fn lead(values: &[(&str, Value)]) -> Record {
        testing::put_record("lead", "7", values);
        records::get("lead", "7").unwrap().unwrap()
    }

    fn value<'a>(values: &'a [(&str, Value)], name: &str) -> Option<&'a Value> {
        values.iter().find(|(one, _)| *one == name).map(|(_, value)| value)
    }

    #[test]
    fn a_company_and_a_person_become_different_accounts() {
        let company = lead(&[("name", "Li".into()), ("company", "Li Ltd".into()), ("kind", "company".into())]);
        assert_eq!(
            (value(&account(&company), "name"), value(&account(&company), "kind")),
            (Some(&"Li Ltd".into()), Some(&"company".into()))
        );
        let person = lead(&[("name", "Li".into()), ("company", "Li Ltd".into()), ("kind", "personal".into())]);
        assert_eq!((value(&account(&person), "name"), value(&account(&person), "kind")), (Some(&"Li".into()), Some(&"person".into())));
    }

    #[test]
    fn what_is_not_seen_is_not_copied() {
        let seen = lead(&[("name", "Li".into()), ("mobile", "138".into())]);
        let contact = contact(&seen, "8");
        assert_eq!((value(&contact, "mobile"), value(&contact, "email")), (Some(&"138".into()), None));
        let mappings = [Mapping { source: "budget".to_owned(), target: "opportunity".to_owned(), field: "budget".to_owned() }];
        let mut values: Vec<(&str, Value)> = opportunity(&seen, "8", "9");
        Mapping::apply(&mappings, "opportunity", &seen, &mut values);
        assert_eq!(value(&values, "budget"), None);
    }

    #[test]
    fn a_mapping_goes_before_what_is_alike() {
        let lead = lead(&[("name", "Li".into()), ("source", "event".into()), ("origin", "fair".into())]);
        let mappings = [Mapping { source: "origin".to_owned(), target: "account".to_owned(), field: "source".to_owned() }];
        let mut values: Vec<(&str, Value)> = account(&lead);
        Mapping::apply(&mappings, "account", &lead, &mut values);
        assert_eq!(values.iter().filter(|(name, _)| *name == "source").collect::<Vec<_>>(), [&("source", Value::from("fair"))]);
    }
}
