//! A story's text as the steps it tells.

use anyhow::{Context, bail};
use serde_json::Value;

use super::block::{Block, blocks};

/// Where a request goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Door {
    /// `POST …/graphql`.
    Data,
    /// `GET …/graphql`.
    DataByGet,
    /// `POST …/metadata`.
    Metadata,
    /// `GET …/files/{id}`.
    File,
}

/// What a step must answer.
#[derive(Clone, Debug)]
pub(super) struct Expected {
    /// The answer as written, with names.
    pub(super) value: Value,
    /// The status, where the story names it.
    pub(super) status: Option<u16>,
    /// The line of the block's fence, from 1.
    pub(super) line: usize,
    /// How many lines the block's text has.
    pub(super) lines: usize,
}

/// A GraphQL request.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) door: Door,
    /// Which member asks; none: the administrator's key.
    pub(super) member: Option<String>,
    pub(super) document: String,
    pub(super) variables: Option<Value>,
    pub(super) extensions: Option<Value>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) expected: Option<Expected>,
    pub(super) response_headers: Vec<(String, String)>,
}

/// An import.
#[derive(Clone, Debug)]
pub(super) struct Imported {
    pub(super) object: String,
    /// Which member brings it; none: the administrator's key.
    pub(super) member: Option<String>,
    pub(super) mapping: String,
    pub(super) data: String,
    pub(super) file: &'static str,
    pub(super) dry_run: bool,
    pub(super) gbk: bool,
    pub(super) expected: Option<Expected>,
    pub(super) errors: Option<String>,
}

/// A file somebody brings.
#[derive(Clone, Debug)]
pub(super) struct Brought {
    /// What the story calls its id.
    pub(super) name: String,
    /// What it is called.
    pub(super) called: String,
    pub(super) media: String,
    pub(super) text: String,
    pub(super) member: Option<String>,
}

/// A file somebody asks for.
#[derive(Clone, Debug)]
pub(super) struct Fetched {
    /// What the story calls its id.
    pub(super) name: String,
    pub(super) member: Option<String>,
    /// What is answered: a status other than 200, or these bytes.
    pub(super) status: u16,
    pub(super) text: String,
}

/// Somebody who becomes a member.
#[derive(Clone, Debug)]
pub(super) struct Joining {
    pub(super) name: String,
    pub(super) roles: Vec<String>,
    /// `account`, `contact` or `partner`, and its id as a name of the story.
    pub(super) belongs: Option<(String, String)>,
}

/// What happens in a story.
#[derive(Clone, Debug)]
pub(super) enum Deed {
    /// These files become part of the tenant's metadata.
    Files(Vec<(String, String)>),
    /// Somebody becomes a member: a name, and roles; portal users belong to a record.
    Member(Joining),
    /// A request.
    Ask(Box<Asked>),
    /// An import.
    Import(Box<Imported>),
    /// A file is brought.
    Bring(Box<Brought>),
    /// A file is fetched.
    Fetch(Box<Fetched>),
}

/// One step, with the line it begins on.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) line: usize,
    pub(super) deed: Deed,
}

/// The tenant a story wants.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    pub(super) zone: Option<String>,
    pub(super) currency: Option<String>,
    pub(super) locale: Option<String>,
}

/// A story, ready to be played.
#[derive(Clone, Debug, Default)]
pub struct Story {
    pub(super) wanted: Wanted,
    pub(super) steps: Vec<Step>,
}

impl Story {
    /// Reads a story.
    ///
    /// # Errors
    /// When a block is not what its first line says, or has no request it could belong to.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let mut story = Self::default();
        let mut mapping = None;
        for block in blocks(text) {
            story.take(&block, &mut mapping).with_context(|| format!("line {}", block.line))?;
        }
        Ok(story)
    }

    fn take(&mut self, block: &Block, mapping: &mut Option<String>) -> anyhow::Result<()> {
        match block.language.as_str() {
            "yaml" => self.take_yaml(block, mapping)?,
            "graphql" => self.steps.push(Step { line: block.line, deed: Deed::Ask(Box::new(asked(block))) }),
            "member" => self.steps.push(Step { line: block.line, deed: Deed::Member(joining(block)?) }),
            "file" => self.steps.push(Step { line: block.line, deed: Deed::Bring(Box::new(brought(block)?)) }),
            "fetch" => self.steps.push(Step { line: block.line, deed: Deed::Fetch(Box::new(fetched(block)?)) }),
            "csv" if block.has("errors") => self.import()?.errors = Some(block.text.clone()),
            "csv" | "jsonl" => {
                let imported = imported(block, mapping.take().context("data without a `yaml mapping` before it")?)?;
                self.steps.push(Step { line: block.line, deed: Deed::Import(Box::new(imported)) });
            }
            "headers" => self.request()?.headers = headers(&block.text)?,
            "response" => self.request()?.response_headers = headers(&block.text)?,
            "json" => self.take_json(block)?,
            _ => {}
        }
        Ok(())
    }

    fn take_yaml(&mut self, block: &Block, mapping: &mut Option<String>) -> anyhow::Result<()> {
        let word = block.words.first().map(String::as_str).context("`yaml` needs a word: tenant, mapping or a file's path")?;
        match word {
            "tenant" => self.wanted = wanted(&block.text)?,
            "mapping" => *mapping = Some(block.text.clone()),
            path => match self.steps.last_mut().map(|step| &mut step.deed) {
                Some(Deed::Files(files)) => files.push((path.to_owned(), block.text.clone())),
                _ => {
                    let files = vec![(path.to_owned(), block.text.clone())];
                    self.steps.push(Step { line: block.line, deed: Deed::Files(files) });
                }
            },
        }
        Ok(())
    }

    fn take_json(&mut self, block: &Block) -> anyhow::Result<()> {
        let value: Value = serde_json::from_str(&block.text)?;
        match block.words.first().map(String::as_str) {
            Some("variables") => self.request()?.variables = Some(value),
            Some("extensions") => self.request()?.extensions = Some(value),
            word => {
                let status = word.map(str::parse).transpose().context("a status, `variables` or `extensions`")?;
                let expected = Some(Expected { value, status, line: block.line, lines: block.lines });
                match self.steps.last_mut().map(|step| &mut step.deed) {
                    Some(Deed::Ask(asked)) => asked.expected = expected,
                    Some(Deed::Import(imported)) => imported.expected = expected,
                    _ => bail!("an answer without a request before it"),
                }
            }
        }
        Ok(())
    }

    fn request(&mut self) -> anyhow::Result<&mut Asked> {
        match self.steps.last_mut().map(|step| &mut step.deed) {
            Some(Deed::Ask(asked)) => Ok(asked),
            _ => bail!("no request before it"),
        }
    }

    fn import(&mut self) -> anyhow::Result<&mut Imported> {
        match self.steps.last_mut().map(|step| &mut step.deed) {
            Some(Deed::Import(imported)) => Ok(imported),
            _ => bail!("no import before it"),
        }
    }
}

fn asked(block: &Block) -> Asked {
    let door = match block {
        block if block.has("metadata") => Door::Metadata,
        block if block.has("get") => Door::DataByGet,
        _ => Door::Data,
    };
    let (document, member) = (block.text.clone(), asking(block));
    Asked { door, member, document, variables: None, extensions: None, headers: Vec::new(), expected: None, response_headers: Vec::new() }
}

/// `as rep`: who asks.
fn asking(block: &Block) -> Option<String> {
    let at = block.words.iter().position(|word| word == "as")?;
    block.words.get(at + 1).cloned()
}

/// `member rep`, and what stands in the block: `roles: sales_rep, employee`, `partner: $acme`.
fn joining(block: &Block) -> anyhow::Result<Joining> {
    let name = block.words.first().context("who? `member rep`")?.clone();
    let mut joining = Joining { name, roles: Vec::new(), belongs: None };
    for line in block.text.lines() {
        let (key, value) = line.split_once(": ").with_context(|| format!("`{line}`"))?;
        match key.trim() {
            "roles" => joining.roles = value.split(',').map(|role| role.trim().to_owned()).collect(),
            "account" | "contact" | "partner" => joining.belongs = Some((key.trim().to_owned(), value.trim().to_owned())),
            other => bail!("a member has no `{other}` here"),
        }
    }
    Ok(joining)
}

fn imported(block: &Block, mapping: String) -> anyhow::Result<Imported> {
    let object = block.words.first().context("which object? `csv account`")?.clone();
    let file = if block.language == "csv" { "data.csv" } else { "data.jsonl" };
    let data = block.text.clone();
    let member = asking(block);
    Ok(Imported { object, member, mapping, data, file, dry_run: block.has("dry-run"), gbk: block.has("gbk"), expected: None, errors: None })
}

/// `file scan scan.txt text/plain`: the name of its id, what it is called, its type. Its last line does not end.
fn brought(block: &Block) -> anyhow::Result<Brought> {
    let [name, called, media, ..] = block.words.as_slice() else { bail!("`file name-of-its-id file-name type`") };
    let (name, called, media) = (name.clone(), called.clone(), media.clone());
    Ok(Brought { name, called, media, text: without_last_end(&block.text), member: asking(block) })
}

/// `fetch scan`, `fetch scan 404`: the name of its id, the status if it is not 200.
fn fetched(block: &Block) -> anyhow::Result<Fetched> {
    let name = block.words.first().context("which? `fetch scan`")?.clone();
    let status = block.words.get(1).and_then(|word| word.parse().ok()).unwrap_or(200);
    Ok(Fetched { name, member: asking(block), status, text: without_last_end(&block.text) })
}

fn without_last_end(text: &str) -> String {
    text.strip_suffix('\n').unwrap_or(text).to_owned()
}

fn headers(text: &str) -> anyhow::Result<Vec<(String, String)>> {
    let pair = |line: &str| line.split_once(':').map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()));
    text.lines().map(|line| pair(line).with_context(|| format!("`{line}` is no header"))).collect()
}

fn wanted(text: &str) -> anyhow::Result<Wanted> {
    let mut wanted = Wanted::default();
    for line in text.lines() {
        let (key, value) = line.split_once(": ").with_context(|| format!("`{line}`"))?;
        let value = Some(value.trim().to_owned());
        match key.trim() {
            "zone" => wanted.zone = value,
            "currency" => wanted.currency = value,
            "locale" => wanted.locale = value,
            other => bail!("a tenant has no `{other}` here"),
        }
    }
    Ok(wanted)
}

#[cfg(test)]
mod tests {
    use super::{Deed, Door, Story};

    #[test]
    fn a_request_takes_what_follows_it() {
        let text = "```graphql get\n{ a }\n```\n```json variables\n{}\n```\n```json 400\n{\"errors\":[]}\n```\n";
        let story = Story::parse(text).unwrap();
        let [step] = story.steps.as_slice() else { panic!("{story:?}") };
        let Deed::Ask(asked) = &step.deed else { panic!("{step:?}") };
        assert_eq!((asked.door, asked.variables.is_some()), (Door::DataByGet, true));
        assert_eq!(asked.expected.as_ref().and_then(|expected| expected.status), Some(400));
    }

    #[test]
    fn an_answer_without_a_request_is_named_with_its_line() {
        let error = Story::parse("# A\n```json\n{}\n```\n").unwrap_err();
        assert_eq!(format!("{error:#}"), "line 2: an answer without a request before it");
    }
}
