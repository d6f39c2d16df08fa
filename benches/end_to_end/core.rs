//! Cores: the broker, and whoever loads and reads, on the first; what is measured on the second.
//!
//! A process runs where the thread that started it was allowed to. On a machine of one core everything shares it.

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// The cores that this process may use.
fn allowed() -> Vec<usize> {
    let set = sched_getaffinity(None).expect("Linux");
    (0..CpuSet::MAX_CPU).filter(|core| set.is_set(*core)).collect()
}

fn pin(core: usize) {
    let mut set = CpuSet::new();
    set.set(core);
    sched_setaffinity(None, &set).expect("a core that is allowed");
}

thread_local! {
    static CORES: std::cell::OnceCell<Vec<usize>> = const { std::cell::OnceCell::new() };
}

fn cores() -> (usize, usize) {
    CORES.with(|cores| {
        let cores = cores.get_or_init(allowed);
        (cores[0], *cores.get(1).unwrap_or(&cores[0]))
    })
}

/// This thread, and what it starts, on the first core.
pub fn to_the_first() {
    pin(cores().0);
}

/// What `start` starts is on the second core.
pub fn on_the_second<T>(start: impl FnOnce() -> T) -> T {
    pin(cores().1);
    let started = start();
    pin(cores().0);
    started
}
