//! The table: each figure of each run, and ratios of their means.

use crate::live::running::Rate;

/// One thing that was measured, in each run.
pub struct Row {
    name: String,
    rates: Vec<Rate>,
    bare_ns: Vec<f64>,
    peak_mib: f64,
}

/// All rows, in the order in which they came.
pub struct Table {
    rows: Vec<Row>,
    /// The row that others are compared with.
    peer: &'static str,
}

impl Rate {
    /// What both take when one works after the other.
    pub fn after(self, other: Self) -> Self {
        let seconds = 1.0 / self.records_per_s.max(1e-9) + 1.0 / other.records_per_s.max(1e-9);
        Self { records_per_s: 1.0 / seconds, cpu_ns: self.cpu_ns + other.cpu_ns }
    }
}

impl Row {
    fn cpu_ns(&self) -> f64 {
        mean(self.rates.iter().map(|rate| rate.cpu_ns))
    }

    fn records_per_s(&self) -> f64 {
        mean(self.rates.iter().map(|rate| rate.records_per_s))
    }
}

impl Table {
    pub fn new(peer: &'static str) -> Self {
        Self { rows: Vec::new(), peer }
    }

    /// A figure of one run; also told at once, for whoever waits. `bare_ns` and `peak_mib` are 0 where there is nothing to say.
    pub fn add(&mut self, name: &str, rate: Rate, bare_ns: f64, peak_mib: f64) {
        eprintln!("  {name}: {:.0} ns of CPU a record, {:.0} records/s", rate.cpu_ns, rate.records_per_s);
        if !self.rows.iter().any(|row| row.name == name) {
            self.rows.push(Row { name: name.to_owned(), rates: Vec::new(), bare_ns: Vec::new(), peak_mib });
        }
        let Some(row) = self.rows.iter_mut().find(|row| row.name == name) else { return };
        row.rates.push(rate);
        row.bare_ns.push(bare_ns);
        row.peak_mib = row.peak_mib.max(peak_mib);
    }

    /// What was drained a second, on the mean of the runs.
    pub fn records_per_s(&self, name: &str) -> Option<f64> {
        self.rows.iter().find(|row| row.name == name).map(Row::records_per_s)
    }

    pub fn print(&self) {
        if self.rows.is_empty() {
            return;
        }
        let peer_ns = self.rows.iter().find(|row| row.name == self.peer).map(Row::cpu_ns);
        println!(
            "\n| what | CPU ns a record, by run | a core | records/s | share of a bare consume | {} / it | MiB |",
            self.peer
        );
        println!("|---|---|---|---|---|---|---|");
        for row in &self.rows {
            let runs: Vec<String> = row.rates.iter().map(|rate| format!("{:.0}", rate.cpu_ns)).collect();
            let bare_ns = mean(row.bare_ns.iter().copied());
            println!(
                "| {} | {} | {:.0} k/s | {:.0} k/s | {} | {} | {} |",
                row.name,
                runs.join(" · "),
                1e6 / row.cpu_ns().max(1e-9),
                row.records_per_s() / 1e3,
                said(bare_ns > 0.0, bare_ns / row.cpu_ns(), 2),
                said(peer_ns.is_some(), peer_ns.unwrap_or(0.0) / row.cpu_ns(), 1),
                said(row.peak_mib > 0.0, row.peak_mib, 0),
            );
        }
        println!();
    }
}

fn said(there: bool, figure: f64, digits: usize) -> String {
    if there { format!("{figure:.digits$}") } else { "–".to_owned() }
}

fn mean(figures: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = figures.fold((0.0, 0.0), |(sum, count), figure| (sum + figure, count + 1.0));
    sum / f64::max(count, 1.0)
}
