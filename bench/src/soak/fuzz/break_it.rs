//! Ways of breaking a text that was right.

use crate::chance::Chance;

/// The longest input made; the server's own limits lie on both sides of it.
const LENGTH_MAX: usize = 80_000;

/// How often one input is broken.
const TIMES_MAX: usize = 6;

/// Pieces that have broken readers before.
const PIECES: [&str; 40] = [
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    ":",
    "\"",
    "\"\"\"",
    "\\u0000",
    "\\uD800",
    "\u{0}",
    "\u{FEFF}",
    "\u{202E}",
    "中",
    "é",
    "-0",
    "1e400",
    "99999999999999999999",
    "0.1234567890123456789",
    "null",
    "true",
    "$",
    "@include(if: true)",
    "...",
    "fragment F on Account { ...F }",
    "&a",
    "*a",
    "<<: ",
    "!!binary ",
    "- ",
    "\t",
    "\r\n",
    "#",
    "---\n",
    "? ",
    "| ",
    "~",
    "2026-02-30",
    "query(",
];

/// One broken input.
pub(super) fn one(seeds: &[String], chance: &mut Chance) -> String {
    let mut text: Vec<char> = chance.pick(seeds).map(|seed| seed.chars().collect()).unwrap_or_default();
    for _ in 0..=chance.below(TIMES_MAX) {
        once(&mut text, seeds, chance);
        text.truncate(LENGTH_MAX);
    }
    text.into_iter().collect()
}

fn once(text: &mut Vec<char>, seeds: &[String], chance: &mut Chance) {
    let begin = chance.below(text.len() + 1);
    let end = (begin + 1 + chance.below(40)).min(text.len());
    match chance.below(8) {
        0 => drop(text.drain(begin..end)),
        1 => {
            let copy: Vec<char> = text.iter().skip(begin).take(end - begin).copied().collect();
            let most = if chance.percent(10) { 500 } else { 3 };
            let times = 1 + chance.below(most);
            insert(text, end, &copy.repeat(times));
        }
        2..5 => {
            let piece: Vec<char> = chance.pick(&PIECES).copied().unwrap_or_default().chars().collect();
            let times = if chance.percent(10) { 1 + chance.below(5_000) } else { 1 };
            insert(text, begin, &piece.repeat(times));
        }
        5 => {
            let other: Vec<char> = chance.pick(seeds).map(|seed| seed.chars().collect()).unwrap_or_default();
            let from = chance.below(other.len() + 1);
            let piece: Vec<char> = other.into_iter().skip(from).take(chance.below(200)).collect();
            insert(text, begin, &piece);
        }
        6 => {
            if let Some(place) = text.get_mut(begin) {
                *place = char::from_u32(u32::try_from(chance.below(0x3000)).unwrap_or(0)).unwrap_or('?');
            }
        }
        _ => {
            let other = chance.below(text.len() + 1);
            if begin < text.len() && other < text.len() {
                text.swap(begin, other);
            }
        }
    }
}

fn insert(text: &mut Vec<char>, place: usize, piece: &[char]) {
    let place = place.min(text.len());
    text.splice(place..place, piece.iter().copied());
}

#[cfg(test)]
mod tests {
    use super::one;
    use crate::chance::Chance;

    #[test]
    fn a_seed_brings_back_the_same_rubbish() {
        let seeds = ["{ a { b } }".to_owned(), "query { c }".to_owned()];
        let run = |seed| {
            let mut chance = Chance::new(seed);
            (0..500).map(|_| one(&seeds, &mut chance)).collect::<Vec<_>>()
        };
        assert_eq!(run(7), run(7));
        assert!(run(7).iter().any(|text| text.len() > 1_000), "some inputs are long");
    }
}
