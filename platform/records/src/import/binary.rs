//! What is no text though it is called CSV or JSONL: recognised by how it begins, so that whoever sent it learns what it is.

use tenon_diagnostics::Problem;

/// What a file is instead of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binary {
    /// Text, but in UTF-16 or UTF-32: every other byte may be a quote or a line's end by chance.
    Utf16,
    /// Compressed, or of a format with a name of its own.
    Packed(&'static str),
    /// It has bytes of zero, which no text has.
    Zeros,
}

/// How files begin that are no text.
const BEGINNINGS: [(&[u8], Binary); 6] = [
    (b"\xff\xfe", Binary::Utf16),
    (b"\xfe\xff", Binary::Utf16),
    (b"\x1f\x8b", Binary::Packed("gzip")),
    (b"\x28\xb5\x2f\xfd", Binary::Packed("zstd")),
    (b"PK\x03\x04", Binary::Packed("zip or xlsx")),
    (b"PAR1\x15", Binary::Packed("parquet")),
];

/// Bytes by which a file is recognised.
pub(super) const BEGIN_BYTES: u64 = 5;

impl Binary {
    /// What a file is that begins so; none where it may be text.
    pub(super) fn of(begin: &[u8]) -> Option<Self> {
        let known = BEGINNINGS.iter().find(|(bytes, _)| begin.starts_with(bytes)).map(|(_, binary)| *binary);
        known.or_else(|| begin.contains(&0).then_some(Self::Zeros))
    }

    /// As it is told.
    pub(super) fn problem(self) -> Problem {
        let problem = match self {
            Self::Utf16 => Problem::invalid("import/encoding", "the file is UTF-16: save it as UTF-8", "文件编码为 UTF-16,请另存为 UTF-8"),
            Self::Zeros => Problem::invalid("import/encoding", "the file is no text: it has bytes of zero", "文件不是文本:其中含有零字节"),
            Self::Packed(what) => {
                let (en, zh) = (
                    format!("the file is no text but {what}: unpack it, or give it its name"),
                    format!("文件不是文本,而是 {what}:请先解压或使用正确的文件名"),
                );
                Problem::invalid("import/format", en, zh)
            }
        };
        problem.with("line", 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_text_is_known_by_its_beginning() {
        assert_eq!(Binary::of(b"\xff\xfea\0"), Some(Binary::Utf16));
        assert_eq!(Binary::of(b"a\0b\0"), Some(Binary::Zeros));
        assert_eq!(Binary::of(b"\x1f\x8b\x08\0"), Some(Binary::Packed("gzip")));
        assert_eq!(Binary::of(b"PAR1\x15"), Some(Binary::Packed("parquet")));
        for text in ["", "i", "id,n", "PAR1,", "\u{feff}i", "名称"] {
            assert_eq!(Binary::of(text.as_bytes()), None, "{text}");
        }
    }
}
