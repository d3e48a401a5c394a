//! A lead becomes a customer: an account, a contact and an opportunity, made or linked, in one transaction.
//!
//! Everything is read and made as whoever converts: what he may not see is not copied, what he may not make is not made. Only
//! the lead's activities, which may be others', are moved as the package itself.

mod draft;

use tenon_sdk::prelude::*;

use crate::caller::Caller;
use crate::words::Word;
use draft::Mapping;

/// Activities that are moved at once.
const MANY: u32 = 200;

/// What a lead is converted to.
#[derive(Default)]
struct Made {
    account: Option<String>,
    contact: Option<String>,
    opportunity: Option<String>,
}

/// The action.
pub(crate) fn convert(input: &Json) -> Result<Json, Error> {
    let caller = Caller::ask()?;
    let id = input.at("lead").text().unwrap_or_default();
    // Of two at once the second waits here, and finds it converted.
    let Some(whole) = acting::as_itself(|| records::get_for_update("lead", id))? else { return caller.refuse(&Word::NoLead) };
    let Some(lead) = records::get("lead", id).ok().flatten() else { return caller.refuse(&Word::NoLead) };
    if !may_update(id) {
        return caller.refuse(&Word::NotYours);
    }
    if whole.text("status") == Some("converted") || whole.datetime("converted_at").is_some() {
        return caller.refuse(&Word::AlreadyConverted);
    }
    if whole.text("status") == Some("invalid") {
        return caller.refuse(&Word::Closed);
    }
    let mappings = acting::as_itself(Mapping::all)?;
    let made = make(&caller, (&lead, &mappings), input)?;
    let to = |object: &str, id: &Option<String>| id.as_ref().map(|id| Reference::new(object, id.as_str()));
    let values = [
        ("status", "converted".into()),
        ("converted_at", clock::now().into()),
        ("converted_account", to("account", &made.account).into()),
        ("converted_contact", to("contact", &made.contact).into()),
        ("converted_opportunity", to("opportunity", &made.opportunity).into()),
    ];
    records::update("lead", id, None, &values).map_err(|problem| in_the_way(&caller, "lead", problem))?;
    move_activities(id, &made)?;
    Ok(Json::object([("account", made.account.into()), ("contact", made.contact.into()), ("opportunity", made.opportunity.into())]))
}

fn may_update(lead: &str) -> bool {
    let asked = records::query("query($id: ID!) { lead(id: $id) { can { update } } }", &Json::object([("id", lead.into())]).to_string());
    asked.is_ok_and(|data| data.at("lead.can.update").boolean() == Some(true))
}

/// Links what the caller names, and makes the rest.
fn make(caller: &Caller, (lead, mappings): (&Record, &[Mapping]), input: &Json) -> Result<Made, Error> {
    let named = |object: &'static str| linked(caller, object, input.at(object).text());
    let (opportunity, contact) = (named("opportunity")?, named("contact")?);
    let of = |record: &Option<Record>| record.as_ref().and_then(|record| record.reference("account")).map(|to| to.id.clone());
    let account = named("account")?.map(|record| record.id).or_else(|| of(&opportunity)).or_else(|| of(&contact));
    let create = |object: &'static str, mut values: Vec<(_, Value)>| {
        Mapping::apply(mappings, object, lead, &mut values);
        let made = records::create(object, &values).map_err(|problem| in_the_way(caller, object, problem))?;
        Ok::<_, Error>(made.id)
    };
    let account = account.map_or_else(|| create("account", draft::account(lead)), Ok)?;
    let contact = contact.map_or_else(|| create("contact", draft::contact(lead, &account)), |record| Ok(record.id))?;
    let opportunity = match opportunity {
        Some(record) => Some(record.id),
        None if input.at("without_opportunity").boolean() == Some(true) => None,
        None => Some(create("opportunity", draft::opportunity(lead, &account, &contact))?),
    };
    Ok(Made { account: Some(account), contact: Some(contact), opportunity })
}

/// What the caller names, as far as he sees it.
fn linked(caller: &Caller, object: &'static str, id: Option<&str>) -> Result<Option<Record>, Error> {
    let Some(id) = id else { return Ok(None) };
    match records::get(object, id) {
        Ok(Some(record)) => Ok(Some(record)),
        _ => caller.refuse(&Word::NotThere(object)),
    }
}

/// What stands in the way of a conversion is said to whoever asked for it, and nothing of it is kept.
fn in_the_way(caller: &Caller, object: &'static str, problem: Problem) -> Error {
    if problem.code == "REFUSED" {
        return problem.into();
    }
    let at = problem.field.map(|field| format!("{object}.{field}")).unwrap_or_else(|| object.to_owned());
    caller.refusal(&Word::NotConverted(at, problem.message)).into()
}

/// The lead's activities go with it: to the opportunity, or else the account.
fn move_activities(lead: &str, made: &Made) -> Result<(), Error> {
    let account = made.account.as_deref().map(|id| Reference::new("account", id));
    let regarding = made.opportunity.as_deref().map(|id| Reference::new("opportunity", id)).or_else(|| account.clone());
    let of_the_lead = Json::object([("regarding", Json::object([("eq", lead.into())]))]).to_string();
    let values = [("regarding", regarding.into()), ("account", account.into())];
    acting::as_itself(|| {
        while records::update_where("activity", &of_the_lead, &values, MANY)? == MANY {}
        Ok(())
    })
}
