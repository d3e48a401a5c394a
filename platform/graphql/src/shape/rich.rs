//! Rich text: markdown as stored, as HTML in which nothing of the author's own HTML survives, and as plain text.

use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, TagEnd, html};

fn is_safe(url: &str) -> bool {
    let scheme = url.split_once(':').map(|(scheme, _)| scheme.trim().to_ascii_lowercase());
    match scheme {
        Some(scheme) if scheme.contains(['/', '?', '#']) => true,
        Some(scheme) => matches!(scheme.as_str(), "http" | "https" | "mailto" | "tel"),
        None => true,
    }
}

fn safe(url: CowStr<'_>) -> CowStr<'_> {
    if is_safe(&url) { url } else { CowStr::Borrowed("") }
}

/// HTML in which raw HTML is shown as text and links lead only to web, mail and phone.
pub(super) fn to_html(markdown: &str) -> String {
    let events =
        Parser::new_ext(markdown, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS).map(|event| {
            match event {
                Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
                Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
                    Event::Start(Tag::Link { link_type, dest_url: safe(dest_url), title, id })
                }
                Event::Start(Tag::Image { link_type, dest_url, title, id }) => {
                    Event::Start(Tag::Image { link_type, dest_url: safe(dest_url), title, id })
                }
                other => other,
            }
        });
    let mut text = String::with_capacity(markdown.len() * 3 / 2);
    html::push_html(&mut text, events);
    text
}

/// The words alone, a line per block.
pub(super) fn to_text(markdown: &str) -> String {
    let mut text = String::with_capacity(markdown.len());
    for event in Parser::new_ext(markdown, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS) {
        match event {
            Event::Text(words) | Event::Code(words) | Event::Html(words) | Event::InlineHtml(words) => text.push_str(&words),
            Event::SoftBreak => text.push(' '),
            Event::HardBreak | Event::End(TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::Item | TagEnd::CodeBlock | TagEnd::TableRow) => {
                text.push('\n');
            }
            _ => {}
        }
    }
    text.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_html_of_the_author_survives() {
        let html = to_html("**a** <script>x</script>\n\n<img src=x onerror=y>\n\n[l](javascript:z) [m](https://a.b)");
        assert!(html.contains("<strong>a</strong>") && html.contains("&lt;script&gt;") && html.contains("href=\"https://a.b\""), "{html}");
        assert!(!html.contains("<script") && !html.contains("<img") && !html.contains("javascript:"), "{html}");
    }

    #[test]
    fn plain_text_has_the_words() {
        assert_eq!(to_text("# 标题\n\n- one\n- **two**"), "标题\none\ntwo");
    }
}
