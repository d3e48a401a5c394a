//! The words of our letters, in the languages of the product.

use tenon_value::Locale;

/// Why a letter is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Occasion {
    /// Somebody is asked in.
    Invitation,
    /// Somebody has forgotten the password.
    Reset,
}

/// Subject and text.
pub(crate) fn words(occasion: Occasion, locale: Locale, tenant: &str, link: &str) -> (String, String) {
    match (occasion, locale) {
        (Occasion::Invitation, Locale::En) => (
            format!("Your invitation to {tenant}"),
            format!(
                "You are invited to {tenant} on Tenon.\n\nChoose your password here, within 7 days:\n{link}\n\n\
                 If you did not expect this, do nothing.\n"
            ),
        ),
        (Occasion::Invitation, Locale::Zh) => (
            format!("邀请您加入 {tenant}"),
            format!("您已受邀加入 {tenant}(Tenon)。\n\n请在 7 天内点击以下链接设置密码:\n{link}\n\n如果您未预期收到此邮件,请忽略。\n"),
        ),
        (Occasion::Reset, Locale::En) => (
            format!("Choose a new password for {tenant}"),
            format!(
                "Somebody, probably you, asked for a new password for {tenant} on Tenon.\n\nChoose it here, within one hour:\n{link}\n\n\
                 All your sessions will end. If it was not you, do nothing: your password stays.\n"
            ),
        ),
        (Occasion::Reset, Locale::Zh) => (
            format!("重置 {tenant} 的密码"),
            format!(
                "有人(可能是您本人)请求重置您在 {tenant}(Tenon)的密码。\n\n请在 1 小时内点击以下链接设置新密码:\n{link}\n\n重置后所有会话将结束。如非本人操作,请忽略,密码不会改变。\n"
            ),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_holds_its_link_in_every_language() {
        for occasion in [Occasion::Invitation, Occasion::Reset] {
            for locale in [Locale::En, Locale::Zh] {
                let (subject, text) = words(occasion, locale, "acme", "https://x.example/t/acme#1");
                assert!(subject.contains("acme") && text.contains("\nhttps://x.example/t/acme#1\n"), "{subject}");
            }
        }
    }
}
