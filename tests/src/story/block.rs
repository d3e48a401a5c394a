//! The fenced blocks of a Markdown file, with the lines they stand on.

/// One fenced block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// The language: the first word after the fence.
    pub(super) language: String,
    /// The words after the language.
    pub(super) words: Vec<String>,
    /// What stands between the fences, each line with its end.
    pub(super) text: String,
    /// The line of the opening fence, from 1.
    pub(super) line: usize,
    /// How many lines the text has.
    pub(super) lines: usize,
}

impl Block {
    /// Does this word stand after the language?
    pub(super) fn has(&self, word: &str) -> bool {
        self.words.iter().any(|own| own == word)
    }
}

/// All blocks, in order. A fence is three backticks or more at the beginning of a line and ends at as many.
pub(super) fn blocks(text: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let mut open: Option<(Block, usize)> = None;
    for (index, line) in text.lines().enumerate() {
        let ticks = line.chars().take_while(|c| *c == '`').count();
        match open.take() {
            None if ticks >= 3 => {
                let mut words = line.trim_start_matches('`').split_whitespace().map(str::to_owned);
                let language = words.next().unwrap_or_default();
                let block = Block { language, words: words.collect(), text: String::new(), line: index + 1, lines: 0 };
                open = Some((block, ticks));
            }
            None => {}
            Some((block, fence)) if ticks == fence && line.trim_end().len() == fence => found.push(block),
            Some((mut block, fence)) => {
                block.text.push_str(line);
                block.text.push('\n');
                block.lines += 1;
                open = Some((block, fence));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::blocks;

    #[test]
    fn blocks_are_found_with_their_words_and_lines() {
        let found = blocks("# A\n\n```json variables\n{}\n```\ntext\n````md\n```\n````\n");
        let seen: Vec<_> = found.iter().map(|one| (one.language.as_str(), one.words.len(), one.line, one.text.as_str())).collect();
        assert_eq!(seen, [("json", 1, 3, "{}\n"), ("md", 0, 7, "```\n")]);
    }
}
