//! The examples of RFC 7644 §3.5.2, and the requests that Entra ID and Okta document.

use serde_json::json;

use super::*;

fn user() -> Json {
    json!({
        "id": "1", "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "bjensen", "active": true,
        "name": { "familyName": "Jensen", "givenName": "Barbara" },
        "emails": [{ "value": "bjensen@example.com", "type": "work", "primary": true }, { "value": "babs@jensen.org", "type": "home" }],
    })
}

fn group() -> Json {
    json!({ "id": "9", "displayName": "Tour Guides", "members": [{ "value": "a", "type": "User" }, { "value": "b", "type": "User" }] })
}

fn patched(kind: ResourceKind, mut resource: Json, operations: Json) -> Json {
    apply(kind, &mut resource, &json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations }))
        .unwrap_or_else(|error| panic!("{operations}: {error}"));
    resource
}

fn refused(operations: Json) -> Option<&'static str> {
    let mut resource = user();
    apply(ResourceKind::User, &mut resource, &json!({ "Operations": operations })).unwrap_err().scim_type
}

#[test]
fn the_examples_of_the_standard() {
    let added = patched(
        ResourceKind::Group,
        group(),
        json!([{ "op": "add", "path": "members", "value": [{ "display": "Babs", "value": "c" }, { "value": "a" }] }]),
    );
    assert_eq!(
        added["members"],
        json!([{ "value": "a", "type": "User" }, { "value": "b", "type": "User" }, { "value": "c" }]),
        "who is in stays once"
    );
    let removed = patched(ResourceKind::Group, group(), json!([{ "op": "remove", "path": "members[value eq \"a\"]" }]));
    assert_eq!(removed["members"], json!([{ "value": "b", "type": "User" }]));
    assert!(patched(ResourceKind::Group, group(), json!([{ "op": "remove", "path": "members" }])).get("members").is_none());
    let swapped = patched(
        ResourceKind::Group,
        group(),
        json!([{ "op": "remove", "path": "members[value eq \"a\" or value eq \"b\"]" }, { "op": "add", "path": "members", "value": [{ "value": "c" }] }]),
    );
    assert_eq!(swapped["members"], json!([{ "value": "c" }]));
    let replaced = patched(ResourceKind::Group, group(), json!([{ "op": "replace", "path": "members", "value": [{ "value": "d" }] }]));
    assert_eq!(replaced["members"], json!([{ "value": "d" }]));
    let emails = json!([{ "value": "b@example.com", "type": "work", "primary": true }]);
    let whole = patched(ResourceKind::User, user(), json!([{ "op": "replace", "value": { "emails": emails, "nickName": "Babs" } }]));
    assert_eq!((&whole["emails"], &whole["nickName"]), (&emails, &json!("Babs")));
    let street = patched(
        ResourceKind::User,
        user(),
        json!([{ "op": "replace", "path": "addresses[type eq \"work\"].streetAddress", "value": "1010 Broadway" }]),
    );
    assert_eq!(street["addresses"], json!([{ "type": "work", "streetAddress": "1010 Broadway" }]));
}

#[test]
fn requests_of_entra_id() {
    let work = "emails[type eq \"work\"].value";
    let urn = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    let all = patched(
        ResourceKind::User,
        user(),
        json!([
            { "op": "Replace", "path": work, "value": "updated@example.com" },
            { "op": "Replace", "path": "name.familyName", "value": "updatedFamilyName" },
            { "op": "Replace", "path": "active", "value": "False" },
            { "op": "Add", "path": "phoneNumbers[type eq \"mobile\"].value", "value": "8005551234" },
            { "op": "Add", "path": format!("{urn}:department"), "value": "Sales" },
            { "op": "Add", "path": format!("{urn}:manager"), "value": "m-1" },
        ]),
    );
    assert_eq!(all["emails"][0], json!({ "value": "updated@example.com", "type": "work", "primary": true }));
    assert_eq!(all["name"], json!({ "familyName": "updatedFamilyName", "givenName": "Barbara" }));
    assert_eq!(all["active"], json!(false));
    assert_eq!(all["phoneNumbers"], json!([{ "type": "mobile", "value": "8005551234" }]));
    assert_eq!(all[urn], json!({ "department": "Sales", "manager": { "value": "m-1" } }));
    let pathless = patched(
        ResourceKind::User,
        user(),
        json!([{ "op": "Add", "value": { "name.givenName": "Bob", work: "bob@example.com", format!("{urn}:employeeNumber"): 42, "unheardOf": 1 } }]),
    );
    assert_eq!(pathless["name"]["givenName"], "Bob");
    assert_eq!(pathless["emails"][0]["value"], "bob@example.com");
    assert_eq!(pathless[urn]["employeeNumber"], "42");
    let members = patched(ResourceKind::Group, group(), json!([{ "op": "Remove", "path": "members", "value": [{ "value": "b" }] }]));
    assert_eq!(members["members"], json!([{ "value": "a", "type": "User" }]));
    let added =
        patched(ResourceKind::Group, group(), json!([{ "op": "Add", "path": "members", "value": [{ "$ref": null, "value": "c" }] }]));
    assert_eq!(added["members"][2], json!({ "value": "c" }));
}

#[test]
fn requests_of_okta() {
    let disabled = patched(ResourceKind::User, user(), json!([{ "op": "replace", "value": { "active": false } }]));
    assert_eq!(disabled["active"], false);
    let renamed = patched(ResourceKind::Group, group(), json!([{ "op": "replace", "value": { "id": "9", "displayName": "Test SCIMv2" } }]));
    assert_eq!((&renamed["displayName"], &renamed["id"]), (&json!("Test SCIMv2"), &json!("9")));
    let members = json!([{ "op": "remove", "path": "members[value eq \"a\"]" }, { "op": "add", "path": "members", "value": [{ "value": "e", "display": "e@okta.local" }] }]);
    assert_eq!(patched(ResourceKind::Group, group(), members)["members"], json!([{ "value": "b", "type": "User" }, { "value": "e" }]));
}

#[test]
fn a_new_primary_takes_it_from_the_others() {
    let all = patched(
        ResourceKind::User,
        user(),
        json!([{ "op": "add", "path": "emails", "value": { "value": "n@x.org", "type": "other", "primary": true } }]),
    );
    let primaries: Vec<bool> = all["emails"].as_array().unwrap().iter().map(|one| one["primary"] == true).collect();
    assert_eq!(primaries, [false, false, true]);
}

#[test]
fn wrong_operations_are_named() {
    let cases = [
        (json!([]), "invalidSyntax"),
        (json!([{ "op": "move", "path": "title", "value": "x" }]), "invalidSyntax"),
        (json!([{ "op": "remove" }]), "noTarget"),
        (json!([{ "op": "replace", "value": "x" }]), "invalidValue"),
        (json!([{ "op": "replace", "path": "title" }]), "invalidValue"),
        (json!([{ "op": "replace", "path": "title", "value": { "a": 1 } }]), "invalidValue"),
        (json!([{ "op": "replace", "path": "active", "value": "perhaps" }]), "invalidValue"),
        (json!([{ "op": "replace", "path": "unheardOf", "value": "x" }]), "invalidPath"),
        (json!([{ "op": "replace", "path": "name.unheardOf", "value": "x" }]), "invalidPath"),
        (json!([{ "op": "replace", "path": "emails[", "value": "x" }]), "invalidPath"),
        (json!([{ "op": "replace", "path": "title[value eq \"x\"]", "value": "x" }]), "invalidPath"),
        (json!([{ "op": "replace", "path": 5, "value": "x" }]), "invalidPath"),
        (json!([{ "op": "replace", "path": "id", "value": "2" }]), "mutability"),
        (json!([{ "op": "replace", "path": "emails[value sw \"zz\"].type", "value": "x" }]), "noTarget"),
    ];
    for (operations, word) in cases {
        assert_eq!(refused(operations.clone()), Some(word), "{operations}");
    }
}
