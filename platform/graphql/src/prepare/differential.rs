//! Our validation accepts and refuses what `apollo-compiler` does, over documents and thousands of damaged ones.

use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Schema as Reference};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::prepare::validate;
use crate::schema::Schema;
use crate::syntax::parse;
use crate::testing;

/// Valid documents over the base package, with every construct of the language.
const DOCUMENTS: &[&str] = &[
    "{ me { id kind roles } __typename }",
    "query Q($n: Int = 5, $f: AccountFilter) { accounts(first: $n, filter: $f, orderBy: [{ name: DESC }]) { edges { cursor node { id name } } pageInfo { endCursor } totalCount(limit: null) { value exact } } }",
    "query($id: ID!) { account(id: $id) { ...a ... on Record { version } opportunities(filter: { amount: { amount: { gt: \"1\" } } }) { nodes { ...o } } } } fragment a on Account { name parent { ...p } } fragment p on Account { id display } fragment o on Opportunity { stage amount { amount } contacts { edges { link { role } node { id } } } }",
    "query($yes: Boolean!) { a: accounts { nodes { id @include(if: $yes) name @skip(if: $yes) } } }",
    "{ opportunitiesAggregate(groupBy: [{ stage: true }, { closeDate: { by: MONTH } }], having: { count: { gt: 1 } }, orderBy: [{ count: DESC }]) { key { stage closeDate { label } } count won: count(filter: { stage: { eq: WON } }) sum { amount { amount } } } }",
    "mutation($input: CreateAccountInput!) { createAccount(input: $input) { id } b: updateAccount(id: \"x\", input: { name: \"y\", parent: { disconnect: true } }, expectedVersion: 3) { version } }",
    "mutation { createAccounts(inputs: [{ name: \"a\" }], mode: PARTIAL) { created results { status errors { code inputPath } node { id } } } }",
    "{ __schema { types { name fields(includeDeprecated: true) { name type { kind ofType { name } } } } directives { args { defaultValue } } } __type(name: \"Account\") { name } }",
    "query A { me { id } } query B { accounts { nodes { owner { name } } } }",
    "query($a: [ID!], $b: ID) { accounts(filter: { id: { in: $a, ne: $b } }) { nodes { id } } }",
    "{ record(object: \"account\", id: \"x\") { id ... on Account { name } ... on Contact { lastName } } records(refs: [{ object: \"a\", id: \"b\" }]) { __typename } }",
    "query($o: [OpportunityOrder!] = [{ name: ASC }]) { opportunities(orderBy: $o) { nodes { x: name y: name } } }",
];

fn reference(schema: &Schema) -> Valid<Reference> {
    // Its reports cut text between bytes, so descriptions lose their Chinese here.
    let ascii: String = schema.sdl().chars().filter(char::is_ascii).collect();
    Reference::parse_and_validate(ascii, "schema.graphql").unwrap()
}

fn agree(schema: &Schema, reference: &Valid<Reference>, text: &str) -> Result<(), String> {
    let parsed = parse(text);
    let ours = match &parsed {
        Ok(document) => validate(schema, document).map_err(|problems| format!("{problems:?}")),
        // Its parser recovers from some errors without a word (`f(a: $b id c: 1)`), so only validation is compared.
        Err(_) => return Ok(()),
    };
    let theirs = ExecutableDocument::parse_and_validate(reference, text, "document.graphql").map_err(|errors| errors.errors.to_string());
    if ours.is_ok() == theirs.is_ok() { Ok(()) } else { Err(format!("{text}\nours: {ours:?}\ntheirs: {:?}", theirs.err())) }
}

#[test]
fn valid_documents_are_accepted_by_both() {
    let schema = testing::schema();
    let reference = reference(&schema);
    for text in DOCUMENTS {
        assert!(
            parse(text).is_ok_and(|document| validate(&schema, &document).is_ok()),
            "{text}: {:?}",
            parse(text).map(|document| validate(&schema, &document).err().map(|problems| problems.to_string()))
        );
        agree(&schema, &reference, text).unwrap();
    }
}

/// Words to put into the place of others.
const WORDS: &[&str] = &[
    "id",
    "name",
    "nope",
    "Account",
    "Opportunity",
    "String",
    "Int",
    "first",
    "filter",
    "eq",
    "in",
    "a",
    "$n",
    "$id",
    "$nope",
    "1",
    "1.5",
    "\"x\"",
    "true",
    "null",
    "[1]",
    "{}",
    "{ id }",
    "@skip(if: true)",
    "@nope",
    "...a",
    "... on Account",
    "query",
    "mutation",
    "fragment a on Account { id }",
    "!",
    "[",
    "]",
    "(",
    ")",
    "{",
    "}",
    ":",
    "WON",
    "ASC",
    "__typename",
];

fn tokens(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut word = String::new();
    for letter in text.chars() {
        if letter.is_alphanumeric() || matches!(letter, '_' | '"' | '.' | '$' | '@') {
            word.push(letter);
            continue;
        }
        if !word.is_empty() {
            tokens.push(std::mem::take(&mut word));
        }
        if !letter.is_whitespace() {
            tokens.push(letter.to_string());
        }
    }
    if !word.is_empty() {
        tokens.push(word);
    }
    tokens
}

#[test]
fn damaged_documents_are_judged_alike() {
    let schema = testing::schema();
    let reference = reference(&schema);
    let damage = prop::collection::vec((0..10_000_usize, 0..3_u8, 0..WORDS.len()), 1..3);
    let mut runner = TestRunner::new(Config { cases: 1_500, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&(0..DOCUMENTS.len(), damage), |(document, damage)| {
        let mut tokens = tokens(DOCUMENTS[document]);
        for (at, kind, word) in damage {
            let at = at % tokens.len();
            match kind {
                0 => drop(tokens.remove(at)),
                1 => tokens[at] = WORDS[word].to_owned(),
                _ => tokens.insert(at, WORDS[word].to_owned()),
            }
            if tokens.is_empty() {
                return Ok(());
            }
        }
        agree(&schema, &reference, &tokens.join(" ")).map_err(TestCaseError::fail)
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}
