//! The table: ratios first, budgets beside them.

use super::Amount;
use super::driver::Figures;
use super::workload::Load;
use crate::say;

/// What the floor itself must reach of `pgbench` on the same statement.
const FLOOR_SHARE_MIN: f64 = 0.6;

/// Every figure of one database.
pub(super) struct Table {
    title: String,
    pub(super) rows: Vec<Row>,
    one_off: Vec<(String, String, String, Option<bool>)>,
}

/// One load at one number of connections.
pub(super) struct Row {
    load: &'static Load,
    connections: usize,
    on_postgres: bool,
    pub(super) floor: Vec<Figures>,
    pub(super) platform: Vec<Figures>,
    pub(super) peer: Vec<f64>,
}

impl Table {
    pub(super) fn new(database: &str, amount: &Amount) -> Self {
        let Amount { accounts, contacts, opportunities } = amount;
        let title = format!("{database}: {accounts} accounts, {contacts} contacts, {opportunities} opportunities");
        Self { title, rows: Vec::new(), one_off: Vec::new() }
    }

    /// A row that is measured once, with its budget and whether it was met.
    pub(super) fn one_off(&mut self, what: &str, figure: String, budget: &str, is_met: Option<bool>) {
        say::step(&format!("  {what}: {figure}"));
        self.one_off.push((what.to_owned(), figure, budget.to_owned(), is_met));
    }

    pub(super) fn print(&self) {
        say::result(&format!("\n## {}\n", self.title));
        if !self.rows.is_empty() {
            say::result(
                "| load | × floor | budget | met | floor / pgbench | req/s | floor req/s | CPU µs | floor CPU µs | p50 ms | p99 ms |",
            );
            say::result("|---|--:|--:|---|--:|--:|--:|--:|--:|--:|--:|");
            self.rows.iter().for_each(|row| say::result(&row.line()));
        }
        if !self.one_off.is_empty() {
            say::result("\n| what | figure | budget | met |");
            say::result("|---|--:|--:|---|");
            for (what, figure, budget, is_met) in &self.one_off {
                say::result(&format!("| {what} | {figure} | {budget} | {} |", is_met.map_or("", mark)));
            }
        }
    }
}

impl Row {
    pub(super) fn new(load: &'static Load, connections: usize, on_postgres: bool) -> Self {
        Self { load, connections, on_postgres, floor: Vec::new(), platform: Vec::new(), peer: Vec::new() }
    }

    fn line(&self) -> String {
        let of = |figures: &[Figures], value: fn(&Figures) -> f64| median(figures.iter().map(value).collect());
        let (floor, platform) = (of(&self.floor, |one| one.rate), of(&self.platform, |one| one.rate));
        let ratio = platform / floor;
        // The budgets speak of 32 connections; one connection is shown for what it tells about latency.
        let budget = if self.on_postgres { self.load.budget.0 } else { self.load.budget.1 };
        let is_judged = self.connections > 1 && !self.platform.is_empty();
        let (budget, met) = if is_judged { (format!("{budget:.2}"), mark(ratio >= budget)) } else { (String::new(), "") };
        let peer = if self.peer.is_empty() { String::new() } else { share(floor / median(self.peer.clone())) };
        format!(
            "| {} {} /{} | {} | {budget} | {met} | {peer} | {} | {floor:.0} | {} | {} | {} | {} |",
            self.load.name.to_uppercase(),
            self.load.about,
            self.connections,
            figure(ratio, 2),
            figure(platform, 0),
            figure(of(&self.platform, |one| one.cpu_us), 0),
            figure(of(&self.floor, |one| one.cpu_us), 0),
            figure(of(&self.platform, |one| one.p50_ms), 2),
            figure(of(&self.platform, |one| one.p99_ms), 2),
        )
    }
}

/// A number, or nothing where nothing was measured.
fn figure(value: f64, places: usize) -> String {
    if value.is_nan() { String::new() } else { format!("{value:.places$}") }
}

fn share(share: f64) -> String {
    format!("{share:.2} {}", mark(share >= FLOOR_SHARE_MIN))
}

fn mark(is_met: bool) -> &'static str {
    if is_met { "✔" } else { "✘" }
}

/// The middle of the values, or the mean of the two in the middle.
pub(super) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = values.get(middle).copied().unwrap_or(f64::NAN);
    if values.len() % 2 == 1 { upper } else { values.get(middle.wrapping_sub(1)).map_or(f64::NAN, |lower| (lower + upper) / 2.0) }
}

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    #[expect(clippy::float_cmp, reason = "small whole numbers")]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), 2.5);
        assert!(median(Vec::new()).is_nan());
    }
}
