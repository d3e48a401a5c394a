//! Chance that comes out the same every time: `SplitMix64` from a fixed number.

/// The one number the whole data set grows from.
pub(crate) const SEED: u64 = 0x0054_454E_4F4E;

/// A source of numbers.
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A whole number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = u64::try_from(high - low).unwrap_or(0) + 1;
        low + i64::try_from(self.next() % span).unwrap_or(0)
    }

    /// True so many times in a hundred.
    pub(crate) fn percent(&mut self, share: i64) -> bool {
        self.between(1, 100) <= share
    }

    /// One of several; the early ones are as likely as the late ones.
    pub(crate) fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        let last = i64::try_from(of.len()).unwrap_or(i64::MAX) - 1;
        let index = usize::try_from(self.between(0, last.max(0))).unwrap_or(0);
        of.get(index).expect("every list of the demo has at least one entry")
    }

    /// One of several, each with its weight.
    pub(crate) fn weighted<'a>(&mut self, of: &[(&'a str, i64)]) -> &'a str {
        let total: i64 = of.iter().map(|(_, weight)| weight).sum();
        let mut left = self.between(1, total);
        for (word, weight) in of {
            left -= weight;
            if left <= 0 {
                return word;
            }
        }
        unreachable!("the weights add up to the total")
    }
}

#[cfg(test)]
mod tests {
    use super::{Chance, SEED};

    #[test]
    fn the_same_seed_gives_the_same_numbers() {
        let row = |mut chance: Chance| (0..100).map(|_| chance.between(-5, 5)).collect::<Vec<_>>();
        let numbers = row(Chance::new(SEED));
        assert_eq!(numbers, row(Chance::new(SEED)));
        assert!(numbers.contains(&-5) && numbers.contains(&5));
        assert!(numbers.iter().all(|number| (-5..=5).contains(number)));
    }
}
