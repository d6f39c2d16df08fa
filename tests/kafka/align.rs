//! A record task that is far ahead waits for the slowest, whoever has it.

use std::time::Duration;

use rustix::process::Signal;

use crate::carrier::{Carrier, LONG, Lancang, records};
use crate::rebalance::{instance, moved};

/// Tries that neither sleeps past its session.
const TRIES: usize = 3;
/// What was read is counted once a second.
const COUNTED: Duration = Duration::from_millis(1_300);

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
    let mut slices = records.chunks(records.len() / (2 * TRIES + 2) + 1);
    let mut sent = 0;
    let mut send = || {
        let Some(slice) = slices.next() else { return false };
        carrier.send(slice);
        sent += slice.len();
        carrier.wait_until_framed(sent);
        true
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

    // On a slow machine it may sleep past its session: then the other has taken over, and it is tried once more.
    let mut waited = false;
    for _ in 0..TRIES {
        let (assigned, own) = (moved(&first, "assigned"), moved(&second, "assigned"));
        second.signal(Signal::STOP);
        send();
        first.wait_until(LONG, || waits(&first) || moved(&first, "assigned") > assigned);
        std::thread::sleep(COUNTED);
        let before = read(&first);
        send();
        std::thread::sleep(COUNTED);
        let after = read(&first);
        let was_taken_over = moved(&first, "assigned") > assigned;
        second.signal(Signal::CONT);
        if !was_taken_over {
            assert!(before > 0.0 && before == after, "it read on while it waits: {before}, {after}");
            first.wait_until(LONG, || read(&first) > after && !waits(&first));
            waited = true;
            break;
        }
        second.wait_until(LONG, || moved(&second, "assigned") > own);
        second.wait_until_ready();
    }
    assert!(waited, "it slept past its session each time: the machine is too slow for this test");
    while send() {}
    carrier.wait_until_idle();
    assert_eq!(intake.end(), 0);
    let expected = carrier.expected("");
    assert!(expected.len() > 10, "{}", expected.len());
    carrier.wait_for_lines("incidents", &expected);
    assert_eq!((first.end(), second.end()), (0, 0));
}
