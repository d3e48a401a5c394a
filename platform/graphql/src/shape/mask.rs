//! Masked text: enough to recognise a value one knows, too little to learn one.

use tenon_model::FieldKind;

/// Letters kept in front and at the end of a long text.
const KEPT: (usize, usize) = (3, 4);
/// Letters from which on a text is long.
const LONG: usize = 8;
const STARS: &str = "****";
const SHORT_STARS: &str = "***";

/// Whether a kind of field has a masked form; others are empty when masked.
pub(crate) const fn has_mask(kind: &FieldKind) -> bool {
    matches!(
        kind,
        FieldKind::Text { .. } | FieldKind::LongText | FieldKind::Email | FieldKind::Phone | FieldKind::Url | FieldKind::AutoNumber { .. }
    )
}

/// The masked form of a text: `138****5678`, `z***@example.com`, `张***`.
pub(crate) fn mask(kind: &FieldKind, text: &str) -> String {
    let first: String = text.chars().take(1).collect();
    if let (FieldKind::Email, Some((_, host))) = (kind, text.rsplit_once('@')) {
        return format!("{first}{SHORT_STARS}@{host}");
    }
    // The calling code stays in front of a phone number: people know their own country's numbers without it.
    let local = match kind {
        FieldKind::Phone => text.strip_prefix("+86").unwrap_or(text),
        _ => text,
    };
    let letters = local.chars().count();
    if letters < LONG {
        return format!("{first}{SHORT_STARS}");
    }
    let (front, end) = KEPT;
    let head: String = local.chars().take(front).collect();
    let tail: String = local.chars().skip(letters - end).collect();
    format!("{head}{STARS}{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text() -> FieldKind {
        FieldKind::LongText
    }

    #[test]
    fn phones_keep_three_and_four_digits() {
        assert_eq!(mask(&FieldKind::Phone, "+8613812345678"), "138****5678");
        assert_eq!(mask(&FieldKind::Phone, "+4930123456"), "+49****3456");
    }

    #[test]
    fn mail_keeps_its_first_letter_and_its_host() {
        assert_eq!(mask(&FieldKind::Email, "zhang.san@example.com"), "z***@example.com");
        assert_eq!(mask(&FieldKind::Email, "a@b.cn"), "a***@b.cn");
    }

    #[test]
    fn short_text_keeps_its_first_letter_only() {
        assert_eq!(mask(&text(), "张三丰"), "张***");
        assert_eq!(mask(&text(), "1234567"), "1***");
        assert_eq!(mask(&text(), ""), "***");
    }

    #[test]
    fn long_text_keeps_three_and_four_letters() {
        assert_eq!(mask(&text(), "91310000MA1FL0XX7Q"), "913****XX7Q");
        assert_eq!(mask(&text(), "12345678"), "123****5678");
    }
}
