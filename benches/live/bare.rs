//! A bare batch consume: what reading a topic costs alone, in a process of its own.

use std::process::Command;
use std::time::{Duration, Instant};

use lancang_kafka::{
    Admin, Assigned, Connection, End, From, GroupSettings, Handler, LeadGroup, Message, Start, Stop, Task,
};

use super::running::{Counted, cpu_s};

/// The variable that makes this program one: `bootstrap topic records`.
const VARIABLE: &str = "LANCANG_BENCH_BARE";

/// Counts the messages and bytes of a topic.
#[derive(Default)]
struct Bare {
    messages: u64,
    bytes: u64,
}

impl Handler for Bare {
    fn assigned(&mut self, assigned: &[Assigned]) -> Result<Vec<Start>, Box<dyn std::error::Error + Send + Sync>> {
        Ok(assigned.iter().flat_map(|given| &given.committed).map(|each| each.start_or(From::Beginning)).collect())
    }

    fn revoked(&mut self, _: &[Task]) {}

    fn lost(&mut self, _: &[Task]) {}

    fn message(&mut self, message: &Message<'_>) {
        self.messages += 1;
        self.bytes += message.payload().map_or(0, <[u8]>::len) as u64;
    }

    fn end(&mut self, _: End) {}
}

/// What a bare consume came to.
#[derive(Clone, Copy, Debug)]
pub struct Read {
    pub messages: u64,
    pub message_bytes: u64,
    pub cpu_ns: f64,
    pub records_per_s: f64,
}

/// Runs in this process if it was started for that: `messages` of a topic, standing for `records` records.
pub fn is_told() -> bool {
    let Ok(task) = std::env::var(VARIABLE) else { return false };
    let parts: Vec<&str> = task.split(' ').collect();
    let (bootstrap, topic, records) = (parts[0], parts[1], parts[2].parse().expect("a number"));
    let (bare, counted) = consume(bootstrap, topic, records);
    let rate = counted.rate(0.0);
    println!("{} {} {} {}", bare.messages, bare.bytes / bare.messages.max(1), rate.cpu_ns, rate.records_per_s);
    true
}

fn consume(bootstrap: &str, topic: &str, records: f64) -> (Bare, Counted) {
    let connection = Connection::new(bootstrap, "bare");
    let (_, high) = Admin::connect(&connection).expect("a client").watermarks(topic, 0).expect("a topic");
    let settings = GroupSettings::new(connection, format!("bare-{}", std::process::id()));
    let mut group = LeadGroup::plain(&settings, &[topic.to_owned()], Stop::new()).expect("a group");
    group.join().expect("a broker");
    let mut handler = Bare::default();
    let mut counted = Counted::default();
    let id = std::process::id();
    loop {
        group.poll_batch(Duration::from_millis(20), &mut handler).expect("a broker");
        let done = group.positions().all(|(_, next)| next >= high) && handler.messages > 0;
        // Marks and transaction markers lie between the messages: the share read stands for the records.
        let read = group.positions().map(|(_, next)| next).sum::<i64>() as f64 / high as f64;
        counted.push(Instant::now(), cpu_s(id), read * records);
        if done || read >= 0.999 {
            break;
        }
    }
    counted.last_is(records);
    group.close(&mut handler);
    (handler, counted)
}

/// Reads a topic in a process of its own.
pub fn in_a_process(bootstrap: &str, topic: &str, records: u64) -> Read {
    let own = std::env::current_exe().expect("this program");
    let output = Command::new(own).env(VARIABLE, format!("{bootstrap} {topic} {records}")).output();
    let output = output.expect("this program");
    let text = String::from_utf8_lossy(&output.stdout);
    let figures: Vec<f64> = text.split_whitespace().filter_map(|figure| figure.parse().ok()).collect();
    let [messages, message_bytes, cpu_ns, records_per_s] = figures[..] else {
        panic!("{}", String::from_utf8_lossy(&output.stderr))
    };
    Read { messages: messages as u64, message_bytes: message_bytes as u64, cpu_ns, records_per_s }
}
