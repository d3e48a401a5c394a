//! GraphQL documents: limits counted while scanning, then a tree with places.
//!
//! Our own (docs/decisions/0003-own-graphql-parser.md): order of definitions, repeated keys and the exact letters of
//! numbers survive, and the limits hold before any recursion. Invariant: no recursion deeper than `nesting`.

pub(crate) mod ast;
mod parse;
mod scan;
mod sdl;

pub(crate) use parse::parse;
pub(crate) use sdl::parse_schema;
