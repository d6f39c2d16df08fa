//! What is read, what is written, and where in Kafka things are: bytes, places and times, and no meaning.

use std::collections::BTreeMap;
use std::sync::Arc;

/// A topic, by its place in a group's list of topics, and a partition of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Input {
    /// Place in the list: the subscribed topics first, then the companions, in the order in which they were given.
    pub topic: u16,
    /// Partition.
    pub partition: i32,
}

/// A partition that the group has given to this member: of the lead topic, or of any topic of a plain group.
///
/// A partition that comes back after it went has another `assignment`; what belongs to the earlier one is void.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Task {
    /// The partition.
    pub input: Input,
    /// Number of the assignment, unique in this process.
    pub assignment: u64,
}

/// Where reading is to go on, as it is committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// What is read.
    pub input: Input,
    /// Offset of the first message that is not yet accounted for.
    pub offset: i64,
    /// Text that rides with the offset; up to 3,000 bytes were seen to come back intact, the broker's default limit
    /// is 4,096.
    pub metadata: String,
}

/// What the group has committed for an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    /// What is read.
    pub input: Input,
    /// Offset to go on at; none if nothing was ever committed.
    pub offset: Option<i64>,
    /// Text that rode with it.
    pub metadata: String,
}

/// Where to begin to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// The oldest message that is kept.
    Beginning,
    /// Past the newest message.
    End,
    /// This offset.
    Offset(i64),
}

impl std::convert::From<&From> for rdkafka::Offset {
    fn from(from: &From) -> Self {
        match from {
            From::Beginning => Self::Beginning,
            From::End => Self::End,
            From::Offset(offset) => Self::Offset(*offset),
        }
    }
}

/// Where to begin to read an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    /// What is read.
    pub input: Input,
    /// Where to begin.
    pub from: From,
}

impl Committed {
    /// Goes on at the committed offset, or begins where nothing was committed.
    #[must_use]
    pub fn start_or(&self, otherwise: From) -> Start {
        Start { input: self.input, from: self.offset.map_or(otherwise, From::Offset) }
    }
}

/// The end of a partition was reached: whoever reads has seen all that was there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// What is read.
    pub input: Input,
    /// Offset that the next message will have at least.
    pub offset: i64,
}

/// A message to write.
#[derive(Clone, PartialEq, Eq)]
pub struct OutRecord {
    /// Topic.
    pub topic: Arc<str>,
    /// Partition; by the key's murmur2 hash if none.
    pub partition: Option<i32>,
    /// Key.
    pub key: Option<Vec<u8>>,
    /// Value.
    pub value: Vec<u8>,
    /// Milliseconds since the Unix epoch; the time of sending if none. Kafka 4 refuses one over an hour ahead.
    pub timestamp_ms: Option<i64>,
    /// Headers, in order.
    pub headers: Vec<(Arc<str>, Vec<u8>)>,
}

impl OutRecord {
    /// A message with a value and nothing else.
    #[must_use]
    pub fn new(topic: Arc<str>, value: Vec<u8>) -> Self {
        Self { topic, partition: None, key: None, value, timestamp_ms: None, headers: Vec::new() }
    }
}

/// Keys and values hold subscribers: only their sizes are shown.
impl std::fmt::Debug for OutRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OutRecord")
            .field("topic", &self.topic)
            .field("partition", &self.partition)
            .field("key_bytes", &self.key.as_ref().map(Vec::len))
            .field("value_bytes", &self.value.len())
            .field("timestamp_ms", &self.timestamp_ms)
            .field("headers", &self.headers.len())
            .finish()
    }
}

/// Starts by input, checked: one for each input that was asked for and none besides.
pub(crate) fn checked_starts(asked: &[Input], given: &[Start]) -> Result<Vec<Start>, (Input, &'static str)> {
    let mut by_input = BTreeMap::new();
    for start in given {
        if !asked.contains(&start.input) {
            return Err((start.input, "a start that was not asked for"));
        }
        if by_input.insert(start.input, *start).is_some() {
            return Err((start.input, "two starts"));
        }
    }
    asked.iter().map(|input| by_input.remove(input).ok_or((*input, "no start"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_are_one_for_each_input() {
        let input = |topic, partition| Input { topic, partition };
        let start = |topic, partition| Start { input: input(topic, partition), from: From::Beginning };
        let asked = [input(0, 3), input(1, 3)];
        let check = |given: &[Start], expect: Result<usize, &str>| {
            let found = checked_starts(&asked, given);
            assert_eq!(found.map(|starts| starts.len()).map_err(|(_, what)| what), expect, "{given:?}");
        };
        check(&[start(1, 3), start(0, 3)], Ok(2));
        check(&[start(0, 3)], Err("no start"));
        check(&[start(0, 3), start(0, 3), start(1, 3)], Err("two starts"));
        check(&[start(0, 3), start(1, 3), start(1, 4)], Err("a start that was not asked for"));
    }

    #[test]
    fn debug_shows_no_bytes() {
        let mut record = OutRecord::new("t".into(), b"+85512345678".to_vec());
        record.key = Some(b"+85512345678".to_vec());
        assert!(!format!("{record:?}").contains("855"));
    }
}
