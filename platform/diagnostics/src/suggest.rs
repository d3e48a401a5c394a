//! "Did you mean": the nearest known word.

/// Letters of a word at most: names have 40; whatever is longer was no slip of the pen, and comparing costs letters × letters.
const LETTERS_MAX: usize = 100;

/// The candidate most like `word`, if one is near enough (a third of its letters wrong at most).
#[must_use]
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let letters: Vec<char> = word.chars().take(LETTERS_MAX + 1).collect();
    if letters.len() > LETTERS_MAX {
        return None;
    }
    candidates
        .into_iter()
        .map(|candidate| (distance(&letters, candidate), candidate))
        .filter(|(distance, candidate)| *distance * 3 <= letters.len().max(candidate.chars().count()))
        .min()
        .map(|(_, candidate)| candidate)
}

/// Edits (insert, delete, replace, swap of neighbours) from `word` to `candidate`.
fn distance(word: &[char], candidate: &str) -> usize {
    let candidate: Vec<char> = candidate.chars().collect();
    let width = candidate.len() + 1;
    let mut above_previous: Vec<usize> = vec![0; width];
    let mut previous: Vec<usize> = (0..width).collect();
    for (row, letter) in word.iter().enumerate() {
        let mut current = vec![row + 1; width];
        for (column, other) in candidate.iter().enumerate() {
            let at = |cells: &[usize], place: usize| cells.get(place).copied().unwrap_or(usize::MAX - 1);
            let replace = at(&previous, column) + usize::from(letter != other);
            let mut best = replace.min(at(&previous, column + 1) + 1).min(at(&current, column) + 1);
            let swapped = row > 0 && column > 0 && word.get(row - 1) == Some(other) && candidate.get(column - 1) == Some(letter);
            if swapped {
                best = best.min(at(&above_previous, column - 1) + 1);
            }
            if let Some(cell) = current.get_mut(column + 1) {
                *cell = best;
            }
        }
        above_previous = std::mem::replace(&mut previous, current);
    }
    previous.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_word_that_was_meant() {
        let known = ["stage", "amount", "close_date", "account"];
        assert_eq!(nearest("stagee", known), Some("stage"));
        assert_eq!(nearest("acount", known), Some("account"));
        assert_eq!(nearest("close_dtae", known), Some("close_date"));
        assert_eq!(nearest("zebra", known), None);
        assert_eq!(nearest(&"9".repeat(1_000_000), known), None);
    }
}
