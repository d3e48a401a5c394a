//! Which bytes of a file are asked for: one range of `Range`, and whether what it was said of is still the same.

use std::ops::Range;

use axum::http::{HeaderMap, HeaderValue, header};

/// What is answered of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// All of it. Several ranges, other units and nonsense count as nothing said, as RFC 9110 lets us.
    Whole,
    /// These bytes.
    Part(Range<u64>),
    /// There are no such bytes.
    Beyond,
}

/// What a request wants of a file of so many bytes and this tag.
pub(crate) fn wanted(headers: &HeaderMap, size: u64, tag: &HeaderValue) -> Wanted {
    let mut ranges = headers.get_all(header::RANGE).iter();
    let (Some(range), None) = (ranges.next().and_then(|value| value.to_str().ok()), ranges.next()) else { return Wanted::Whole };
    // A date never counts: files have none. Compared strongly.
    if headers.get(header::IF_RANGE).is_some_and(|said| said != tag) {
        return Wanted::Whole;
    }
    let Some((unit, said)) = range.trim().split_once('=') else { return Wanted::Whole };
    let Some((first, last)) = said.trim().split_once('-').filter(|_| unit.trim().eq_ignore_ascii_case("bytes") && !said.contains(','))
    else {
        return Wanted::Whole;
    };
    let number = |text: &str| match text.trim() {
        "" => Some(None),
        text if text.bytes().all(|byte| byte.is_ascii_digit()) => Some(Some(text.parse().unwrap_or(u64::MAX))),
        _ => None,
    };
    match (number(first), number(last)) {
        (Some(Some(first)), Some(Some(last))) if last < first => Wanted::Whole,
        (Some(Some(first)), Some(last)) if first < size => {
            Wanted::Part(first..last.map_or(size, |last: u64| last.saturating_add(1).min(size)))
        }
        (Some(Some(_)), Some(_)) => Wanted::Beyond,
        (Some(None), Some(Some(suffix))) if suffix == 0 || size == 0 => Wanted::Beyond,
        (Some(None), Some(Some(suffix))) => Wanted::Part(size.saturating_sub(suffix)..size),
        _ => Wanted::Whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAG: HeaderValue = HeaderValue::from_static("\"t\"");

    fn of(range: &'static str, size: u64) -> Wanted {
        let mut headers = HeaderMap::new();
        headers.insert(header::RANGE, HeaderValue::from_static(range));
        wanted(&headers, size, &TAG)
    }

    #[test]
    fn one_range_is_served() {
        assert_eq!(of("bytes=0-0", 10), Wanted::Part(0..1));
        assert_eq!(of("bytes=2-", 10), Wanted::Part(2..10));
        assert_eq!(of("bytes=-3", 10), Wanted::Part(7..10));
        assert_eq!(of("bytes=-30", 10), Wanted::Part(0..10));
        assert_eq!(of("BYTES = 2-100", 10), Wanted::Part(2..10));
        assert_eq!(of("bytes=9-99999999999999999999999", 10), Wanted::Part(9..10));
    }

    #[test]
    fn beyond_the_end_there_is_nothing() {
        for range in ["bytes=10-", "bytes=10-11", "bytes=-0", "bytes=99999999999999999999-"] {
            assert_eq!(of(range, 10), Wanted::Beyond, "{range}");
        }
        assert_eq!(of("bytes=0-", 0), Wanted::Beyond);
        assert_eq!(of("bytes=-5", 0), Wanted::Beyond);
    }

    #[test]
    fn nonsense_and_many_ranges_say_nothing() {
        for range in [
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=a-b",
            "bytes=5-2",
            "bytes=0-1,3-4",
            "lines=0-1",
            "bytes=+1-2",
            "bytes=1--2",
            "",
            "bytes=0x1-2",
        ] {
            assert_eq!(of(range, 10), Wanted::Whole, "{range}");
        }
    }

    #[test]
    fn a_range_of_something_else_is_not_served() {
        let ask = |if_range: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::RANGE, HeaderValue::from_static("bytes=1-2"));
            headers.insert(header::IF_RANGE, HeaderValue::from_static(if_range));
            wanted(&headers, 10, &TAG)
        };
        assert_eq!(ask("\"t\""), Wanted::Part(1..3));
        assert_eq!(ask("\"u\""), Wanted::Whole);
        assert_eq!(ask("W/\"t\""), Wanted::Whole);
        assert_eq!(ask("Wed, 21 Oct 2015 07:28:00 GMT"), Wanted::Whole);
    }
}
