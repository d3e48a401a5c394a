//! Which passwords are taken: long enough, nobody's name, none of the common ones.

use tenon_diagnostics::Problem;
use tenon_value::fold;

use crate::IdentityError;

/// Letters a password has at least.
pub const PASSWORD_LETTERS_MIN: usize = 10;
/// Bytes a password has at most.
pub const PASSWORD_BYTES_MAX: usize = 1_024;

/// Checks a password somebody chose; `own` are the words about him that it must not be.
pub(crate) fn check(password: &str, own: &[&str]) -> Result<(), IdentityError> {
    let wrong = |rule, en: String, zh: String| Err(IdentityError::Wrong(Box::new(Problem::invalid(rule, en, zh).field("password"))));
    if password.len() > PASSWORD_BYTES_MAX {
        return wrong(
            "password/long",
            format!("a password has at most {PASSWORD_BYTES_MAX} bytes"),
            format!("密码最多 {PASSWORD_BYTES_MAX} 字节"),
        );
    }
    if password.chars().count() < PASSWORD_LETTERS_MIN {
        return wrong(
            "password/short",
            format!("a password has at least {PASSWORD_LETTERS_MIN} letters"),
            format!("密码至少 {PASSWORD_LETTERS_MIN} 个字符"),
        );
    }
    if own.iter().any(|word| is_same(word, password)) {
        return wrong(
            "password/own",
            "a password must not be the name, login or address".into(),
            "密码不能与姓名、登录名或邮箱相同".into(),
        );
    }
    if is_common(password) {
        return wrong("password/common", "this password is one of the most common ones".into(), "该密码过于常见".into());
    }
    Ok(())
}

/// A word of the person: the whole of it, or what stands before its `@`; case, width, blanks and signs do not count.
fn is_same(word: &str, password: &str) -> bool {
    let bare = |text: &str| fold(text).chars().filter(|letter| letter.is_alphanumeric()).collect::<String>();
    let (whole, front) = (bare(word), bare(word.split('@').next().unwrap_or_default()));
    let password = bare(password);
    !password.is_empty() && (password == whole || password == front)
}

/// About 100,000 passwords found in leaks, from the crate `passwords` (MIT); in any case and width.
fn is_common(password: &str) -> bool {
    passwords::analyzer::is_common_password(password) || passwords::analyzer::is_common_password(fold(password))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(password: &str) -> Option<String> {
        let own = ["Maria Gonzalez", "maria.gonzalez-smith@acme.example", "acme_industries"];
        match check(password, &own) {
            Err(IdentityError::Wrong(problem)) => problem.rule.map(|rule| rule.into_owned()),
            _ => None,
        }
    }

    #[test]
    fn length_is_counted_in_letters_below_and_bytes_above() {
        assert_eq!(rule("123456789").as_deref(), Some("password/short"));
        assert_eq!(rule("九个汉字的密码不够").as_deref(), Some("password/short"), "nine letters, 27 bytes");
        assert_eq!(rule("十个汉字的密码正好够用"), None);
        assert_eq!(rule(&"xq7".repeat(341)), None, "1,023 bytes");
        assert_eq!(rule(&"xq7-".repeat(257)).as_deref(), Some("password/long"));
    }

    #[test]
    fn neither_name_nor_mail_nor_a_common_one() {
        for own in ["Maria Gonzalez", "mariagonzalez", "MARIA.GONZALEZ", "Maria.Gonzalez-Smith@acme.example", "acme-industries"] {
            assert_eq!(rule(own).as_deref(), Some("password/own"), "{own}");
        }
        for common in ["1234567890", "qwertyuiop", "Password123", "1q2w3e4r5t"] {
            assert_eq!(rule(common).as_deref(), Some("password/common"), "{common}");
        }
        assert_eq!(rule("correct horse battery staple"), None);
        assert_eq!(rule("maria gonzalez rides a bike"), None);
    }
}
