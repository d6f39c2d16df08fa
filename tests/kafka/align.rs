//! A record task that is far ahead waits for the slowest, whoever has it.

use std::time::Duration;

use rustix::process::Signal;

use crate::carrier::{Carrier, LONG, Lancang, records};
use crate::rebalance::{instance, moved};

/// Whether one of its record tasks waits.
fn waits(run: &Lancang) -> bool {
    run.metric("lancang_score_task_waits").values().any(|waits| *waits > 0.0)
}

fn read(run: &Lancang) -> f64 {
    run.metric("lancang_score_records_read_total").values().sum()
}

/// Two instances with a partition each. One stands still for less than its session: the other reads on until it is a minute ahead,
/// what comes then stays in its log, and both go on together. The incidents are those of the log.
#[test]
fn who_is_far_ahead_waits_for_an_instance_that_stands_still() {
    let mut carrier = Carrier::new(2);
    carrier.score = "align = \"1m\"".to_owned();
    let records = records(23);
    let config = carrier.config("lancang.toml", "", "");
    let mut slices = records.chunks(records.len() / 5 + 1);
    let mut sent = 0;
    let mut send = || {
        let slice = slices.next().unwrap();
        carrier.send(slice);
        sent += slice.len();
        carrier.wait_until_framed(sent);
    };
    let intake = carrier.start("intake", &config);
    let first = carrier.start("score", &config);
    first.wait_until(LONG, || moved(&first, "assigned") >= 2.0);
    let second = carrier.start("score", &instance(&carrier, &config, "second"));
    second.wait_until(LONG, || moved(&second, "assigned") >= 1.0);
    send();
    first.wait_until_ready();
    second.wait_until_ready();
    first.wait_until(LONG, || read(&first) > 0.0 && !waits(&first));
    second.wait_until(LONG, || read(&second) > 0.0 && !waits(&second));

    second.signal(Signal::STOP);
    let assigned = moved(&first, "assigned");
    send();
    first.wait_until(LONG, || waits(&first));
    let before = read(&first);
    send();
    std::thread::sleep(Duration::from_secs(1));
    let after = read(&first);
    assert_eq!(moved(&first, "assigned"), assigned, "it slept past its session: the machine is too slow for this test");
    assert!(before > 0.0 && before == after, "it read on while it waits: {before}, {after}");
    second.signal(Signal::CONT);
    send();
    first.wait_until(LONG, || read(&first) > after && !waits(&first));
    send();
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(intake.end(), 0);
    let expected = carrier.expected("");
    assert!(expected.len() > 10, "{}", expected.len());
    carrier.wait_for_lines("incidents", &expected);
    assert_eq!((first.end(), second.end()), (0, 0));
}
