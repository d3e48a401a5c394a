//! The examples of RFC 7644, what clients write beyond it, and what is no filter.

use serde_json::json;

use super::super::parse;
use super::*;

fn bjensen() -> Json {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "id": "2819c223", "externalId": "BJ", "userName": "bjensen", "title": "Tour Guide", "userType": "Employee", "active": true,
        "name": { "familyName": "O'Malley", "givenName": "Babs" },
        "emails": [
            { "value": "babs@jensen.org", "type": "home" },
            { "value": "bjensen@example.com", "type": "work", "primary": true },
        ],
        "meta": { "lastModified": "2011-05-13T04:42:34Z", "resourceType": "User" },
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": { "department": "Tours", "manager": { "value": "26118915" } },
    })
}

fn matches(filter: &str) -> bool {
    parse::filter(filter).unwrap_or_else(|error| panic!("{filter}: {error}")).matches(&bjensen())
}

#[test]
fn the_examples_of_the_standard_match_as_they_should() {
    let yes = [
        r#"userName eq "bjensen""#,
        r#"name.familyName co "O'Malley""#,
        r#"userName sw "b""#,
        r#"urn:ietf:params:scim:schemas:core:2.0:User:userName sw "B""#,
        "title pr",
        r#"meta.lastModified gt "2011-05-13T04:42:33Z""#,
        r#"meta.lastModified ge "2011-05-13T04:42:34Z""#,
        r#"meta.lastModified le "2011-05-13T12:42:34+08:00""#,
        r#"title pr and userType eq "Employee""#,
        r#"title pr or userType eq "Intern""#,
        r#"schemas eq "urn:ietf:params:scim:schemas:core:2.0:User""#,
        r#"userType eq "Employee" and (emails co "example.com" or emails.value co "example.org")"#,
        r#"userType ne "Intern" and not (emails co "example.net" or emails.value co "example.org")"#,
        r#"userType eq "Employee" and (emails.type eq "work")"#,
        r#"userType eq "Employee" and emails[type eq "work" and value co "@example.com"]"#,
        r#"emails[type eq "work" and value co "@example.com"] or ims[type eq "xmpp" and value co "@foo.com"]"#,
        r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq "tours""#,
        r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value eq "26118915""#,
    ];
    for filter in yes {
        assert!(matches(filter), "{filter}");
    }
    let no = [
        r#"meta.lastModified lt "2011-05-13T04:42:34Z""#,
        r#"emails[type eq "home" and value co "@example.com"]"#,
        r#"userType ne "employee""#,
        "nickName pr",
        r#"externalId eq "bj""#,
        r#"not (userName eq "bjensen")"#,
        r#"userName gt "z""#,
        "active eq false",
    ];
    for filter in no {
        assert!(!matches(filter), "{filter}");
    }
}

#[test]
fn and_binds_closer_than_or_and_words_have_no_case() {
    assert!(matches(r#"title pr or active eq true and userName eq "nobody""#));
    assert!(!matches(r#"(title pr or active eq true) and userName eq "nobody""#));
    assert!(matches(r#"USERNAME EQ "BJENSEN" AND Title PR"#));
    assert!(matches(r#"userName   eq   "bjensen"  "#));
}

#[test]
fn what_clients_write_beyond_the_grammar_is_understood() {
    assert!(matches(r#"emails[type eq "work"].value eq "bjensen@example.com""#));
    assert!(!matches(r#"emails[type eq "home"].value eq "bjensen@example.com""#));
    assert!(matches(r#"active eq "True""#));
    assert!(matches("nickName eq null"));
}

#[test]
fn values_are_json() {
    let quoted = parse::filter(r#"userName eq "a\"b) or (é""#).unwrap();
    assert!(matches!(quoted, Filter::Compare { value: Json::String(text), .. } if text == "a\"b) or (é"));
    assert_eq!(parse::filter(r#"id eq "1" and active eq true"#).unwrap().demanded("id"), Some("1"));
    assert_eq!(parse::filter(r#"id eq "1" or active eq true"#).unwrap().demanded("id"), None, "the other half may match without it");
}

#[test]
fn what_is_no_filter_is_refused_and_never_breaks() {
    let deep = format!("{}a pr{}", "(".repeat(50), ")".repeat(50));
    let wide = vec!["a pr"; 300].join(" or ");
    let long = format!("a eq \"{}\"", "x".repeat(parse::FILTER_BYTES_MAX));
    let wrong = [
        "",
        " ",
        "userName",
        "userName eq",
        "userName eq bjensen",
        "userName like \"b\"",
        "(userName pr",
        "userName pr)",
        "eq \"x\"",
        "userName eq \"b",
        "emails[type eq \"work\"",
        "emails[]",
        "not userName pr",
        "a pr b pr",
        "a eq [1]",
        "a eq {}",
        "1a pr",
        "a. pr",
        "userName eq \"é\" \u{1f600}",
        "urn: pr",
        "and",
        "a pr and",
        deep.as_str(),
        wide.as_str(),
        long.as_str(),
    ];
    for text in wrong {
        assert!(parse::filter(text).is_err(), "{text:.60}");
    }
}

#[test]
fn paths_of_patches_are_read() {
    let path = parse::path(r#"emails[type eq "work"].value"#).unwrap();
    assert_eq!((path.attribute.name.as_str(), path.attribute.sub.as_deref()), ("emails", Some("value")));
    assert_eq!(path.filter.unwrap().as_members(), Some(vec![("type".to_owned(), json!("work"))]));
    let path = parse::path("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value").unwrap();
    assert_eq!(path.attribute.schema.as_deref(), Some("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"));
    assert_eq!((path.attribute.name.as_str(), path.attribute.sub.as_deref()), ("manager", Some("value")));
    let whole = parse::path("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User").unwrap();
    assert_eq!(
        (whole.attribute.schema, whole.attribute.name.as_str()),
        (None, "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User")
    );
    for wrong in ["", "members[", "members[value eq \"1\"]x", "members]", "name.a.b", "members[value]", "name.x[a pr]"] {
        assert!(parse::path(wrong).is_err(), "{wrong}");
    }
}
