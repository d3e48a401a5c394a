//! A SCIM user put together of the member, his record, and what a client wrote beside them.
//!
//! Where they differ the member and the record are right: what people change here is seen there.

use serde_json::json;
use tenon_store::{MemberState, StoredMember, StoredScim};
use tenon_value::{DateTime, Json, Uuid, fold};

use super::filter::member;
use super::person::{Person, PersonChange, field_of, language, manager_of, name_of};
use super::read::Resource;
use super::schema::{ENTERPRISE, USER};

/// The member of a kept body that says that a client deleted the user.
pub(crate) const DELETED: &str = "$deleted";

/// Everything known of a user.
pub(crate) struct Known {
    pub(crate) member: StoredMember,
    pub(crate) person: Person,
    pub(crate) kept: Option<StoredScim>,
    /// Groups with their names.
    pub(crate) groups: Vec<(Uuid, String)>,
}

impl Known {
    /// What the client wrote.
    pub(crate) fn body(&self) -> Resource {
        self.kept.as_ref().and_then(|kept| kept.body.as_object().cloned()).unwrap_or_default()
    }

    /// A client deleted him, and nobody let him in again since.
    pub(crate) fn is_deleted(&self) -> bool {
        is_deleted(&self.member, self.kept.as_ref())
    }

    /// As it is answered.
    pub(crate) fn rendered(&self, base: &str) -> Json {
        let (kept, id) = (self.body(), self.member.user);
        let mut shown = Resource::new();
        let has_extension = kept.contains_key(ENTERPRISE) || self.person.text("employee_number").is_some() || self.person.manager.is_some();
        shown.insert("schemas".to_owned(), if has_extension { json!([USER, ENTERPRISE]) } else { json!([USER]) });
        shown.insert("id".to_owned(), json!(id.to_string()));
        if let Some(external) = self.kept.as_ref().and_then(|kept| kept.external_id.as_ref()) {
            shown.insert("externalId".to_owned(), json!(external));
        }
        shown.extend(kept.clone());
        shown.remove(DELETED);
        shown.insert("userName".to_owned(), json!(self.user_name(&kept)));
        shown.insert("active".to_owned(), json!(self.member.state != MemberState::Disabled));
        self.texts(&mut shown);
        self.enterprise(&mut shown);
        if !self.groups.is_empty() {
            let group = |(id, name): &(Uuid, String)| json!({ "value": id.to_string(), "display": name, "type": "direct", "$ref": format!("{base}/Groups/{id}") });
            shown.insert("groups".to_owned(), self.groups.iter().map(group).collect());
        }
        let changed = self.kept.as_ref().map_or(self.member.created_at, |kept| kept.changed_at);
        shown.insert("meta".to_owned(), meta("User", self.member.created_at, changed, &format!("{base}/Users/{id}")));
        Json::Object(shown)
    }

    /// The login as the client spelled it, as long as it is still the login.
    fn user_name(&self, kept: &Resource) -> String {
        let spelled = kept.get("userName").and_then(Json::as_str).filter(|name| fold(name.trim()) == self.member.login);
        spelled.unwrap_or(&self.member.login).to_owned()
    }

    fn texts(&self, shown: &mut Resource) {
        let text = |field: &str| self.person.text(field);
        if let Some(name) = text("name") {
            shown.insert("displayName".to_owned(), json!(name));
            shown.entry("name").or_insert_with(|| json!({ "formatted": name }));
        }
        if let Some(title) = text("title") {
            shown.insert("title".to_owned(), json!(title));
        }
        if let Some(zone) = text("zone") {
            shown.insert("timezone".to_owned(), json!(zone));
        }
        if let Some(locale) = text("locale") {
            let same = shown.get("preferredLanguage").and_then(Json::as_str).and_then(language).is_some_and(|own| own == locale);
            if !same {
                shown.insert("preferredLanguage".to_owned(), json!(locale));
            }
        }
        if let Some(email) = text("email").or(self.member.email.as_deref()) {
            put_value(shown, "emails", ("work", true), email);
        }
        if let Some(phone) = text("phone") {
            put_value(shown, "phoneNumbers", ("work", false), phone);
        }
        if let Some(mobile) = text("mobile") {
            put_value(shown, "phoneNumbers", ("mobile", false), mobile);
        }
    }

    fn enterprise(&self, shown: &mut Resource) {
        let mut inside = shown.get(ENTERPRISE).and_then(Json::as_object).cloned().unwrap_or_default();
        if let Some(number) = self.person.text("employee_number") {
            inside.insert("employeeNumber".to_owned(), json!(number));
        }
        if let Some(manager) = self.person.manager {
            inside.insert("manager".to_owned(), json!({ "value": manager.to_string() }));
        }
        if !inside.is_empty() {
            shown.insert(ENTERPRISE.to_owned(), Json::Object(inside));
        }
    }
}

/// A client deleted him, and nobody let him in again since.
pub(crate) fn is_deleted(member: &StoredMember, kept: Option<&StoredScim>) -> bool {
    member.state == MemberState::Disabled && kept.is_some_and(|kept| kept.body.get(DELETED).is_some())
}

/// The attribute `meta`.
pub(crate) fn meta(kind: &str, created: DateTime, changed: DateTime, location: &str) -> Json {
    json!({ "resourceType": kind, "created": created.to_string(), "lastModified": changed.to_string(), "location": location })
}

/// Sets the value of the element of a list that counts, and makes it where there is none. Two spellings of one number
/// (the client's, the record's) are one.
fn put_value(shown: &mut Resource, list: &str, (kind, or_any): (&str, bool), text: &str) {
    let elements = shown.entry(list).or_insert_with(|| json!([]));
    let Some(elements) = elements.as_array_mut() else { return };
    let is = |one: &Json| member(one, "type").and_then(Json::as_str).is_some_and(|own| own.eq_ignore_ascii_case(kind));
    let primary = |one: &Json| member(one, "primary") == Some(&Json::Bool(true));
    let first = || if or_any && !elements.is_empty() { Some(0) } else { None };
    let place = if or_any { elements.iter().position(primary) } else { None };
    match place.or_else(|| elements.iter().position(is)).or_else(first) {
        Some(place) => {
            let digits = |text: &str| text.chars().filter(|letter| letter.is_alphanumeric() || *letter == '@').collect::<String>();
            if let Some(element) = elements.get_mut(place).and_then(Json::as_object_mut) {
                let same = element.get("value").and_then(Json::as_str).is_some_and(|own| digits(own) == digits(text));
                if !same {
                    element.insert("value".to_owned(), json!(text));
                }
            }
        }
        None if or_any => elements.push(json!({ "value": text, "type": kind, "primary": true })),
        None => elements.push(json!({ "value": text, "type": kind })),
    }
}

/// What a request makes of a user.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) login: String,
    pub(crate) active: bool,
    pub(crate) email: Option<String>,
    pub(crate) external: Option<String>,
    pub(crate) change: PersonChange,
    /// The manager's id as it came.
    pub(crate) manager: Option<String>,
    /// What is kept beside member and record.
    pub(crate) body: Resource,
}

/// How the resource came.
pub(crate) enum Before<'b> {
    /// A new user.
    Nothing,
    /// A PUT over what the client wrote before.
    Kept(&'b Resource),
    /// A PATCH of the resource as it was shown, over what the client wrote before.
    Shown(&'b Resource, &'b Resource),
}

impl Wanted {
    /// Of a resource as the schemas have it.
    pub(crate) fn of(mut resource: Resource, before: &Before<'_>) -> Self {
        let empty = Resource::new();
        let kept = match before {
            Before::Nothing => &empty,
            Before::Kept(kept) | Before::Shown(_, kept) => *kept,
        };
        let mut change = PersonChange::default();
        for field in super::person::FIELDS {
            let (new, old) = (wanted_text(&resource, field, before), field_of(kept, field));
            match (new, old) {
                (Some(text), _) => change.texts.push((field, Some(text))),
                // Only what the client once set is its to clear.
                (None, Some(_)) if field != "name" => change.texts.push((field, None)),
                (None, _) => {}
            }
        }
        let manager = manager_of(&resource).map(str::to_owned);
        if manager.is_none() && manager_of(kept).is_some() {
            change.manager = Some(None);
        }
        let text = |name: &str| resource.get(name).and_then(Json::as_str).map(str::to_owned);
        let (login, external) = (text("userName").unwrap_or_default(), text("externalId"));
        let active = resource.get("active").and_then(Json::as_bool);
        let email = field_of(&resource, "email");
        for own in ["externalId", "active"] {
            resource.remove(own);
        }
        if let Before::Shown(shown, kept) = before {
            // What was only shown, and not changed, is not the client's.
            resource.retain(|name, value| kept.contains_key(name) || shown.get(name) != Some(value));
        }
        Self { login, active: active.unwrap_or(true), email, external, change, manager, body: resource }
    }
}

/// The text that a request has for a field. After a PATCH of the parts of a name, the display name that was only shown does
/// not stand in their way.
fn wanted_text(resource: &Resource, field: &str, before: &Before<'_>) -> Option<String> {
    if let (Before::Shown(shown, _), "name") = (before, field) {
        let same = |name: &str| resource.get(name) == shown.get(name);
        if same("displayName") && !same("name") {
            let mut parts = resource.clone();
            parts.remove("displayName");
            let formatted_is_old =
                parts.get("name").and_then(|new| member(new, "formatted")) == shown.get("name").and_then(|old| member(old, "formatted"));
            if formatted_is_old && let Some(name) = parts.get_mut("name").and_then(Json::as_object_mut) {
                name.remove("formatted");
            }
            return name_of(&parts);
        }
    }
    field_of(resource, field)
}

#[cfg(test)]
mod tests {
    use super::super::patch;
    use super::super::read;
    use super::super::schema::ResourceKind;
    use super::*;

    fn kept(body: Json) -> Resource {
        read::resource(ResourceKind::User, &body).unwrap()
    }

    fn texts(wanted: &Wanted) -> Vec<(&'static str, Option<&str>)> {
        wanted.change.texts.iter().map(|(field, text)| (*field, text.as_deref())).collect()
    }

    #[test]
    fn a_new_user_is_read_from_what_entra_and_okta_send() {
        let sent = json!({
            "userName": "Li.Wei@Example.com", "externalId": "0a21", "active": "True", "displayName": "李伟", "title": "Engineer",
            "emails": [{ "primary": true, "type": "work", "value": "li.wei@example.com" }],
            "phoneNumbers": [{ "type": "mobile", "value": "+86 138 1234 5678" }], "preferredLanguage": "zh-CN",
            ENTERPRISE: { "employeeNumber": "701984", "manager": { "value": "m" } },
        });
        let wanted = Wanted::of(kept(sent), &Before::Nothing);
        assert_eq!((wanted.login.as_str(), wanted.active, wanted.external.as_deref()), ("Li.Wei@Example.com", true, Some("0a21")));
        assert_eq!(wanted.manager.as_deref(), Some("m"));
        assert_eq!(
            texts(&wanted),
            [
                ("name", Some("李伟")),
                ("email", Some("li.wei@example.com")),
                ("title", Some("Engineer")),
                ("mobile", Some("+86 138 1234 5678")),
                ("employee_number", Some("701984")),
                ("locale", Some("zh")),
            ]
        );
        assert!(!wanted.body.contains_key("externalId") && !wanted.body.contains_key("active"));
    }

    #[test]
    fn names_are_put_together_as_people_write_them() {
        let name = |body: Json| texts(&Wanted::of(kept(body), &Before::Nothing))[0].1.map(str::to_owned);
        assert_eq!(name(json!({ "userName": "u", "name": { "givenName": "Barbara", "familyName": "Jensen" } })).unwrap(), "Barbara Jensen");
        assert_eq!(name(json!({ "userName": "u", "name": { "givenName": "伟", "familyName": "李" } })).unwrap(), "李伟");
        assert_eq!(name(json!({ "userName": "u", "name": { "familyName": "Jensen" } })).unwrap(), "Jensen");
        assert_eq!(name(json!({ "userName": "u" })).unwrap(), "u");
    }

    #[test]
    fn a_put_clears_only_what_the_client_once_set() {
        let before = kept(json!({ "userName": "u", "title": "Engineer" }));
        let wanted = Wanted::of(kept(json!({ "userName": "u", "displayName": "U" })), &Before::Kept(&before));
        assert_eq!(texts(&wanted), [("name", Some("U")), ("title", None)]);
    }

    #[test]
    fn a_patch_of_the_parts_of_a_name_changes_the_name() {
        let before = kept(json!({ "userName": "u", "name": { "givenName": "Barbara", "familyName": "Jensen" } }));
        let mut shown = Json::Object(before.clone());
        shown["displayName"] = json!("Barbara Jensen");
        shown["title"] = json!("Set here by hand");
        let old = shown.as_object().unwrap().clone();
        let body = json!({ "Operations": [{ "op": "replace", "path": "name.familyName", "value": "Smith" }] });
        patch::apply(ResourceKind::User, &mut shown, &body).unwrap();
        let after = read::resource(ResourceKind::User, &shown).unwrap();
        let wanted = Wanted::of(after, &Before::Shown(&old, &before));
        assert_eq!(texts(&wanted)[0], ("name", Some("Barbara Smith")));
        assert!(!wanted.body.contains_key("title") && !wanted.body.contains_key("displayName"), "what was only shown is not kept");
    }
}
