//! What reading costs: messages of 120 bytes through a group member, with a handler that does next to nothing.
//!
//! `cargo run --release -p lancang-kafka --example throughput [messages]`, on a Kafka that it starts. Prints wall time
//! and CPU time per message, of the reading thread and of the whole client, for three drains of the same topic.

use std::time::{Duration, Instant};

use lancang_cluster::Cluster;
use lancang_kafka::{
    Admin, Assigned, Connection, End, From, GroupSettings, Handler, LeadGroup, Message, Missing, OutRecord, Producer,
    ProducerSettings, Start, Stop, Task, TopicPlan,
};

const PARTITIONS: i32 = 4;
const MESSAGE_BYTES: usize = 120;

#[derive(Default)]
struct Count {
    messages: usize,
    bytes: usize,
}

impl Handler for Count {
    fn assigned(&mut self, assigned: &[Assigned]) -> Result<Vec<Start>, Box<dyn std::error::Error + Send + Sync>> {
        Ok(assigned.iter().map(|given| Start { input: given.task.input, from: From::Beginning }).collect())
    }

    fn revoked(&mut self, _: &[Task]) {}

    fn lost(&mut self, _: &[Task]) {}

    fn message(&mut self, message: &Message<'_>) {
        self.messages += 1;
        self.bytes += message.payload().map_or(0, <[u8]>::len);
    }

    fn end(&mut self, _: End) {}
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let messages: usize = std::env::args().nth(1).map_or(Ok(1_000_000), |text| text.parse())?;
    let cluster = Cluster::start(1)?;
    let connection = Connection::new(cluster.bootstrap(), "throughput");
    let topic = format!("throughput-{}", std::process::id());
    Admin::connect(&connection)?.ensure(&[TopicPlan::new(&topic, PARTITIONS)], Missing::Create, &Stop::new())?;
    fill(&connection, &topic, messages)?;
    for round in 1..=3 {
        drain(&connection, &topic, messages, round)?;
    }
    Ok(())
}

fn fill(connection: &Connection, topic: &str, messages: usize) -> Result<(), Box<dyn std::error::Error>> {
    let mut producer = Producer::connect(&ProducerSettings::new(connection.clone()))?;
    let mut sent = 0;
    while sent < messages {
        let batch: Vec<OutRecord> = (sent..messages.min(sent + 50_000))
            .map(|number| {
                let mut value = vec![b'x'; MESSAGE_BYTES];
                value[..8].copy_from_slice(&(number as u64).to_le_bytes());
                let mut record = OutRecord::new(topic.into(), value);
                record.partition = Some(i32::try_from(number % PARTITIONS as usize).unwrap_or(0));
                record
            })
            .collect();
        producer.send_batch(&batch)?;
        sent += batch.len();
    }
    Ok(())
}

fn drain(connection: &Connection, topic: &str, messages: usize, round: u32) -> Result<(), Box<dyn std::error::Error>> {
    let settings = GroupSettings::new(connection.clone(), format!("{topic}-{round}"));
    let mut group = LeadGroup::plain(&settings, &[topic.to_owned()], Stop::new())?;
    group.join()?;
    let mut count = Count::default();
    while count.messages == 0 {
        group.poll_batch(Duration::from_millis(50), &mut count)?;
    }
    let first = count.messages;
    let (begun, thread, process) = (Instant::now(), on_cpu("/proc/thread-self/schedstat")?, process_on_cpu()?);
    while count.messages < messages {
        group.poll_batch(Duration::from_millis(50), &mut count)?;
    }
    let read = (count.messages - first) as f64;
    let wall = begun.elapsed().as_nanos() as f64 / read;
    let thread = (on_cpu("/proc/thread-self/schedstat")? - thread) as f64 / read;
    let process = (process_on_cpu()? - process) as f64 / read;
    println!(
        "round {round}: {:.2} M messages/s, {wall:.0} ns wall, {thread:.0} ns of the reading thread, {process:.0} ns \
         of the whole client ({} messages, {} bytes)",
        1e3 / wall,
        count.messages,
        count.bytes
    );
    group.close(&mut count);
    Ok(())
}

/// Nanoseconds on a processor.
fn on_cpu(path: &str) -> Result<u64, Box<dyn std::error::Error>> {
    let text = std::fs::read_to_string(path)?;
    Ok(text.split_whitespace().next().unwrap_or("0").parse()?)
}

fn process_on_cpu() -> Result<u64, Box<dyn std::error::Error>> {
    let mut sum = 0;
    for task in std::fs::read_dir("/proc/self/task")? {
        sum += on_cpu(&task?.path().join("schedstat").to_string_lossy())?;
    }
    Ok(sum)
}
