//! Days and moments as files write them: patterns of `%d %m %Y %y %H %M %S` and what stands between.

use jiff::civil;
use tenon_value::{Date, DateTime};

/// One piece of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece {
    Day,
    Month,
    Year,
    ShortYear,
    Hour,
    Minute,
    Second,
    Letter(char),
}

/// A pattern of days or moments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pattern {
    pieces: Vec<Piece>,
}

impl Pattern {
    /// The pattern of a text; none where it cannot give a day.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut pieces = Vec::new();
        let mut letters = text.chars();
        while let Some(letter) = letters.next() {
            pieces.push(match letter {
                '%' => match letters.next()? {
                    'd' => Piece::Day,
                    'm' => Piece::Month,
                    'Y' => Piece::Year,
                    'y' => Piece::ShortYear,
                    'H' => Piece::Hour,
                    'M' => Piece::Minute,
                    'S' => Piece::Second,
                    '%' => Piece::Letter('%'),
                    _ => return None,
                },
                letter => Piece::Letter(letter),
            });
        }
        let has = |piece| pieces.iter().filter(|known| **known == piece).count() == 1;
        let once = has(Piece::Day) && has(Piece::Month) && (has(Piece::Year) != has(Piece::ShortYear));
        once.then_some(Self { pieces })
    }

    /// The moment a cell names, in no zone; midnight where the pattern has no time. The whole cell is used up.
    pub(crate) fn read(&self, cell: &str) -> Option<civil::DateTime> {
        let (mut rest, mut year, mut parts) = (cell, 0_i16, [0_i8; 5]);
        let [day, month, hour, minute, second] = &mut parts;
        for piece in &self.pieces {
            match piece {
                Piece::Letter(letter) => rest = rest.strip_prefix(*letter)?,
                Piece::Year => year = digits(&mut rest, 4, 4)?,
                Piece::ShortYear => {
                    let short = digits(&mut rest, 2, 2)?;
                    // POSIX: 69–99 are of the twentieth century.
                    year = if short <= 68 { 2000 + short } else { 1900 + short };
                }
                Piece::Day => *day = two(&mut rest)?,
                Piece::Month => *month = two(&mut rest)?,
                Piece::Hour => *hour = two(&mut rest)?,
                Piece::Minute => *minute = two(&mut rest)?,
                Piece::Second => *second = two(&mut rest)?,
            }
        }
        let whole = rest.is_empty() && year >= 1;
        let moment = civil::DateTime::new(year, *month, *day, *hour, *minute, *second, 0).ok()?;
        whole.then_some(moment)
    }
}

fn two(rest: &mut &str) -> Option<i8> {
    digits(rest, 1, 2).and_then(|number| i8::try_from(number).ok())
}

fn digits(rest: &mut &str, least: usize, most: usize) -> Option<i16> {
    let count = rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
    if count < least {
        return None;
    }
    let (number, after) = rest.split_at_checked(count)?;
    *rest = after;
    number.parse().ok()
}

/// The day of a cell.
pub(crate) fn day(cell: &str, pattern: Option<&Pattern>) -> Option<Date> {
    match pattern {
        Some(pattern) => pattern.read(cell).map(|moment| moment.date().into()),
        None => cell.parse().ok(),
    }
}

/// The moment of a cell; without an offset it is meant in the zone.
pub(crate) fn moment(cell: &str, pattern: Option<&Pattern>, zone: &jiff::tz::TimeZone) -> Option<DateTime> {
    if let Some(moment) = pattern.and_then(|pattern| pattern.read(cell)) {
        return local(moment, zone);
    }
    if let Ok(moment) = cell.parse::<DateTime>() {
        return Some(moment);
    }
    let shaped = cell.is_ascii() && cell.len() >= 10 && cell.len() <= 30 && !cell.contains('[');
    shaped.then(|| cell.parse::<civil::DateTime>().ok()).flatten().and_then(|moment| local(moment, zone))
}

fn local(moment: civil::DateTime, zone: &jiff::tz::TimeZone) -> Option<DateTime> {
    moment.to_zoned(zone.clone()).ok().map(|zoned| zoned.timestamp().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_reads_the_whole_cell_or_nothing() {
        let pattern = Pattern::parse("%d-%m-%y").unwrap();
        let read = |cell: &str| day(cell, Some(&pattern)).map(|day| day.to_string());
        assert_eq!(read("31-01-17").as_deref(), Some("2017-01-31"));
        assert_eq!(read("1-2-69").as_deref(), Some("1969-02-01"));
        assert_eq!(read("1-2-68").as_deref(), Some("2068-02-01"));
        for wrong in ["31-02-17", "31-01-2017", "31-01-17 ", "31/01/17", "", "01-17"] {
            assert_eq!(read(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn a_pattern_needs_day_month_and_one_year() {
        for wrong in ["%d-%m", "%d-%m-%y-%Y", "%q", "%d%d-%m-%y", "%"] {
            assert_eq!(Pattern::parse(wrong), None, "{wrong:?}");
        }
        assert!(Pattern::parse("%Y年%m月%d日").is_some());
    }

    #[test]
    fn a_moment_without_offset_is_meant_in_the_zone() {
        let zone = jiff::tz::TimeZone::get("Asia/Shanghai").unwrap();
        let read = |cell: &str| moment(cell, None, &zone).map(|moment| moment.to_string());
        assert_eq!(read("2026-03-01T08:00:00").as_deref(), Some("2026-03-01T00:00:00.000Z"));
        assert_eq!(read("2026-03-01 08:00").as_deref(), Some("2026-03-01T00:00:00.000Z"));
        assert_eq!(read("2026-03-01T08:00:00Z").as_deref(), Some("2026-03-01T08:00:00.000Z"));
        let pattern = Pattern::parse("%d.%m.%Y %H:%M").unwrap();
        assert_eq!(moment("01.03.2026 08:00", Some(&pattern), &zone).map(|moment| moment.to_string()).as_deref(), Some("2026-03-01T00:00:00.000Z"));
    }
}
