//! What a stage has to know first: a topic of one partition, read up to its end in slices between which the stage serves its
//! group, and followed from there.

use std::time::{Duration, Instant};

use lancang_kafka::{Connection, Error, From, Isolation, Read, Reader, Record};

/// Longest wait for brokers; the stage begins again then.
const BROKER_MAX: Duration = Duration::from_secs(60);
/// The only partition.
pub const PARTITION: i32 = 0;

/// A topic that is read.
pub struct UpToEnd {
    topic: String,
    reader: Reader,
    heard: Instant,
    /// Nothing has come since the end was reached.
    is_at_end: bool,
}

impl UpToEnd {
    /// Begins to read.
    ///
    /// # Errors
    /// For settings that librdkafka refuses.
    pub fn open(connection: &Connection, topic: &str, from: From) -> Result<Self, Error> {
        let reader = Reader::open(connection, topic, Isolation::Committed, &[(PARTITION, from)])?;
        Ok(Self { topic: topic.to_owned(), reader, heard: Instant::now(), is_at_end: false })
    }

    /// Reads on until then; whether the end is reached.
    ///
    /// # Errors
    /// If brokers do not answer, and what `each` ends with.
    pub fn slice(
        &mut self,
        until: Instant,
        mut each: impl FnMut(Record) -> anyhow::Result<()>,
    ) -> anyhow::Result<bool> {
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            match self.reader.next(left)? {
                Some(Read::Record(record)) => {
                    (self.heard, self.is_at_end) = (Instant::now(), false);
                    each(record)?;
                }
                Some(Read::End { .. }) => {
                    self.is_at_end = true;
                    return Ok(true);
                }
                None => {}
            }
        }
        if self.heard.elapsed() > BROKER_MAX {
            let what = format!("reading `{}`", self.topic);
            return Err(Error::Unavailable { what, reason: "no broker answers".to_owned() }.into());
        }
        Ok(false)
    }

    /// What has come since, without a wait: at most so many messages.
    ///
    /// # Errors
    /// If the topic cannot be read any more.
    pub fn news(&mut self, messages_max: usize) -> Result<Vec<Record>, Error> {
        let mut news = Vec::new();
        while news.len() < messages_max {
            match self.reader.next(Duration::ZERO)? {
                Some(Read::Record(record)) => {
                    self.is_at_end = false;
                    news.push(record);
                }
                Some(Read::End { .. }) => self.is_at_end = true,
                None => break,
            }
        }
        Ok(news)
    }

    /// Whether all that was there when it was last looked at has been read.
    pub const fn is_at_end(&self) -> bool {
        self.is_at_end
    }
}
