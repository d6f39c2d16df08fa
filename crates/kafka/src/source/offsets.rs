//! Committed offsets with their metadata, as a broker keeps them.

use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext};

use rdkafka::{Offset, TopicPartitionList};

use crate::error::Error;
use crate::limits::REQUEST_MAX;
use crate::message::{Committed, Input, Position};

/// Name of an input's topic. An input of no topic of ours names none, and librdkafka refuses it.
pub(crate) fn name(topics: &[String], input: Input) -> &str {
    topics.get(usize::from(input.topic)).map_or("", String::as_str)
}

/// Positions as librdkafka takes them for a commit.
pub(crate) fn list(topics: &[String], positions: &[Position]) -> Result<TopicPartitionList, Error> {
    let mut list = TopicPartitionList::with_capacity(positions.len());
    for position in positions {
        let mut element = list.add_partition(name(topics, position.input), position.input.partition);
        element
            .set_offset(Offset::Offset(position.offset))
            .map_err(|error| Error::client("an offset to commit", &error))?;
        if !position.metadata.is_empty() {
            element.set_metadata(&position.metadata);
        }
    }
    Ok(list)
}

/// What the group has committed for these inputs, in their order: one request. Offsets of open transactions make it
/// [`Error::Unavailable`], since the consumer is `read_committed`.
pub(crate) fn committed<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    topics: &[String],
    inputs: &[Input],
) -> Result<Vec<Committed>, Error> {
    let what = "asking for committed offsets";
    let mut asked = TopicPartitionList::with_capacity(inputs.len());
    for input in inputs {
        asked.add_partition(name(topics, *input), input.partition);
    }
    let answer = consumer.committed_offsets(asked, REQUEST_MAX).map_err(|error| Error::client(what, &error))?;
    inputs
        .iter()
        .map(|input| {
            let element = answer.find_partition(name(topics, *input), input.partition);
            let element = element.ok_or_else(|| Error::Client {
                what: what.into(),
                reason: format!("`{}` partition {} was not answered", name(topics, *input), input.partition),
            })?;
            element.error().map_err(|error| Error::client(what, &error))?;
            let offset = match element.offset() {
                Offset::Offset(offset) => Some(offset),
                _ => None,
            };
            let metadata = metadata(&answer, name(topics, *input), input.partition);
            Ok(Committed { input: *input, offset, metadata })
        })
        .collect()
}

/// Offsets of the ends of inputs, in their order: one request. Of open transactions nothing counts, since the consumer
/// is `read_committed`.
pub(crate) fn ends<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    topics: &[String],
    inputs: &[Input],
) -> Result<Vec<i64>, Error> {
    let what = "asking for the ends of partitions";
    let mut asked = TopicPartitionList::with_capacity(inputs.len());
    for input in inputs {
        // In this request an offset stands for a time, and the end for the latest.
        asked
            .add_partition_offset(name(topics, *input), input.partition, Offset::End)
            .map_err(|error| Error::client(what, &error))?;
    }
    let answer = consumer.offsets_for_times(asked, REQUEST_MAX).map_err(|error| Error::client(what, &error))?;
    let end = |input: &Input| {
        let element = answer.find_partition(name(topics, *input), input.partition);
        if let Some(element) = &element {
            element.error().map_err(|error| Error::client(what, &error))?;
        }
        match element.map(|element| element.offset()) {
            Some(Offset::Offset(offset)) => Ok(offset),
            _ => Err(Error::Unavailable {
                what: what.into(),
                reason: format!("`{}` partition {} was not answered", name(topics, *input), input.partition),
            }),
        }
    };
    inputs.iter().map(end).collect()
}

/// The metadata of an element. rust-rdkafka's own accessor panics where it is not UTF-8, and any client may have
/// written it.
fn metadata(list: &TopicPartitionList, topic: &str, partition: i32) -> String {
    // SAFETY: the list is alive and borrowed; `elems` points to `cnt` elements (or is null while there are none),
    // each with a name that ends with a zero byte and, if it is not null, metadata of the length beside it.
    // Everything is copied before the borrow ends.
    unsafe {
        let list = &*list.ptr();
        let count = usize::try_from(list.cnt).unwrap_or(0);
        if list.elems.is_null() {
            return String::new();
        }
        let elements = std::slice::from_raw_parts(list.elems, count);
        let wanted = elements.iter().find(|element| {
            element.partition == partition && std::ffi::CStr::from_ptr(element.topic).to_bytes() == topic.as_bytes()
        });
        match wanted {
            Some(element) if !element.metadata.is_null() => {
                let bytes = std::slice::from_raw_parts(element.metadata.cast::<u8>(), element.metadata_size);
                String::from_utf8_lossy(bytes).into_owned()
            }
            _ => String::new(),
        }
    }
}
