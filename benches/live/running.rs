//! Processes that are measured: the product's stages, and what they count.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Clock ticks of `/proc/PID/stat` a second: `sysconf(_SC_CLK_TCK)` on Linux.
const TICKS_PER_S: f64 = 100.0;
/// Longest wait for a stage to finish.
const STAGE_MAX: Duration = Duration::from_secs(600);

/// Counts of records over time, with the CPU seconds of who counted them.
#[derive(Clone, Debug, Default)]
pub struct Counted(Vec<(Instant, f64, f64)>);

/// Speed between two counts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rate {
    pub records_per_s: f64,
    pub cpu_ns: f64,
}

impl Counted {
    pub fn push(&mut self, at: Instant, cpu_s: f64, records: f64) {
        self.0.push((at, cpu_s, records));
    }

    pub fn records(&self) -> f64 {
        self.0.last().map_or(0.0, |(_, _, records)| *records)
    }

    /// What the last count stands for.
    pub fn last_is(&mut self, records: f64) {
        self.0.iter_mut().rev().take(1).for_each(|last| last.2 = records);
    }

    /// From the first count of at least `from` records to the last; from the first of all where none is left between them.
    /// Counts of the product come once a second: of what takes few seconds, CPU time says more than records/s.
    pub fn rate(&self, from: f64) -> Rate {
        let records = self.records();
        let [earliest, ..] = self.0[..] else { return Rate::default() };
        let warm = self.0.iter().find(|(_, _, count)| *count >= from && *count < records);
        let first = warm.copied().unwrap_or(earliest);
        // The first of the counts that says all: what comes after it is waiting.
        let last = self.0.iter().find(|(_, _, count)| *count >= records).copied().unwrap_or(earliest);
        let count = last.2 - first.2;
        let (wall_s, cpu_s) = ((last.0 - first.0).as_secs_f64(), last.1 - first.1);
        Rate { records_per_s: count / wall_s.max(1e-9), cpu_ns: cpu_s * 1e9 / count.max(1.0) }
    }
}

/// CPU seconds of a process.
pub fn cpu_s(id: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace().collect();
    let ticks = |index: usize| fields.get(index).and_then(|text| text.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / TICKS_PER_S
}

/// Most memory that a process has had resident, MiB.
pub fn peak_mib(id: u32) -> f64 {
    status_mib(id, "VmHWM:")
}

/// Memory that a process has resident, MiB.
pub fn resident_mib(id: u32) -> f64 {
    status_mib(id, "VmRSS:")
}

fn status_mib(id: u32, name: &str) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}

/// The product in a process of its own, and its log.
pub fn start(command: &str, config: &Path) -> (Child, PathBuf) {
    let log = config.with_extension(format!("{command}.log"));
    let child = Command::new(env!("CARGO_BIN_EXE_lancang"))
        .args([command, "--config"])
        .arg(config)
        .env("LANCANG_BENCH_EPOCH_KEY", "01".repeat(32))
        .env("LANCANG_BENCH_SIGNING_KEY", format!("lancang-signing-key-v1 {}", "02".repeat(32)))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(std::fs::File::create(&log).expect("a log"))
        .spawn()
        .expect("the binary");
    (child, log)
}

/// A stage until it has counted all records; and its most memory, MiB.
pub fn stage(command: &str, config: &Path, metric: &str, records: f64) -> (Counted, f64) {
    let (mut child, log) = start(command, config);
    let mut counted = Counted::default();
    let begun = Instant::now();
    while counted.records() < records {
        std::thread::sleep(Duration::from_millis(50));
        let ended = child.try_wait().ok().flatten().is_some();
        let log = std::fs::read_to_string(&log).unwrap_or_default();
        assert!(!ended && begun.elapsed() < STAGE_MAX, "{command} did not finish:\n{log}");
        let Some(address) = address(&log) else { continue };
        let Some(count) = count(&address, metric) else { continue };
        counted.push(Instant::now(), cpu_s(child.id()), count);
    }
    let address = address(&std::fs::read_to_string(&log).unwrap_or_default()).expect("an address");
    for fate in ["late", "dead_letter"] {
        let lost = count(&address, &format!("lancang_intake_records_total{{fate=\"{fate}\"")).unwrap_or(0.0);
        assert!(lost <= 0.0, "{lost} of the records are {fate}: not what is to be measured");
    }
    let peak_mib = peak_mib(child.id());
    end(&mut child);
    (counted, peak_mib)
}

pub fn end(child: &mut Child) {
    let id = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw).expect("a process id");
    rustix::process::kill_process(id, rustix::process::Signal::TERM).expect("our own process");
    child.wait().expect("our own process");
}

/// Where a process serves its metrics, by its log.
pub fn address(log: &str) -> Option<String> {
    let (_, rest) = log.split_once("health at http://")?;
    rest.split_whitespace().next().map(str::to_owned)
}

/// The answer to a request of this path.
pub fn get(address: &str, path: &str) -> Option<String> {
    let mut stream = std::net::TcpStream::connect(address).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: lancang\r\nConnection: close\r\n\r\n").ok()?;
    let mut page = String::new();
    stream.read_to_string(&mut page).ok()?;
    Some(page)
}

/// The sum of a metric's values.
pub fn count(address: &str, metric: &str) -> Option<f64> {
    let page = get(address, "/metrics")?;
    let values = page.lines().filter(|line| line.starts_with(metric));
    let counts: Vec<f64> = values.filter_map(|line| line.rsplit_once(' ')?.1.parse().ok()).collect();
    (!counts.is_empty()).then(|| counts.iter().sum())
}
